"""Zeros of a device that was switched off, told from zeros of an empty shop; raw rows keep both."""

import datetime as dt

import polars as pl

from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.frames.usual import usual_hours

MIN_ZERO_HOURS = 3
MIN_MEDIAN_PEOPLE = 5
WEEKS_BACK = tuple(dt.timedelta(weeks=week) for week in (1, 2, 3, 4))
"""How far back the same hour tells what is usual; a verdict can change when counts of those days do."""

_MIN_WEEKS = 2
_ROW = ("store_id", "sensor_id", "interval_start", "interval_end")
_DEVICE_DAY = ("store_id", "sensor_id", "trading_day")


def device_off(raw: pl.DataFrame, history: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Hours in which a device was switched off: `store_id`, `sensor_id`, `hour_start`, sorted.

    At least three busy hours in a row of one trading day with all lines zero, the street included. Busy: inside
    business hours, and the median of the same local weekday and hour over the previous four weeks is at least 5 people
    (crossings of all lines; at least two of the weeks are known). Only hours that complete intervals fill are judged,
    and tell what is usual. `history` are the raw rows of those weeks, and `hours` holds the hours of both.

    Source: the device protocol's notes on time; a device without power answers later with rows of zeros.
    """
    counted = _business_hours(raw, hours)
    usual = usual_hours(counted, _people_per_hour(history, hours), "people", len(WEEKS_BACK), by="sensor_id").filter(
        pl.col("usual_weeks") >= _MIN_WEEKS, pl.col("usual") >= MIN_MEDIAN_PEOPLE
    )
    busy = counted.join(usual, on=["sensor_id", "local_date", "local_hour"], how="semi")
    return _zero_runs(busy).select("store_id", "sensor_id", "hour_start")


def silent_days(raw: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """`store_id`, `sensor_id`, `trading_day` on which nobody at all was counted for three or more business hours.

    Only on these can a device have been off; what is usual has to be known of no other.
    """
    nobody = _business_hours(raw, hours).filter(pl.col("people") == 0)
    return nobody.group_by(_DEVICE_DAY).len().filter(pl.col("len") >= MIN_ZERO_HOURS).select(_DEVICE_DAY)


def measured(raw: pl.DataFrame, off: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """`raw`, of any report, without rows of the hours (`sensor_id`, `hour_start`) in which their device was off."""
    return with_hours(raw, hours).join(off, on=["sensor_id", "hour_start"], how="anti").select(raw.columns)


def _business_hours(raw: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    return _people_per_hour(raw, hours).filter(pl.col("business_share") > 0)


def _zero_runs(busy: pl.DataFrame) -> pl.DataFrame:
    return (
        busy.sort(*_DEVICE_DAY, "hour_start")
        .with_columns((pl.col("people") == 0).rle_id().over(_DEVICE_DAY).alias("run"))
        .filter((pl.col("people") == 0) & (pl.len().over(*_DEVICE_DAY, "run") >= MIN_ZERO_HOURS))
    )


def _people_per_hour(raw: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    return (
        with_hours(raw.filter("is_complete").select(*_ROW, pl.sum_horizontal(LINE_COUNTS).alias("people")), hours)
        .group_by(*_DEVICE_DAY, "hour_start", "local_date", "local_hour")
        .agg(
            pl.col("people").sum(),
            minutes_between("interval_start", "interval_end").sum().alias("complete_minutes"),
        )
        .join(hours.select("store_id", "hour_start", "business_share", "minutes"), on=["store_id", "hour_start"])
        .filter(pl.col("complete_minutes") >= pl.col("minutes"))
    )
