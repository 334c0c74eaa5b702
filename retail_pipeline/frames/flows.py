"""`zone_flows`: people who went from one area of a store to another, hour by hour, out of the line graph."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import asked_devices, through_doors
from retail_pipeline.frames.numbered import numbered, placed
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import ZONE_FLOWS, conform

_DOORS = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "from_area": pl.String(),
    "to_area": pl.String(),
    "sensor_id": pl.String(),
    "line": pl.Int8(),
    "in_enters": pl.Boolean(),
    "is_asked": pl.Boolean(),
}
_WAY = ("store_id", "organization_id", "from_area", "to_area")


def zone_flows(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    """One row per store, local hour and way between two areas: a frame of `ZONE_FLOWS`, sorted by key.

    `people` crossed the counted doors that lead `from_area` -> `to_area`, in that direction; 0 where nobody did, and no
    row where no door of the way was counted. `outside` and `street` are areas too. Passers-by, and entrance lines that
    lead to no declared zone, go nowhere. `is_complete`: every door of the way was counted through the whole hour.
    """
    numbers, doors = numbered(hours), _doors(stores)
    ways = doors.group_by("area", *_WAY).agg(pl.len().alias("doors_expected"))
    counted_minutes = minutes_between("interval_start", "interval_end") * pl.col("doors")
    whole_hours = pl.col("doors_expected") * minutes_between("hour_start", "hour_end")
    return conform(
        through_doors(placed(raw, numbers), doors)
        .group_by("hour", "area")
        .agg(
            pl.col("entries").sum().alias("people"),
            counted_minutes.sum().alias("counted_minutes"),
            pl.col("is_complete").all(),
            pl.col("collected_at").max().alias("input_version"),
        )
        .sort("hour", "area")
        .join(numbers.lazy().drop("store_id"), on="hour", how="left", maintain_order="left")
        .join(ways.lazy(), on="area", how="left", maintain_order="left")
        .with_columns(pl.col("is_complete") & (pl.col("counted_minutes") >= whole_hours))
        .collect(engine="in-memory"),
        ZONE_FLOWS,
    )


def _doors(stores: Sequence[Store]) -> pl.DataFrame:
    """Every door twice, once for each way through it; `area` numbers the ways in the order of store, from and to."""
    asked = asked_devices(stores)
    rows = [
        (
            *(store.id, store.organization, *way),
            *(door.sensor_id, door.line, forth is not door.inverted, door.sensor_id in asked),
        )
        for store in stores
        for door in store.graph.doors
        for forth, way in ((True, (door.from_area, door.to_area)), (False, (door.to_area, door.from_area)))
    ]
    ways = pl.struct("store_id", "from_area", "to_area").rank("dense")
    return pl.DataFrame(rows, schema=_DOORS, orient="row").with_columns(ways.cast(pl.UInt32).alias("area"))
