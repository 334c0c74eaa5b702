"""Counters that stopped counting: always zero, or the same figures hour after hour."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.coverage import device_hours
from retail_pipeline.frames.device_off import MIN_ZERO_HOURS
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.quality.findings import Severity, findings
from retail_pipeline.frames.quality.thresholds import limits
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import LINE_COUNTS

_DEVICE_DAY = ("store_id", "sensor_id", "trading_day")


def not_stuck(
    raw: pl.DataFrame,
    hours: pl.DataFrame,
    stores: Sequence[Store],
    as_of: dt.datetime,
    off: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Findings: a device repeats the same figures for 4 hours or more (warn), or for a whole day of business (error).

    Compared are all eight line figures of complete hours, within a trading day. Zeros are suspicious only when every
    business hour of an ended day, at least 4 of them, is zero on all lines (error), or when the device was found to be
    switched off (`off`: `sensor_id`, `hour_start`; warn). `figure` is the number of hours, `hour_start` the first of
    them; a device has one finding for the zeros of a day.
    """
    judged = device_hours(hours, stores).join(_figures(raw, hours), on=["store_id", "sensor_id", "hour_start"])
    days = hours.group_by("store_id", "trading_day").agg(
        (pl.col("business_share") > 0).sum().alias("business_hours"), pl.col("hour_end").max().alias("day_end")
    )
    runs = _runs(judged).join(days, on=["store_id", "trading_day"]).join(limits(stores, "not_stuck"), on="store_id")
    is_whole_day = (pl.col("business_hours") > 0) & (pl.col("run_business_hours") == pl.col("business_hours"))
    ended_at_zero = is_whole_day & (pl.col("business_hours") >= pl.col("not_stuck")) & (pl.col("day_end") <= as_of)
    suspicious = runs.filter(
        pl.when("is_zero").then(ended_at_zero).otherwise(pl.col("figure") >= pl.col("not_stuck"))
    ).with_columns(pl.col("not_stuck").alias("threshold"), _advice().alias("advice"))
    severity = pl.when(is_whole_day).then(pl.lit(str(Severity.ERROR))).otherwise(pl.lit(str(Severity.WARN)))
    found = findings(suspicious, "not_stuck", severity)
    if off is None or off.is_empty():
        return found
    told = suspicious.filter("is_zero").select(_DEVICE_DAY)
    parts = _switched_off(off, hours, stores).join(told, on=_DEVICE_DAY, how="anti")
    return pl.concat([found, findings(parts, "not_stuck", Severity.WARN)])


def _switched_off(off: pl.DataFrame, hours: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    advice = pl.format(
        "{} was off for {} usually busy hours: see its power; the hours stay gaps, nothing can bring them",
        "sensor_id",
        "figure",
    )
    return (
        device_hours(hours, stores)
        .join(off, on=["sensor_id", "hour_start"], how="semi")
        .group_by(_DEVICE_DAY)
        .agg(pl.col("hour_start").min(), pl.len().alias("figure"))
        .with_columns(pl.lit(MIN_ZERO_HOURS).alias("threshold"), advice.alias("advice"))
    )


def _figures(raw: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    return (
        with_hours(raw.filter("is_complete"), hours)
        .group_by("store_id", "sensor_id", "hour_start")
        .agg(
            pl.col(LINE_COUNTS).cast(pl.Int64).sum(),
            minutes_between("interval_start", "interval_end").sum().alias("complete_minutes"),
        )
        .with_columns(
            (pl.sum_horizontal(LINE_COUNTS) == 0).alias("is_zero"),
            pl.concat_str(LINE_COUNTS, separator=" ").alias("figures"),
        )
        .drop(LINE_COUNTS)
    )


def _runs(judged: pl.DataFrame) -> pl.DataFrame:
    follows = (pl.col("hour_start") == pl.col("hour_end").shift(1)) & (pl.col("figures") == pl.col("figures").shift(1))
    begins = ~follows.fill_null(value=False)
    return (
        judged.filter(pl.col("complete_minutes") >= pl.col("minutes"))
        .sort(*_DEVICE_DAY, "hour_start")
        .with_columns(begins.cum_sum().over(_DEVICE_DAY).alias("run"))
        .group_by(*_DEVICE_DAY, "run")
        .agg(
            pl.col("hour_start").first(),
            pl.col("is_zero").first(),
            pl.len().alias("figure"),
            (pl.col("business_share") > 0).sum().alias("run_business_hours"),
        )
    )


def _advice() -> pl.Expr:
    zero = pl.format("{} counted nobody all day: see whether it is switched on and sees the door", "sensor_id")
    same = pl.format(
        "{} repeated the same figures for {} hours: restart it and compare with its live view", "sensor_id", "figure"
    )
    return pl.when("is_zero").then(zero).otherwise(same)
