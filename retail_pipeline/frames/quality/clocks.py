"""Device clocks: how far off they are, and rows that only a wrong clock can have made."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.quality.findings import Severity, findings, graded_findings
from retail_pipeline.frames.quality.thresholds import limits


def device_clock_skew(skews: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Findings: a device's clock is more than 120 s (warn) or 900 s (error) off UTC, either way.

    `skews`: `store_id`, `sensor_id`, `skew_seconds` (device minus UTC; NULL where it is not known, which passes),
    `last_ok_at`. `figure` is the distance in seconds, `hour_start` the hour of the device's last good reply.
    """
    advice = pl.format("the clock of {} is {} s off UTC: let it take its time from NTP", "sensor_id", "skew_seconds")
    judged = skews.join(limits(stores, "device_clock_skew_warn", "device_clock_skew_error"), on="store_id")
    return graded_findings(
        judged.with_columns(
            pl.col("skew_seconds").abs().alias("figure"),
            pl.col("last_ok_at").dt.truncate("1h").alias("hour_start"),
            advice.alias("advice"),
        ),
        "device_clock_skew",
    )


def counts_in_their_hours(devices: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Findings (warn): counts of the last days stand in other hours than people came in.

    Two things tell it: the clock was more than 900 s off at a reply, though it may be right by now; or intervals
    changed after they were complete, as they do when a clock that tells nobody is slow, or set to another zone.

    `devices`: `store_id`, `sensor_id`; `worst_skew_seconds` (NULL: unknown) and `worst_skew_at`; `changed_intervals`
    and `first_changed`, the start of the first of them.
    """
    judged = devices.join(limits(stores, "device_clock_skew_error", "counts_in_their_hours"), on="store_id")
    off = pl.format(
        "the clock of {} was {} s off UTC then: what it counted stands in other hours than people came in",
        "sensor_id",
        "worst_skew_seconds",
    )
    changed = pl.format(
        "{} changed {} intervals that were complete: its clock is slow or its zone another than declared, see "
        "`retail-pipeline fleet check FILE --probe`",
        "sensor_id",
        "changed_intervals",
    )
    told = [
        judged.select(
            *("store_id", "sensor_id"),
            pl.col("worst_skew_at").dt.truncate("1h").alias("hour_start"),
            pl.col("worst_skew_seconds").abs().alias("figure"),
            pl.col("device_clock_skew_error").alias("threshold"),
            off.alias("advice"),
        ),
        judged.select(
            *("store_id", "sensor_id"),
            pl.col("first_changed").dt.truncate("1h").alias("hour_start"),
            pl.col("changed_intervals").cast(pl.Float64).alias("figure"),
            pl.col("counts_in_their_hours").alias("threshold"),
            changed.alias("advice"),
        ),
    ]
    found = pl.concat(told).filter(pl.col("figure") > pl.col("threshold"))
    return findings(found, "counts_in_their_hours", Severity.WARN)


def no_future_rows(raw: pl.DataFrame, skews: pl.DataFrame | None = None) -> pl.DataFrame:
    """Findings (error): a stored interval starts after the device's own clock when it was collected.

    The device's clock is `collected_at` + its skew (`skews`: `sensor_id`, `skew_seconds`; unknown: none). `hour_start`
    is the interval's start, `figure` by how many seconds it lies ahead.
    """
    known = raw.select("sensor_id").unique().with_columns(pl.lit(0.0).alias("skew_seconds"))
    if skews is not None:
        known = known.drop("skew_seconds").join(skews.select("sensor_id", "skew_seconds"), on="sensor_id", how="left")
    ahead = (pl.col("interval_start") - pl.col("collected_at")).dt.total_seconds() - pl.col("skew_seconds").fill_null(0)
    advice = pl.format("{} reported an interval that had not begun: set its clock, then collect it again", "sensor_id")
    return findings(
        raw.join(known, on="sensor_id")
        .with_columns(
            pl.col("interval_start").alias("hour_start"),
            ahead.alias("figure"),
            pl.lit(0).alias("threshold"),
            advice.alias("advice"),
        )
        .filter(pl.col("figure") > 0),
        "no_future_rows",
        Severity.ERROR,
    )
