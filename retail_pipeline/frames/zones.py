"""Derived zones: entries, exits and occupancy out of the line graph. A device's own region report is never mixed in."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import crossings, lines_frame
from retail_pipeline.frames.intervals import area_intervals
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.schemas import VIRTUAL_REGION_OCCUPANCY, conform

_DOORS = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "area": pl.String(),
    "sensor_id": pl.String(),
    "line": pl.Int8(),
    "in_enters": pl.Boolean(),
    "zone_kind": pl.String(),
    "occupancy_reason": pl.String(),
}


def virtual_region_occupancy(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    """One row per store, zone and interval in which a door of the zone was counted.

    A frame of `VIRTUAL_REGION_OCCUPANCY`, sorted by key; needs whole trading days. `occupancy` is the running
    entries - exits since the trading day began, never below 0; NULL with `occupancy_reason` where some boundary of the
    zone is not counted. A zone without doors has no row.
    """
    doors = zone_doors(stores)
    flows = zone_crossings(crossings(raw, lines_frame(stores)), doors)
    zones = doors.unique(["store_id", "area"]).select(
        "store_id", "organization_id", "area", "zone_kind", "occupancy_reason"
    )
    expected = doors.group_by("store_id", "area").agg(pl.col("sensor_id").n_unique().alias("devices_expected"))
    intervals = area_intervals(with_hours(flows, hours).join(expected, on=["store_id", "area"]))
    is_told = pl.col("occupancy_reason").is_null()
    return conform(
        intervals.join(zones, on=["store_id", "area"])
        .with_columns(pl.col("area").alias("zone"), pl.when(is_told).then("occupancy"))
        .sort("store_id", "zone", "interval_start"),
        VIRTUAL_REGION_OCCUPANCY,
    )


def zone_doors(stores: Sequence[Store]) -> pl.DataFrame:
    """One row per zone and counted line on its boundary; `in_enters`: IN, after `inverted`, enters the zone.

    A door between two zones stands twice, once for each.
    """
    rows = [
        (
            store.id,
            store.organization,
            name,
            door.sensor_id,
            door.line,
            door.to_area == name,
            str(zone.kind),
            store.graph.open_reasons.get(name),
        )
        for store in stores
        for name, zone in store.zones.items()
        for door in store.graph.doors_of(name)
    ]
    return pl.DataFrame(rows, schema=_DOORS, orient="row")


def zone_crossings(crossed: pl.DataFrame, doors: pl.DataFrame) -> pl.DataFrame:
    """Crossings of each zone's doors as `entries` and `exits` of the zone `area`."""
    enters = pl.col("in_enters")
    return crossed.join(doors, on=["store_id", "sensor_id", "line"]).with_columns(
        pl.when(enters).then("in_count").otherwise("out_count").alias("entries"),
        pl.when(enters).then("out_count").otherwise("in_count").alias("exits"),
    )
