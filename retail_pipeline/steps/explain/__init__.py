"""Where a published figure comes from: its definition, its working, its inputs, and what it was before."""
