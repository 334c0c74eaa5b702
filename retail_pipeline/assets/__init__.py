"""The asset graph: read, call, write, report. The work itself lives in steps and frames."""
