"""What counted lines tell of a zone in an hour, out of the intervals of `virtual_region_occupancy`."""

import polars as pl

from retail_pipeline.frames.drift import corrected_mean
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.ratios import minutes_between, ratio

_ZONE_DAY = ["store_id", "zone", "trading_day"]
_STORE_DAY = ("store_id", "trading_day")


def zone_line_hours(zones: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """One row per `store_id`, `zone` and `hour_start` in which a door of the zone was counted; needs whole days.

    Columns: `entries`, `exits`, `occupancy_mean` (time-weighted), `occupancy_max`, `lines_version`; `lines_complete`:
    counted through the whole hour; `was_reset`: the trading day began in the hour, or more people had left than come,
    so that the count was held at nobody. `occupancy_mean_corrected` stands once the whole day was counted: a hole in it
    is no drift.
    """
    minutes = minutes_between("interval_start", "interval_end")
    balance, smaller_side = corrected_mean(_ZONE_DAY, minutes)
    net = (pl.col("entries") - pl.col("exits")).cum_sum().over(_ZONE_DAY)
    return (
        with_hours(zones, hours)
        .sort("store_id", "zone", "interval_start")
        .join(_days(hours), on=_STORE_DAY)
        .with_columns(minutes.alias("minutes"), (net < 0).alias("is_held"))
        .with_columns(balance.alias("balance"), pl.when(_day_is_counted()).then(smaller_side).alias("smaller_side"))
        .group_by("store_id", "zone", "hour_start")
        .agg(
            pl.col("entries", "exits").sum(),
            _mean().alias("occupancy_mean"),
            pl.col("occupancy").max().alias("occupancy_max"),
            ratio(pl.col("balance").sum(), pl.col("smaller_side").sum()).alias("occupancy_mean_corrected"),
            (pl.col("is_held") | (pl.col("hour_start") == pl.col("day_start"))).any().alias("was_reset"),
            (pl.col("is_complete").all() & (pl.col("minutes").sum() >= _whole_hour())).alias("lines_complete"),
            pl.col("input_version").max().alias("lines_version"),
        )
    )


def _days(hours: pl.DataFrame) -> pl.DataFrame:
    return hours.group_by(_STORE_DAY).agg(
        pl.col("hour_start").min().alias("day_start"),
        pl.col("minutes").sum().alias("day_minutes"),
    )


def _day_is_counted() -> pl.Expr:
    """Complete intervals fill the day; an interval is complete only after its end, so such a day is over."""
    counted = (pl.col("minutes") * pl.col("is_complete")).sum().over(_ZONE_DAY)
    return pl.col("occupancy").is_not_null() & (counted >= pl.col("day_minutes"))


def _mean() -> pl.Expr:
    """Occupancy, time-weighted; NULL where it is not told."""
    people, minutes = pl.col("occupancy"), pl.col("minutes")
    return ratio((people * minutes).sum(), minutes.filter(people.is_not_null()).sum())


def _whole_hour() -> pl.Expr:
    return minutes_between("hour_start", "hour_end").first()
