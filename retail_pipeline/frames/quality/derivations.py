"""Trading days whose figures cannot be made; what went wrong stands in `derivation_attempts`."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.quality.findings import Severity, findings

ENOUGH = 3
"""Failures in a row after which a trading day waits a day."""
KILLED = "its process ended before it was done"


def derivations_succeed(given_up: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Findings (error): a trading day of `stores` failed three times in a row and is tried once a day from now on.

    `given_up` holds such days: `step` (hours or day), `store_id`, `trading_day`, `attempts`, `last_error` (NULL: the
    process was killed). `figure` is the number of attempts.
    """
    advice = pl.format(
        "the {} of {} failed {} times in a row, next try after a day: {}. "
        "Correct the cause, then materialize {} to have it now",
        pl.when(pl.col("step") == "hours").then(pl.lit("hours")).otherwise(pl.lit("summary")),
        "trading_day",
        "attempts",
        pl.col("last_error").fill_null(KILLED),
        pl.when(pl.col("step") == "hours").then(pl.lit("hourly_analytics")).otherwise(pl.lit("daily_summaries")),
    )
    of_these = given_up.filter(pl.col("store_id").is_in([store.id for store in stores]))
    rows = of_these.with_columns(advice.alias("advice"), pl.col("attempts").alias("figure"))
    return findings(rows.with_columns(pl.lit(ENOUGH).alias("threshold")), "derivations_succeed", Severity.ERROR)
