"""A day against the same weekday before, like for like: both days measured, and both over."""

import datetime as dt

import polars as pl

from retail_pipeline.frames.ratios import ratio

FEWEST_COMPLETE = 0.9
"""Share of a day that must be measured on both sides."""

LAST_WEEK = dt.timedelta(weeks=1)
LAST_YEAR = dt.timedelta(weeks=52)
"""364 days: the same weekday."""

_DAY = ("store_id", "trading_day")


def with_comparisons(days: pl.DataFrame, past: pl.DataFrame | None, as_of: dt.datetime) -> pl.DataFrame:
    """`days` and `entries_last_week`, `change_last_week`, `entries_52_weeks_ago`, `change_52_weeks` (in %).

    `past` holds `store_id`, `trading_day`, `entries`, `completeness` of earlier days; of a day that is also in `days`,
    only that row counts. NULL unless the day has ended and both days have completeness of 0.9 or more.
    """
    known = _comparable(days, past)
    for ago, entries, change in (
        (LAST_WEEK, "entries_last_week", "change_last_week"),
        (LAST_YEAR, "entries_52_weeks_ago", "change_52_weeks"),
    ):
        before = known.with_columns(pl.col("trading_day") + ago).rename({"entries": entries})
        is_like = (pl.col("day_end") <= as_of) & (pl.col("completeness") >= FEWEST_COMPLETE)
        difference = pl.col("entries") - pl.col(entries)
        days = (
            days.join(before, on=_DAY, how="left")
            .with_columns(pl.when(is_like).then(entries).alias(entries))
            .with_columns((100 * ratio(difference, pl.col(entries))).alias(change))
        )
    return days


def _comparable(days: pl.DataFrame, past: pl.DataFrame | None) -> pl.DataFrame:
    columns = [*_DAY, pl.col("entries").cast(pl.Int64), "completeness"]
    known = days.select(columns)
    if past is not None:
        known = pl.concat([known, past.join(days, on=_DAY, how="anti").select(columns)])
    return known.filter(pl.col("completeness") >= FEWEST_COMPLETE).drop("completeness")
