"""How late the newest figures of each store are. The freshness of an asset says nothing about a store; this does."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.business import business_spans, keeps_hours
from retail_pipeline.frames.declared import devices, is_live, organizations
from retail_pipeline.frames.local_time import zone_hours
from retail_pipeline.frames.quality.findings import graded_findings
from retail_pipeline.frames.quality.thresholds import limits
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.frames.spans import SPAN_END, SPAN_START, is_within, minutes_within

LOOK_BACK = dt.timedelta(hours=24)
_DUE_AFTER = dt.timedelta(minutes=5)
_PAD = dt.timedelta(hours=2)
_HOUR = dt.timedelta(hours=1)


def overdue(
    raw: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime, excused: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Findings per store: the first missing interval is overdue by more than 45 minutes (warn) or 90 (error).

    `raw` holds at least the 26 hours before `as_of`. See `overdue_minutes` for what counts.
    """
    late = overdue_minutes(raw, stores, as_of, excused).join(
        limits(stores, "overdue_warn", "overdue_error"), on="store_id"
    )
    advice = pl.format(
        "{} owes the interval that ended {} UTC: see whether collection runs and the device answers",
        "sensor_id",
        pl.col("interval_end").dt.strftime("%Y-%m-%d %H:%M"),
    )
    return graded_findings(
        late.filter("is_open").with_columns(pl.col("overdue_minutes").alias("figure"), advice.alias("advice")),
        "overdue",
    )


def overdue_minutes(
    raw: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime, excused: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per store: minutes since its first missing interval should have been complete, which is its end + 5 min.

    In an hour that comes twice that is the end of the second: a device may count both into one row.

    Columns: `store_id`, `sensor_id`, `hour_start` (start of that interval), `interval_end`, `is_open` (the store is
    open at `as_of`), `overdue_minutes`; 0 and NULLs when nothing is missing. Expected are the intervals of active
    devices in the last 24 hours that touch business hours, in the device's declared length and its own zone, since a
    device counts by its own clock. `excused` (`sensor_id`, `hour_start`) are hours that can never be had. A store that
    declares no opening hours is judged around the clock.
    """
    opening = _open_spans(stores, as_of)
    missing = _missing_intervals(raw, _expected_intervals(stores, opening, as_of), excused)
    first = (
        missing.sort("settles_at", "interval_end", "sensor_id")
        .unique("store_id", keep="first", maintain_order=True)
        .select("store_id", "sensor_id", "hour_start", "interval_end", "settles_at")
    )
    late = (pl.lit(as_of).cast(UTC_TIME) - pl.col("settles_at")).dt.total_seconds() / 60 - _DUE_AFTER.seconds / 60
    told = (
        organizations(stores)
        .select("store_id", pl.lit(as_of).cast(UTC_TIME).alias("at"))
        .join(first, on="store_id", how="left")
        .with_columns(late.fill_null(0.0).alias("overdue_minutes"))
        .drop("settles_at")
    )
    is_open = is_within(told, opening, "store_id", "at")
    return told.with_columns(is_open.alias("is_open")).drop("at").sort("store_id")


def _expected_intervals(stores: Sequence[Store], opening: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    owners = devices(stores)
    hours = zone_hours(owners["timezone"].unique(), as_of - LOOK_BACK, as_of + _HOUR)
    length = pl.duration(minutes=pl.col("interval_minutes"))
    steps = pl.int_ranges(0, (pl.col("minutes") / pl.col("interval_minutes")).ceil().cast(pl.Int64))
    # Of an hour that comes twice a device may give one row, which grows until the second has passed.
    same_clock = ["timezone", "local_date", "local_hour"]
    is_twice = pl.len().over(same_clock) > 1
    second_end = pl.when(is_twice).then(pl.col("hour_end").max().over(same_clock))
    hours = hours.with_columns(second_end.alias("second_pass_end"))
    slots = (
        owners.join(hours, on="timezone")
        .filter(is_live())
        .with_columns(steps.alias("step"))
        .explode("step")
        .with_columns((pl.col("hour_start") + length * pl.col("step")).alias("hour_start"))
        .with_columns(pl.min_horizontal(pl.col("hour_start") + length, "hour_end").alias("interval_end"))
        .with_columns(pl.max_horizontal("interval_end", "second_pass_end").alias("settles_at"))
        .filter(pl.col("settles_at") <= as_of - _DUE_AFTER)
    )
    open_minutes = minutes_within(slots, opening, "store_id", "hour_start", "interval_end")
    return slots.filter(open_minutes > 0)


def _missing_intervals(raw: pl.DataFrame, slots: pl.DataFrame, excused: pl.DataFrame | None) -> pl.DataFrame:
    reported = raw.filter("is_complete").select(
        "sensor_id", pl.col("interval_start").alias(SPAN_START), pl.col("interval_end").alias(SPAN_END)
    )
    covered = minutes_within(slots, reported, "sensor_id", "hour_start", "interval_end")
    missing = slots.filter(covered < slots.select(minutes_between("hour_start", "interval_end")).to_series())
    if excused is None:
        return missing
    lost = excused.select(
        "sensor_id", pl.col("hour_start").alias(SPAN_START), (pl.col("hour_start") + _HOUR).alias(SPAN_END)
    )
    return missing.filter(~is_within(missing, lost, "sensor_id", "hour_start"))


def _open_spans(stores: Sequence[Store], as_of: dt.datetime) -> pl.DataFrame:
    start, end = as_of - LOOK_BACK - _PAD, as_of + _PAD
    spans = business_spans([store for store in stores if keeps_hours(store)], start, end)
    always = [(store.id, start, end) for store in stores if not keeps_hours(store)]
    return pl.concat([spans, pl.DataFrame(always, schema=spans.schema, orient="row")])
