"""Hours that others may be compared with: complete, and the same whether they were derived just now or weeks ago."""

import polars as pl

from retail_pipeline.frames.schemas import HOUR_HISTORY, conform
from retail_pipeline.frames.usual import is_whole_hour


def known_hours(figures: pl.DataFrame, past: pl.DataFrame | None) -> pl.DataFrame:
    """Complete whole hours with measured entries: a frame of `HOUR_HISTORY`, one a store and hour, in order of time.

    `figures` are whole trading days as they come to now, in that order; `past` (`HOUR_HISTORY`) are those that stood
    before: of a day that is in both, only what it comes to now counts.
    """
    now = conform(figures.filter("is_complete", is_whole_hour()).drop_nulls("entries"), HOUR_HISTORY)
    if past is None:
        return now
    days = figures.select("store_id", "trading_day").unique()
    before = past.join(days, on=["store_id", "trading_day"], how="anti")
    return pl.concat([conform(before, HOUR_HISTORY), now]).sort("store_id", "hour_start")
