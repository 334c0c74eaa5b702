"""How much of an hour was measured; what the figures say is not asked here.

Coverage is told in minutes, not in rows: a device declared at 60 minutes that reports two rows of 30 is complete.
"""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.declared import devices, entrance_devices, is_live
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.ratios import minutes_between

SETTLED_AFTER = dt.timedelta(minutes=40)
"""Devices are asked twice an hour: what a slow clock kept open at one poll is complete at the next."""

_KEY = ("store_id", "hour_start")


def coverage(raw: pl.DataFrame, hours: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime) -> pl.DataFrame:
    """One row per store and expected local hour, sorted by `store_id` and `hour_start`.

    Columns: `completeness` (0..1), `is_complete`, `intervals_expected`, `intervals_reported`. Completeness is the
    share of the hour that lies in complete intervals, averaged over the active devices with an entrance line. Hours
    before `live_since` and stores without such a device have no row: nothing is expected there. An hour that has not
    ended by `as_of` is never complete. Expected intervals are counted in the devices' declared length.
    """
    expected = device_hours(hours, stores).join(entrance_devices(stores).select("sensor_id"), on="sensor_id")
    reported = device_coverage(raw, hours)
    return (
        expected.join(reported, on=["sensor_id", *_KEY], how="left")
        .with_columns(pl.col("complete_minutes", "complete_intervals").fill_null(0))
        .group_by(_KEY)
        .agg(
            (_covered_minutes().sum() / pl.col("minutes").sum()).alias("completeness"),
            (is_covered().all() & (pl.col("hour_end").first() <= as_of)).alias("is_complete"),
            _intervals_expected().sum().alias("intervals_expected"),
            pl.col("complete_intervals").cast(pl.Int64).sum().alias("intervals_reported"),
        )
        .sort(_KEY)
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
    """One row per device and hour with at least one row, of either report.

    `complete_minutes` and `complete_intervals` count complete intervals that start in the hour, `intervals` all.
    """
    complete = pl.col("is_complete")
    minutes = minutes_between("interval_start", "interval_end")
    return (
        with_hours(rows.select("store_id", "sensor_id", "interval_start", "interval_end", "is_complete"), hours)
        .group_by("store_id", "sensor_id", "hour_start")
        .agg(
            minutes.filter(complete).sum().alias("complete_minutes"),
            complete.sum().alias("complete_intervals"),
            pl.len().alias("intervals"),
        )
    )


def is_covered() -> pl.Expr:
    """Whether complete intervals fill the hour."""
    return pl.col("complete_minutes") >= pl.col("minutes")


def is_settled(as_of: dt.datetime) -> pl.Expr:
    """Whether the hour ended so long ago that the polls which should have completed it are over."""
    return pl.col("hour_end") <= as_of - SETTLED_AFTER


def _covered_minutes() -> pl.Expr:
    """A row that runs into the next hour counts where it starts."""
    return pl.min_horizontal("complete_minutes", "minutes")


def _intervals_expected() -> pl.Expr:
    return (pl.col("minutes") / pl.col("interval_minutes")).ceil().cast(pl.Int64)
