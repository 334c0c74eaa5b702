"""`zone_flows`: people who went from one area of a store to another, hour by hour, out of the line graph."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import crossings, lines_frame
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import ZONE_FLOWS, conform

_DOORS = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "sensor_id": pl.String(),
    "line": pl.Int8(),
    "from_area": pl.String(),
    "to_area": pl.String(),
}
_HOUR = ("store_id", "hour_start")
_WAY = ("store_id", "organization_id", "from_area", "to_area")


def zone_flows(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    """One row per store, local hour and way between two areas: a frame of `ZONE_FLOWS`, sorted by key.

    `people` crossed the counted doors that lead `from_area` -> `to_area`, in that direction; 0 where nobody did, and no
    row where no door of the way was counted. `outside` and `street` are areas too. Passers-by, and entrance lines that
    lead to no declared zone, go nowhere. `is_complete`: every door of the way was counted through the whole hour.
    """
    doors = _doors(stores)
    expected = _both_ways(doors, "line", "line").group_by(_WAY).agg(pl.len().alias("doors"))
    crossed = crossings(raw, lines_frame(stores)).drop("from_area", "to_area")
    counted = crossed.join(doors, on=["store_id", "sensor_id", "line"])
    moved = _both_ways(with_hours(counted, hours), "in_count", "out_count")
    whole_hour = pl.col("doors") * minutes_between("hour_start", "hour_end")
    return conform(
        moved.group_by(*_WAY, "hour_start")
        .agg(
            pl.col("people").sum(),
            minutes_between("interval_start", "interval_end").sum().alias("counted_minutes"),
            pl.col("is_complete").all(),
            pl.col("collected_at").max().alias("input_version"),
        )
        .join(hours, on=_HOUR)
        .join(expected, on=_WAY)
        .with_columns(pl.col("is_complete") & (pl.col("counted_minutes") >= whole_hour))
        .sort("store_id", "hour_start", "from_area", "to_area"),
        ZONE_FLOWS,
    )


def _doors(stores: Sequence[Store]) -> pl.DataFrame:
    rows = [
        (store.id, store.organization, door.sensor_id, door.line, door.from_area, door.to_area)
        for store in stores
        for door in store.graph.doors
    ]
    return pl.DataFrame(rows, schema=_DOORS, orient="row")


def _both_ways(doors: pl.DataFrame, forth: str, back: str) -> pl.DataFrame:
    """Each row as two: `people` from -> to, and to -> from."""
    turned = doors.rename({"from_area": "to_area", "to_area": "from_area"}).select(doors.columns)
    return pl.concat(
        [doors.with_columns(pl.col(forth).alias("people")), turned.with_columns(pl.col(back).alias("people"))]
    )
