"""When a store's trading day should begin, learned from its own hours: advice, never a change.

A day that begins while people are inside counts them out without having counted them in.
"""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store

CANDIDATES = tuple(range(13))
"""Hours that a trading day may begin at."""

FEWEST_DAYS = 7
_SCHEMA = {"store_id": pl.String(), "day_starts_at": pl.Int64()}


def best_day_starts(hourly: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """One row per store with a week of complete hours: how often occupancy would fall below zero, now and at best.

    `hourly` are rows of `hourly_analytics` over some weeks. Columns: `day_starts_at` (declared, local hour),
    `negative_share` (of complete hours that end with more people gone than came since the day began), `best_hour`,
    `best_share`. Of equally good hours the declared one is best, else the earliest.
    """
    shares = _negative_shares(hourly.filter("is_complete").drop_nulls("entries"))
    declared = pl.DataFrame([(store.id, store.day_starts_at.hour) for store in stores], schema=_SCHEMA, orient="row")
    is_declared = pl.col("candidate") == pl.col("day_starts_at")
    return (
        shares.join(declared, on="store_id")
        .sort("store_id", "share", ~is_declared, "candidate")
        .group_by("store_id", "day_starts_at", maintain_order=True)
        .agg(
            pl.col("share").filter(is_declared).first().alias("negative_share"),
            pl.col("candidate").first().alias("best_hour"),
            pl.col("share").first().alias("best_share"),
        )
    )


def _negative_shares(hours: pl.DataFrame) -> pl.DataFrame:
    """`store_id`, `candidate`, `share`: the raw occupancy run over days that begin at each of the candidates."""
    net = pl.col("entries").cast(pl.Int64) - pl.col("exits")
    begins_later = pl.col("local_hour").cast(pl.Int64) < pl.col("candidate")
    day = pl.col("local_date") - pl.duration(days=begins_later.cast(pl.Int64))
    candidates = pl.DataFrame({"candidate": CANDIDATES}, schema={"candidate": pl.Int64()})
    known = hours.filter(pl.col("local_date").n_unique().over("store_id") >= FEWEST_DAYS)
    return (
        known.join(candidates, how="cross")
        .sort("hour_start")
        .with_columns(net.cum_sum().over("store_id", "candidate", day.cast(pl.Date)).alias("inside"))
        .group_by("store_id", "candidate")
        .agg((pl.col("inside") < 0).mean().alias("share"))
    )
