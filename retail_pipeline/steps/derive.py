"""Derivation of hours: from stored counts to zone occupancy and hourly figures, a trading day of a store at a time.

Occupancy accumulates over the day, so a request for any hour recomputes the store's whole trading day; only rows that
differ are written, under a lock per store.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from retail_pipeline.fleet.calendar import hours_starting_in
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours, with_hours
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline.steps.spans import bounds
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError
from retail_pipeline.warehouse.locks import store_lock

Partition = tuple[dt.datetime, str]
StoreDays = Mapping[str, Collection[dt.date]]
Compute = Callable[[pl.DataFrame, Sequence[Store], pl.DataFrame, dt.datetime], pl.DataFrame]


@dataclass(frozen=True)
class Derivation:
    """Partitions with their number of rows, and the stores that could not be derived with the reason."""

    derived: dict[Partition, int] = field(default_factory=dict)
    also_changed: dict[Partition, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def derive_zones(
    fleet: Fleet, warehouse: Warehouse, hours: Mapping[str, Sequence[dt.datetime]], now: dt.datetime, run_id: str
) -> Derivation:
    """Zone occupancy of the trading days that the given UTC hours of each store touch."""
    return _derive_hours(fleet, warehouse, hours, now, _zones(run_id))


def derive_hourly(
    fleet: Fleet, warehouse: Warehouse, hours: Mapping[str, Sequence[dt.datetime]], now: dt.datetime, run_id: str
) -> Derivation:
    """Hourly figures of the trading days that the given UTC hours of each store touch."""
    return _derive_hours(fleet, warehouse, hours, now, _hourly(run_id))


def derive_days(
    fleet: Fleet, warehouse: Warehouse, days: StoreDays, now: dt.datetime, run_id: str
) -> tuple[Derivation, Derivation]:
    """Zone occupancy and hourly figures of whole trading days; everything that changed is in `also_changed`."""
    return (
        _derive(fleet, warehouse, days, set(), now, _zones(run_id)),
        _derive(fleet, warehouse, days, set(), now, _hourly(run_id)),
    )


@dataclass(frozen=True)
class _Kind:
    """A derived table: how its rows come about, where they go, which column places them in an hour."""

    compute: Compute
    write: Callable[..., pl.DataFrame]
    start: str
    run_id: str


def _zones(run_id: str) -> _Kind:
    def compute(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame, _: dt.datetime) -> pl.DataFrame:
        return virtual_region_occupancy(raw, stores, hours)

    return _Kind(compute, tables.write_zones, "interval_start", run_id)


def _hourly(run_id: str) -> _Kind:
    return _Kind(hourly_analytics, tables.write_hourly, "hour_start", run_id)


def _derive_hours(
    fleet: Fleet, warehouse: Warehouse, hours: Mapping[str, Sequence[dt.datetime]], now: dt.datetime, kind: _Kind
) -> Derivation:
    known = {store_id: store_hours for store_id, store_hours in hours.items() if fleet.has_store(store_id)}
    days = {
        store_id: {local.trading_day for hour in asked for local in hours_starting_in(fleet.store(store_id), hour)}
        for store_id, asked in known.items()
    }
    asked = {(hour, store_id) for store_id, store_hours in known.items() for hour in store_hours}
    return _derive(fleet, warehouse, days, asked, now, kind)


def _derive(
    fleet: Fleet, warehouse: Warehouse, days: StoreDays, asked: set[Partition], now: dt.datetime, kind: _Kind
) -> Derivation:
    """All stores at once; where that fails, one by one, so that a store whose figures can't be derived fails alone."""
    stores = [fleet.store(store_id) for store_id in sorted(days) if days[store_id]]
    if not stores:
        return Derivation()
    try:
        return _derive_together(warehouse, stores, days, asked, now, kind)
    except (pl.exceptions.PolarsError, WarehouseError, ValueError) as error:
        if len(stores) == 1:
            return Derivation(failed={stores[0].id: f"{stores[0].id}: {error}"})
    parts = [
        _derive(fleet, warehouse, {store.id: days[store.id]}, {one for one in asked if one[1] == store.id}, now, kind)
        for store in stores
    ]
    return Derivation(
        derived={key: rows for part in parts for key, rows in part.derived.items()},
        also_changed={key: rows for part in parts for key, rows in part.also_changed.items()},
        failed={store_id: words for part in parts for store_id, words in part.failed.items()},
    )


def _derive_together(
    warehouse: Warehouse, stores: Sequence[Store], days: StoreDays, asked: set[Partition], now: dt.datetime, kind: _Kind
) -> Derivation:
    hours = _hours_of(stores, days)
    with warehouse.transaction() as connection:
        for store in stores:
            store_lock(connection, store.id)
        ids = [store.id for store in stores]
        raw = reads.raw_counts(warehouse, ids, *bounds(hours))
        placed = with_hours(raw, hours)
        rows = kind.compute(placed.select(raw.columns), stores, hours, now)
        slices = hours.group_by("store_id", "trading_day").agg(
            pl.col("hour_start").min().alias("start"), pl.col("hour_end").max().alias("end")
        )
        written = rows.with_columns(pl.lit(kind.run_id).alias("run_id"))
        changed = kind.write(connection, written, slices.select("store_id", "start", "end"))
    has_input = _partitions(placed, "hour_start")
    held = _partitions(with_hours_of(rows, hours, kind.start), "hour_start")
    touched = _partitions(with_hours_of(changed, hours, kind.start), "hour_start")
    return Derivation(
        derived={key: held.get(key, 0) for key in has_input if key in asked},
        also_changed={key: held.get(key, 0) for key in touched if key not in asked},
    )


def _hours_of(stores: Sequence[Store], days: StoreDays) -> pl.DataFrame:
    wanted = pl.DataFrame(
        [(store.id, day) for store in stores for day in sorted(days[store.id])],
        schema={"store_id": pl.String(), "trading_day": pl.Date()},
        orient="row",
    )
    first, last = min(wanted["trading_day"]), max(wanted["trading_day"])
    return trading_day_hours(stores, first, last).join(wanted, on=["store_id", "trading_day"], how="semi")


def with_hours_of(rows: pl.DataFrame, hours: pl.DataFrame, start: str) -> pl.DataFrame:
    """`store_id` and local `hour_start` of rows that `start` places in time."""
    return with_hours(rows.select("store_id", pl.col(start).alias("interval_start")), hours)


def _partitions(rows: pl.DataFrame, column: str) -> dict[Partition, int]:
    """Number of rows per partition: the UTC hour in which a local hour starts, and the store."""
    hours = pl.col(column).dt.truncate("1h").alias("hour")
    return {(hour, store_id): n for hour, store_id, n in rows.group_by(hours, "store_id").len().iter_rows()}
