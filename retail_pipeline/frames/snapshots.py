"""`zone_occupancy_snapshots`: how many people were inside when it was last known, store and zones, poll by poll."""

import polars as pl

from retail_pipeline.frames.schemas import SNAPSHOTS, conform

WHOLE_STORE = ""
"""The zone of a snapshot of the whole store."""


def counted_snapshots(hourly: pl.DataFrame, zones: pl.DataFrame) -> pl.DataFrame:
    """The newest known occupancy of each store and zone in these rows: a frame of `SNAPSHOTS`, sorted by key.

    A complete hour or interval tells who was inside at its end, an open one who was inside when the device answered
    (`input_version`); the latter is provisional. Zones whose occupancy the lines cannot tell have no snapshot.
    """
    by_store = hourly.select(
        "store_id",
        "organization_id",
        pl.lit(WHOLE_STORE).alias("zone"),
        _observed_at("hour_end"),
        pl.col("occupancy_end").alias("occupancy"),
        *_state(),
    )
    by_zone = zones.select("store_id", "organization_id", "zone", _observed_at("interval_end"), "occupancy", *_state())
    return conform(
        pl.concat([by_store, by_zone])
        .drop_nulls("occupancy")
        .sort("store_id", "zone", "observed_at")
        .group_by("store_id", "zone", maintain_order=True)
        .last(),
        SNAPSHOTS,
    )


def _observed_at(end: str) -> pl.Expr:
    return pl.min_horizontal(end, "input_version").alias("observed_at")


def _state() -> list[pl.Expr]:
    return [(~pl.col("is_complete")).alias("is_provisional"), pl.lit("lines").alias("source")]
