"""How much of an hour was measured; what the figures say is not asked here.

Coverage is told in minutes, not in rows: a device declared at 60 minutes that reports two rows of 30 is complete.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.declared import devices, entrance_devices, is_live
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.numbered import beside, in_turn, of_hour
from retail_pipeline.frames.ratios import minutes_between

SETTLED_AFTER = dt.timedelta(minutes=40)
"""Devices are asked twice an hour: what a slow clock kept open at one poll is complete at the next."""


def coverage(rows: pl.LazyFrame, hours: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime) -> pl.LazyFrame:
    """The expected ones of `hours`, in their order, with `organization_id`, `completeness` (0..1) and `is_complete`.

    `rows` are raw rows as `placed` gives them, `hours` comes from `numbered`. Completeness is the share of the hour
    that lies in complete intervals, averaged over the active devices with an entrance line. Hours before `live_since`
    and stores without such a device have no row: nothing is expected there. An hour that has not ended by `as_of` is
    never complete.
    """
    devices = pl.col("devices")
    covered_minutes, covered_devices = (pl.col(f"covered_{of}").fill_null(0) for of in ("minutes", "devices"))
    doors = entrance_devices(stores).lazy()
    expected = doors.group_by("store_id", "organization_id", "live_since").agg(pl.len().alias("devices"))
    return (
        hours.lazy()
        .join(expected, on="store_id", maintain_order="left")
        .filter(is_live())
        .pipe(beside, _covered(rows, doors, hours), "hour")
        .with_columns(
            (covered_minutes / (devices * pl.col("minutes"))).alias("completeness"),
            ((covered_devices == devices) & (pl.col("hour_end") <= as_of)).alias("is_complete"),
        )
    )


def _covered(rows: pl.LazyFrame, doors: pl.LazyFrame, hours: pl.DataFrame) -> pl.LazyFrame:
    """Per `hour`: minutes in complete intervals, all devices together, and the devices that fill the hour."""
    device = doors.select("store_id", "sensor_id").with_row_index("device")
    device_hour = pl.col("hour").cast(pl.Int64) * (1 << 32) + pl.col("device")
    return (
        rows.filter("is_complete")
        .join(device, on=["store_id", "sensor_id"], maintain_order="left")
        .select(
            "hour",
            device_hour.alias("device_hour"),
            minutes_between("interval_start", "interval_end").alias("complete_minutes"),
        )
        .sort("device_hour", maintain_order=True)
        .pipe(in_turn, "device_hour")
        .agg(pl.col("hour").first(), pl.col("complete_minutes").sum())
        .with_columns(of_hour(hours, "minutes"))
        .pipe(in_turn, "hour")
        .agg(
            # A row that runs into the next hour counts where it starts.
            pl.min_horizontal("complete_minutes", "minutes").sum().alias("covered_minutes"),
            is_covered().sum().alias("covered_devices"),
        )
    )


def device_hours(hours: pl.DataFrame, stores: Sequence[Store], report: Report = Report.LINES) -> pl.DataFrame:
    """The hours in which each active device is expected to deliver `report`: columns of `devices` and `hours`.

    Further `settles_at`: when their counts can no longer grow. That is the hour's end; of an hour that comes twice the
    end of the second, because a device may count both into one row.
    """
    same_clock = ["sensor_id", "local_date", "local_hour"]
    expected = devices(stores, report).join(hours, on="store_id").filter(is_live())
    return expected.with_columns(pl.col("hour_end").max().over(same_clock).alias("settles_at"))


def device_coverage(rows: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """`complete_minutes` of each `store_id`, `sensor_id` and `hour_start` with at least one row, of either report.

    Minutes in complete intervals that start in the hour.
    """
    minutes = minutes_between("interval_start", "interval_end")
    return (
        with_hours(rows.select("store_id", "sensor_id", "interval_start", "interval_end", "is_complete"), hours)
        .group_by("store_id", "sensor_id", "hour_start")
        .agg(minutes.filter("is_complete").sum().alias("complete_minutes"))
    )


def is_covered() -> pl.Expr:
    """Whether complete intervals fill the hour."""
    return pl.col("complete_minutes") >= pl.col("minutes")


def is_settled(as_of: dt.datetime) -> pl.Expr:
    """Whether the hour ended so long ago that the polls which should have completed it are over."""
    return pl.col("hour_end") <= as_of - SETTLED_AFTER
