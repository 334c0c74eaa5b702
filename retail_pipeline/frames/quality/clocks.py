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
