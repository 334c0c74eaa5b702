"""A zone over a trading day, out of its hours: sums of counts, ratios of sums, and nothing of an hour's gap."""

import polars as pl

from retail_pipeline.frames.ratios import ratio, sum_or_null
from retail_pipeline.frames.zone_hours import ESTIMATED

_OF_HOURS = ("store_id", "hour_start", "business_share", "minutes")


def zone_days(zone_hours: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """One row per store, zone and trading day of `zone_hours`; `hours` (`STORE_HOURS`) are those expected of the day.

    Columns: `entries` and `stays` as counted; `occupancy_mean` over open time, `is_estimated` where stays gave it;
    `occupancy_max`, `queue_length_max`, `wait_minutes` (people's minutes in the queue / joins) of complete hours;
    `completeness`, the share of open hours that were counted whole. NULL where nothing tells.
    """
    expected = hours.group_by("store_id", "trading_day").agg((pl.col("business_share") > 0).sum().alias("open_hours"))
    return (
        zone_hours.join(hours.select(_OF_HOURS), on=["store_id", "hour_start"])
        .group_by("store_id", "zone", "trading_day")
        .agg(*(sum_or_null(pl.col(name)).alias(name) for name in ("entries", "stays")), *_people(), *_queue())
        .join(expected, on=["store_id", "trading_day"])
        .with_columns(ratio(pl.col("whole_hours"), pl.col("open_hours")).alias("completeness"))
        .drop("whole_hours", "open_hours")
        .sort("store_id", "zone", "trading_day")
    )


def _people() -> list[pl.Expr]:
    whole_and_open = pl.col("is_complete") & (pl.col("business_share") > 0)
    told = whole_and_open & pl.col("occupancy_mean").is_not_null()
    people_minutes = (pl.col("occupancy_mean") * pl.col("minutes")).filter(told).sum()
    return [
        ratio(people_minutes, pl.col("minutes").filter(told).sum()).alias("occupancy_mean"),
        (pl.col("occupancy_source") == ESTIMATED).any().alias("is_estimated"),
        pl.col("occupancy_max").filter("is_complete").max(),
        whole_and_open.sum().alias("whole_hours"),
    ]


def _queue() -> list[pl.Expr]:
    told = pl.col("is_complete") & pl.col("wait_minutes").is_not_null()
    waited = (pl.col("wait_minutes") * pl.col("entries")).filter(told).sum()
    return [
        pl.col("queue_length_max").filter("is_complete").max(),
        ratio(waited, pl.col("entries").filter(told).sum()).alias("wait_minutes"),
    ]
