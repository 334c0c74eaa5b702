"""Pure Polars, frame in and frame out; nothing here reads a file, a clock, a device or the warehouse."""
