"""Asset checks: thin wrappers over frames.quality. No rule and no SQL of their own."""
