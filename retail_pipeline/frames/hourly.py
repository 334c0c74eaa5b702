"""`hourly_analytics`: a store's local clock hours. Longer periods are daily.py; zones are zones.py."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import crossings, entrance_crossings, lines_frame, passing_crossings
from retail_pipeline.frames.coverage import coverage
from retail_pipeline.frames.declared import devices, organizations
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.intervals import area_intervals
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.ratios import minutes_between, ratio, sum_or_null
from retail_pipeline.frames.schemas import HOURLY_ANALYTICS, conform

_KEY = ("store_id", "hour_start")


def hourly_analytics(
    raw: pl.DataFrame,
    stores: Sequence[Store],
    hours: pl.DataFrame,
    as_of: dt.datetime,
    off: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per store and local clock hour with at least one raw row: a frame of `HOURLY_ANALYTICS`, sorted by key.

    `raw` and `hours` hold whole trading days, because occupancy runs from the day's first hour. `entries` and `exits`
    are NULL in an hour in which only devices without an entrance line reported. `off` (`sensor_id`, `hour_start`, see
    `device_off`) names hours whose zeros say that a device was switched off; they count as not measured.

    No row: an hour that nothing reported, an hour before the store's `live_since`, and every hour of a store without an
    active entrance line, since nothing could tell its entries. `input_version` is the greatest `collected_at` among the
    hour's raw rows; the rows of earlier hours, which occupancy also needs, each have a row of their own to tell.
    """
    present = _reported_hours(raw, stores, hours)
    counted = raw if off is None else measured(raw, off, hours)
    crossed = crossings(counted, lines_frame(stores))
    return conform(
        coverage(counted, hours, stores, as_of)
        .join(present, on=_KEY)
        .join(hours, on=_KEY)
        .join(_entrance_figures(crossed, hours), on=_KEY, how="left")
        .join(_passers_by(crossed, hours), on=_KEY, how="left")
        .join(organizations(stores), on="store_id")
        .with_columns((pl.col("entries") - pl.col("exits")).alias("net_flow"), *capture(), _is_business_hour())
        .sort(_KEY),
        HOURLY_ANALYTICS,
    )


def capture() -> list[pl.Expr]:
    """`capture_rate` (capture.v1) and `turn_in_ratio` out of `entries` and `passers_by`."""
    entries, passers_by = pl.col("entries"), pl.col("passers_by")
    return [
        ratio(entries, entries + passers_by).alias("capture_rate"),
        ratio(entries, passers_by).alias("turn_in_ratio"),
    ]


def _reported_hours(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    known = devices(stores).select("store_id", "sensor_id")
    rows = raw.select("store_id", "sensor_id", "interval_start", "collected_at").join(
        known, on=["store_id", "sensor_id"]
    )
    return with_hours(rows, hours).group_by(_KEY).agg(pl.col("collected_at").max().alias("input_version"))


def _entrance_figures(crossed: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    entrance = entrance_crossings(crossed).with_columns(
        pl.col("store_id").alias("area"),
        pl.col("in_count").alias("entries"),
        pl.col("out_count").alias("exits"),
        pl.lit(1).alias("devices_expected"),
    )
    minutes = minutes_between("interval_start", "interval_end")
    return (
        area_intervals(with_hours(entrance, hours))
        .group_by(_KEY, maintain_order=True)
        .agg(
            pl.col("entries", "exits").sum(),
            pl.col("occupancy").last().alias("occupancy_end"),
            pl.col("occupancy").max().alias("occupancy_max"),
            ((pl.col("occupancy") * minutes).sum() / minutes.sum()).alias("occupancy_mean"),
        )
    )


def _passers_by(crossed: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    passing = with_hours(passing_crossings(crossed), hours)
    return passing.group_by(_KEY).agg(sum_or_null(pl.col("in_count") + pl.col("out_count")).alias("passers_by"))


def _is_business_hour() -> pl.Expr:
    return (pl.col("business_share") > 0).alias("is_business_hour")
