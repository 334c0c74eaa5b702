"""What the command line shows: tables, progress, the live monitor. No rule of its own."""
