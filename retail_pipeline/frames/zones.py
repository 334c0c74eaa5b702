"""Derived zones: entries, exits and occupancy out of the line graph. A device's own region report is never mixed in."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import asked_devices
from retail_pipeline.frames.intervals import area_intervals
from retail_pipeline.frames.numbered import beside, numbered, placed
from retail_pipeline.frames.schemas import VIRTUAL_REGION_OCCUPANCY, conform

_DOORS = {
    "area": pl.UInt32(),
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "zone": pl.String(),
    "sensor_id": pl.String(),
    "line": pl.Int8(),
    "in_enters": pl.Boolean(),
    "is_asked": pl.Boolean(),
    "zone_kind": pl.String(),
    "occupancy_reason": pl.String(),
}
_ZONE = ("area", "store_id", "organization_id", "zone", "zone_kind", "occupancy_reason")


def virtual_region_occupancy(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    """One row per store, zone and interval in which a door of the zone was counted.

    A frame of `VIRTUAL_REGION_OCCUPANCY`, sorted by key; needs whole trading days. `occupancy` is the running
    entries - exits since the trading day began, never below 0; NULL with `occupancy_reason` where some boundary of the
    zone is not counted. A zone without doors has no row.
    """
    known, doors = numbered(hours), zone_doors(stores)
    zones = doors.unique("area").sort("area").select(*_ZONE)
    is_told = pl.col("occupancy_reason").is_null()
    return conform(
        area_intervals(placed(raw, known), doors, known)
        .pipe(beside, zones.lazy(), "area")
        .with_columns(pl.when(is_told).then("occupancy"), pl.col("collected_at").alias("input_version"))
        .collect(engine="in-memory"),
        VIRTUAL_REGION_OCCUPANCY,
    )


def zone_doors(stores: Sequence[Store]) -> pl.DataFrame:
    """One row per zone and counted line on its boundary; a door between two zones stands twice, once for each.

    `in_enters`: IN, as reported, enters the zone. `area` numbers the zones in the order of `store_id` and `zone`.
    `is_asked`: the device is asked for its line report.
    """
    asked = asked_devices(stores)
    zones = sorted((store.id, name, store) for store in stores for name in store.zones)
    rows = [
        (
            area,
            store.id,
            store.organization,
            name,
            door.sensor_id,
            door.line,
            (door.to_area == name) is not door.inverted,
            door.sensor_id in asked,
            str(store.zones[name].kind),
            store.graph.open_reasons.get(name),
        )
        for area, (_, name, store) in enumerate(zones)
        for door in store.graph.doors_of(name)
    ]
    return pl.DataFrame(rows, schema=_DOORS, orient="row")
