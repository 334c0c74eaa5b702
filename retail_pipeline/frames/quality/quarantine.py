"""Rows that the parser refused; why each was refused stands in `rejected_rows`."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.quality.findings import Severity, findings
from retail_pipeline.frames.quality.thresholds import limits


def quarantined_rows(rejected: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    """Findings (warn): a device of `stores` has rows in quarantine.

    `rejected` are the `rejected_rows` of the window at hand: `sensor_id`, `seen_at`, one row each. `figure` is their
    number, `hour_start` the hour in which the first came.
    """
    owners = pl.DataFrame(
        [(store.id, device.id) for store in stores for device in store.sensors],
        schema={"store_id": pl.String(), "sensor_id": pl.String()},
        orient="row",
    )
    advice = pl.format("{} rows of {} were refused: read their reasons in rejected_rows", "figure", "sensor_id")
    counted = (
        rejected.group_by("sensor_id")
        .agg(pl.len().alias("figure"), pl.col("seen_at").min().dt.truncate("1h").alias("hour_start"))
        .join(owners, on="sensor_id")
        .join(limits(stores, "quarantined_rows"), on="store_id")
        .with_columns(pl.col("quarantined_rows").alias("threshold"), advice.alias("advice"))
    )
    return findings(counted.filter(pl.col("figure") > pl.col("threshold")), "quarantined_rows", Severity.WARN)
