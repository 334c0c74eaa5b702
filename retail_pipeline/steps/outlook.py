"""What to expect: staffing for the next days, and when people come, from the last weeks of every store."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.declared import organizations
from retail_pipeline.frames.heat_map import WEEKS, WHOLE_STORE, heat_maps
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.frames.staffing import staffing_hours
from retail_pipeline.frames.zone_lines import zone_line_hours
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse

STAFFING_HISTORY = dt.timedelta(weeks=8, days=2)
HEAT_HISTORY = dt.timedelta(weeks=WEEKS)
_ENTRIES = (
    *("store_id", "organization_id", "zone", "hour_start", "local_date", "local_hour"),
    *("entries", "is_complete"),
)


@dataclass(frozen=True)
class Planned:
    """Rows that hold now, and how many of them are new or changed."""

    rows: int
    changed: int


def plan_staffing(fleet: Fleet, warehouse: Warehouse, now: dt.datetime, run_id: str) -> Planned:
    """Bring `staffing_hours` of the next 14 local days up to date."""
    hourly = reads.hourly(warehouse, fleet.store_ids, now - STAFFING_HISTORY, now)
    rows = staffing_hours(hourly, fleet.stores, now).with_columns(pl.lit(run_id).alias("run_id"))
    with warehouse.transaction() as connection:
        return Planned(rows.height, tables.write_staffing(connection, rows).height)


def draw_heat_maps(fleet: Fleet, warehouse: Warehouse, now: dt.datetime, run_id: str) -> Planned:
    """Bring `heat_maps` of stores and of their derived zones up to date; cells that lost their hours are removed."""
    rows = heat_maps(hourly_entries(warehouse, fleet.stores, now), now)
    with warehouse.transaction() as connection:
        changed = tables.write_heat_maps(
            connection, rows.with_columns(pl.lit(run_id).alias("run_id")), list(fleet.store_ids)
        )
    return Planned(rows.height, changed.height)


def hourly_entries(warehouse: Warehouse, stores: Sequence[Store], now: dt.datetime) -> pl.DataFrame:
    """Entries of stores (zone `*`) and of their derived zones, by the hour, of the weeks that heat maps are of."""
    ids, since = [store.id for store in stores], now - HEAT_HISTORY
    of_stores = reads.hourly(warehouse, ids, since, now).with_columns(pl.lit(WHOLE_STORE).alias("zone"))
    of_zones = _zone_entries(warehouse, stores, since, now)
    return pl.concat([of_stores.select(_ENTRIES), of_zones.select(_ENTRIES)], how="vertical_relaxed")


def _zone_entries(warehouse: Warehouse, stores: Sequence[Store], since: dt.datetime, now: dt.datetime) -> pl.DataFrame:
    """Entries of derived zones per local hour; complete where the intervals are and fill the hour."""
    hours = store_hours(stores, since, now)
    counted = zone_line_hours(reads.zones(warehouse, [store.id for store in stores], since, now), hours)
    return (
        counted.join(hours, on=["store_id", "hour_start"])
        .join(organizations(stores), on="store_id")
        .rename({"lines_complete": "is_complete"})
    )
