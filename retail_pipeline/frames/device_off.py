"""Zeros of a device that was switched off, told from zeros of an empty shop; raw rows keep both."""

import polars as pl

from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.schemas import LINE_COUNTS

MIN_ZERO_HOURS = 3
MIN_MEDIAN_PEOPLE = 5
_MIN_WEEKS = 2
_WEEKS = (1, 2, 3, 4)
_DEVICE_DAY = ("store_id", "sensor_id", "trading_day")


def device_off(raw: pl.DataFrame, history: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Hours in which a device was switched off: `store_id`, `sensor_id`, `hour_start`, sorted.

    At least three busy hours in a row of one trading day with all lines zero, the street included. Busy: inside
    business hours, and the median of the same local weekday and hour over the previous four weeks is at least 5 people
    (crossings of all lines; at least two of the weeks are known). `history` are the raw rows of those weeks, and
    `hours` holds the hours of both.

    Source: the device protocol's notes on time; a device without power answers later with rows of zeros.
    """
    counted = _people_per_hour(raw, hours)
    busy = counted.filter(pl.col("business_share") > 0).join(
        _usual(counted, _people_per_hour(history, hours)), on=["sensor_id", "hour_start"]
    )
    return (
        busy.filter(pl.col("usual") >= MIN_MEDIAN_PEOPLE)
        .sort(*_DEVICE_DAY, "hour_start")
        .with_columns((pl.col("people") == 0).rle_id().over(_DEVICE_DAY).alias("run"))
        .filter((pl.col("people") == 0) & (pl.len().over(*_DEVICE_DAY, "run") >= MIN_ZERO_HOURS))
        .select("store_id", "sensor_id", "hour_start")
    )


def _people_per_hour(raw: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    people = pl.sum_horizontal(LINE_COUNTS).sum()
    share = hours.select("store_id", "hour_start", "business_share")
    return (
        with_hours(raw.filter("is_complete"), hours)
        .group_by(*_DEVICE_DAY, "hour_start", "local_date", "local_hour")
        .agg(people.alias("people"))
        .join(share, on=["store_id", "hour_start"])
    )


def _usual(counted: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    weeks = pl.DataFrame({"weeks": _WEEKS})
    days_before = pl.duration(days=pl.col("weeks").cast(pl.Int64) * 7)
    same_hour = ["sensor_id", "local_date", "local_hour"]
    return (
        counted.select("sensor_id", "hour_start", "local_date", "local_hour")
        .join(weeks, how="cross")
        .with_columns((pl.col("local_date") - days_before).cast(pl.Date))
        .join(past.select(*same_hour, "people"), on=same_hour)
        .group_by("sensor_id", "hour_start")
        .agg(pl.col("people").median().alias("usual"), pl.col("weeks").n_unique().alias("known_weeks"))
        .filter(pl.col("known_weeks") >= _MIN_WEEKS)
        .select("sensor_id", "hour_start", "usual")
    )
