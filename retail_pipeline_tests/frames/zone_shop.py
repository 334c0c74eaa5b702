"""A shop of four zones that close, and what the frames make of its rows."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.flows import zone_flows
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.schemas import REGIONAL_COUNTS
from retail_pipeline.frames.zone_hours import zone_hours
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline_tests.frames.rows import COLLECTED, DAY, LATER, hours_of, raw
from retail_pipeline_tests.shops import door, store_of, utc

LINES: dict[int, dict[str, Any]] = {
    1: {"role": "entrance", "from": "outside", "to": "hall"},
    2: {"role": "interior", "from": "hall", "to": "floor"},
    3: {"role": "interior", "from": "floor", "to": "till"},
    4: {"role": "interior", "from": "window", "to": "floor"},
}
ZONES: dict[str, dict[str, Any]] = {
    "hall": {"kind": "entrance", "name": "Hall"},
    "floor": {"kind": "shopping", "name": "Floor"},
    "till": {"kind": "queue", "name": "Till"},
    "window": {"kind": "premium", "name": "Window"},
}


def zone_shop(**declared: Any) -> Store:
    """One device, four lines: outside - hall - floor - till, and floor - window."""
    return store_of(**{"sensors": [door("d", lines=LINES)], "zones": ZONES} | declared)


def stays_row(
    hour: str, regions: Mapping[int, int | None], sensor: str = "d", *, is_complete: bool = True
) -> dict[str, Any]:
    """One hour of `regional_counts`; regions that are not named count nobody."""
    start = utc(f"{DAY} {hour}")
    return {
        "sensor_id": sensor,
        "store_id": "shop-1",
        "organization_id": "acme",
        "interval_start": start,
        "interval_end": start + dt.timedelta(hours=1),
        **{f"region{number}": regions.get(number, 0) for number in (1, 2, 3, 4)},
        "total": sum(figure or 0 for figure in regions.values()),
        "is_complete": is_complete,
        "reply_id": 1,
        "collected_at": COLLECTED,
    }


def flows_of(store: Store, *rows: dict[str, Any]) -> pl.DataFrame:
    """`zone_flows` of the day."""
    return zone_flows(raw(*rows), [store], hours_of(store))


def zone_hours_of(
    store: Store,
    *rows: dict[str, Any],
    stays: tuple[dict[str, Any], ...] = (),
    long_stays: tuple[dict[str, Any], ...] = (),
) -> pl.DataFrame:
    """`zone_hours` of the day, out of line counts and stays."""
    counts, hours = raw(*rows), hours_of(store)
    return zone_hours(
        virtual_region_occupancy(counts, [store], hours),
        zone_flows(counts, [store], hours),
        pl.DataFrame(list(stays), schema=REGIONAL_COUNTS),
        hourly_analytics(counts, [store], hours, LATER),
        [store],
        hours,
        long_stays=pl.DataFrame(list(long_stays), schema=REGIONAL_COUNTS),
    )


def one(rows: pl.DataFrame, zone: str, hour: str = "10:00") -> dict[str, Any]:
    """The row of a zone and hour."""
    return rows.row(by_predicate=(pl.col("zone") == zone) & (pl.col("hour_start") == utc(f"{DAY} {hour}")), named=True)
