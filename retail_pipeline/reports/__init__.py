"""Pictures and pages for people: frames in, HTML out. No I/O but this package's own files, no clock, no Dagster."""
