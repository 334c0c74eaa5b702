"""`heat_maps`: when people come, by weekday and hour, for a store and for its zones."""

import datetime as dt

import polars as pl

from retail_pipeline.frames.ratios import ratio
from retail_pipeline.frames.schemas import HEAT_MAPS, conform

WHOLE_STORE = "*"
"""The `zone` of rows about the store as a whole; no zone can be called so."""

WEEKS = 4
_CELL = ("store_id", "zone", "weekday", "local_hour")


def heat_maps(entries: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
    """One row per store, zone, weekday and local hour: a frame of `HEAT_MAPS`, sorted by key.

    `entries` are hourly entries of stores (zone `*`) and zones: `store_id`, `organization_id`, `zone`, `hour_start`,
    `local_date`, `local_hour`, `entries`, `is_complete`. A cell is the mean of the complete hours of the four weeks
    before `now`; a cell of which no hour is complete has no row. `share_of_week` is its part of the sum of the cells.
    """
    cells = (
        hours_of_cells(entries, now)
        .group_by(*_CELL, "organization_id")
        .agg(pl.col("entries").mean(), pl.len().alias("hours"))
    )
    share = ratio(pl.col("entries"), pl.col("entries").sum().over("store_id", "zone"))
    return conform(cells.with_columns(share.alias("share_of_week")).sort(_CELL), HEAT_MAPS)


def hours_of_cells(entries: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
    """The complete hours of the four weeks before `now`, with the `weekday` (1 is Monday) of their cell."""
    recent = pl.col("hour_start").is_between(now - dt.timedelta(weeks=WEEKS), now, closed="left")
    weekday = pl.col("local_date").dt.weekday().alias("weekday")
    return entries.filter("is_complete", recent).drop_nulls("entries").with_columns(weekday)
