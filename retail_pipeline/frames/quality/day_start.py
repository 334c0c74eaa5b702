"""Does the trading day begin while the shop is empty."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.day_start import best_day_starts
from retail_pipeline.frames.quality.findings import Severity, findings
from retail_pipeline.frames.quality.thresholds import limits


def day_starts_when_empty(hourly: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Findings (warn): with another `day_starts_at`, occupancy would be below zero in clearly fewer hours.

    `hourly` are the rows of the last four weeks. `figure` is the share of hours that the best hour would mend, above
    5 % by default. Advice only: nothing changes until the fleet file does.
    """
    advice = pl.format(
        'occupancy falls below zero in {} % of hours; with day_starts_at: "{}:00" in the fleet file in {} %',
        (pl.col("negative_share") * 100).round(1),
        pl.col("best_hour").cast(pl.String()).str.zfill(2),
        (pl.col("best_share") * 100).round(1),
    )
    judged = best_day_starts(hourly, stores).join(limits(stores, "day_starts_when_empty"), on="store_id")
    return findings(
        judged.with_columns(
            (pl.col("negative_share") - pl.col("best_share")).alias("figure"),
            pl.col("day_starts_when_empty").alias("threshold"),
            advice.alias("advice"),
        ).filter(pl.col("figure") > pl.col("threshold")),
        "day_starts_when_empty",
        Severity.WARN,
    )
