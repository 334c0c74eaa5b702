"""Who and where: the fleet file as frozen models, its line graph and its calendar.

Nothing here speaks to a device or a database, knows Polars or Dagster, or reads a clock.
"""
