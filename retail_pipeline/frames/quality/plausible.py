"""Counts that no door can have seen."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.quality.findings import Severity, findings
from retail_pipeline.frames.quality.thresholds import limits
from retail_pipeline.frames.schemas import LINE_COUNTS

_MIN_DAYS = 7


def counts_plausible(
    raw: pl.DataFrame, usual: pl.DataFrame, hours: pl.DataFrame, stores: Sequence[Store]
) -> pl.DataFrame:
    """Findings (warn): IN or OUT of a line in an interval is above the site's cap or 8 x its p99 of the last 4 weeks.

    `usual` holds the p99 of the weeks before `raw`, one row per `sensor_id`: `days` with counts, and a column for each
    of `LINE_COUNTS`. A line with less than a week of history, or whose p99 is 0, is held to the cap alone. `figure` is
    the count.
    """
    factor = pl.col("counts_plausible_p99_factor")
    usually = pl.when(pl.col("p99") > 0).then(pl.col("p99") * factor)
    advice = pl.format(
        "{} of {} counted {} people in one interval: look for a swinging door or a wrong line before using the hour",
        "column",
        "sensor_id",
        "figure",
    )
    judged = (
        _long(with_hours(raw, hours))
        .join(_p99(usual), on=["sensor_id", "column"], how="left")
        .join(limits(stores, "counts_plausible", "counts_plausible_p99_factor"), on="store_id")
        .with_columns(pl.min_horizontal("counts_plausible", usually).alias("threshold"), advice.alias("advice"))
    )
    return findings(judged.filter(pl.col("figure") > pl.col("threshold")), "counts_plausible", Severity.WARN)


def _long(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.unpivot(
        on=LINE_COUNTS, index=["store_id", "sensor_id", "hour_start"], variable_name="column", value_name="figure"
    )


def _p99(usual: pl.DataFrame) -> pl.DataFrame:
    known = usual.filter(pl.col("days") >= _MIN_DAYS)
    return known.unpivot(on=LINE_COUNTS, index=["sensor_id"], variable_name="column", value_name="p99")
