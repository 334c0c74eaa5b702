"""`zone_occupancy_snapshots`: how many people were inside when it was last known, store and zones, poll by poll."""

import polars as pl

from retail_pipeline.frames.schemas import SNAPSHOTS, conform

WHOLE_STORE = ""
"""The zone of a snapshot of the whole store."""


def counted_snapshots(hourly: pl.DataFrame, zones: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """The newest known occupancy of each store and zone in these rows: a frame of `SNAPSHOTS`, sorted by key.

    A complete hour or interval tells who was inside at its end; an open one, provisionally, when the figures changed
    last (`input_version`) or, if later, when every device of the store had answered (`answered`: `store_id`,
    `answered_at`): a poll that finds nobody new is news too. Zones whose occupancy the lines cannot tell have none.
    """
    by_store = _known(hourly.with_columns(pl.lit(WHOLE_STORE).alias("zone")), "hour_end", "occupancy_end")
    by_zone = _known(zones, "interval_end", "occupancy")
    return conform(
        pl.concat([by_store, by_zone])
        .join(answered, on="store_id", how="left")
        .with_columns(pl.min_horizontal("end", pl.max_horizontal("input_version", "answered_at")).alias("observed_at"))
        .sort("store_id", "zone", "observed_at")
        .group_by("store_id", "zone", maintain_order=True)
        .last(),
        SNAPSHOTS,
    )


def _known(rows: pl.DataFrame, end: str, occupancy: str) -> pl.DataFrame:
    return rows.drop_nulls(occupancy).select(
        *("store_id", "organization_id", "zone", "input_version"),
        pl.col(end).alias("end"),
        pl.col(occupancy).alias("occupancy"),
        (~pl.col("is_complete")).alias("is_provisional"),
        pl.lit("lines").alias("source"),
    )
