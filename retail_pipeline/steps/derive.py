"""Derivation of hours: from stored counts to zone occupancy and hourly figures, a trading day of a store at a time.

Occupancy accumulates over the day, so a request for any hour recomputes the store's whole trading day; only rows that
differ are written, under a lock per store. An attempt is written down before it is made and crossed out with its rows.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import polars as pl

from retail_pipeline.fleet.calendar import hours_starting_in
from retail_pipeline.fleet.keeping import COUNTS
from retail_pipeline.fleet.models import Fleet, Report, Store
from retail_pipeline.frames.device_off import WEEKS_BACK, measured
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.schemas import BY_ZONE
from retail_pipeline.steps.figures import figures_of_days
from retail_pipeline.steps.keep_house import still_kept
from retail_pipeline.steps.spans import StoreDays, bounds, by_store, days_after, hours_of_days
from retail_pipeline.steps.switched_off import with_days_that_look_back
from retail_pipeline.steps.zones import DayFigures, answered, write_zone_tables
from retail_pipeline.warehouse import attempts, gaps, judge, reads, tables
from retail_pipeline.warehouse.attempts import Step, StoreDay
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError, WarehouseUnreachable
from retail_pipeline.warehouse.locks import store_locks

DAYS_TOGETHER = 500
"""Trading days of stores in one transaction: more would take memory, and keep others waiting for the stores."""

Part = TypeVar("Part")
Partition = tuple[dt.datetime, str]


@dataclass(frozen=True)
class Derivation:
    """Partitions of one derived table with their number of rows: those asked for, and others that changed with them."""

    derived: dict[Partition, int] = field(default_factory=dict)
    also_changed: dict[Partition, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Derived:
    """What became of zones, hours and the tables by zone, and the stores that could not be derived, with the reason.

    `changed_days` are the days of which some hourly figure changed.
    """

    zones: Derivation = field(default_factory=Derivation)
    hours: Derivation = field(default_factory=Derivation)
    by_zone: dict[str, Derivation] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    changed_days: frozenset[StoreDay] = frozenset()


def derive_hours(
    fleet: Fleet, warehouse: Warehouse, hours: Mapping[str, Sequence[dt.datetime]], now: dt.datetime, run_id: str
) -> Derived:
    """Derive the trading days that the given UTC hours of each store touch; unknown stores are left out."""
    known = {store_id: store_hours for store_id, store_hours in hours.items() if fleet.has_store(store_id)}
    days = {
        store_id: {local.trading_day for hour in asked for local in hours_starting_in(fleet.store(store_id), hour)}
        for store_id, asked in known.items()
    }
    asked = {(hour, store_id) for store_id, store_hours in known.items() for hour in store_hours}
    return _derive_with_days_after(fleet, warehouse, days, asked, now, run_id)


def derive_days(fleet: Fleet, warehouse: Warehouse, days: StoreDays, now: dt.datetime, run_id: str) -> Derived:
    """Derive whole trading days; everything that changed is in `also_changed`."""
    return _derive_with_days_after(fleet, warehouse, days, set(), now, run_id)


def _derive_with_days_after(
    fleet: Fleet, warehouse: Warehouse, days: StoreDays, asked: set[Partition], now: dt.datetime, run_id: str
) -> Derived:
    """The days, and those up to four weeks after that compare themselves with what changed.

    One step is enough: an index or an estimate rests on measured hours, never on another index or estimate.
    """
    derived = _derive(fleet, warehouse, days, asked, now, run_id)
    known = {(store_id, day) for store_id, store_days in days.items() for day in store_days}
    after = days_after(fleet, derived.changed_days, WEEKS_BACK, now) - known
    if not after:
        return derived
    return _all_of([derived, _derive(fleet, warehouse, by_store(after), set(), now, run_id)])


def _derive(
    fleet: Fleet, warehouse: Warehouse, days: StoreDays, asked: set[Partition], now: dt.datetime, run_id: str
) -> Derived:
    days = by_store(still_kept(warehouse, ((one, day) for one in days for day in days[one]), COUNTS))
    stores = [fleet.store(store_id) for store_id in sorted(days)]
    if not stores:
        return Derived()
    attempts.begin(warehouse, Step.HOURS, _store_days(stores, days), now)

    def derive(some: Sequence[Store]) -> Derived:
        of_these = {one for one in asked if one[1] in {store.id for store in some}}
        return _derive_together(warehouse, some, days, of_these, now, run_id)

    derived: list[Derived] = []
    for together in _batches(stores, days):
        parts, failed = each_alone_where_all_fail(together, derive)
        for store_id, words in failed.items():
            attempts.fail(warehouse, Step.HOURS, [(store_id, day) for day in days[store_id]], words)
        derived += [*parts, Derived(failed=failed)]
    return _all_of(derived)


def _batches(stores: Sequence[Store], days: StoreDays) -> Iterator[list[Store]]:
    batch: list[Store] = []
    held = 0
    for store in stores:
        if batch and held + len(days[store.id]) > DAYS_TOGETHER:
            yield batch
            batch, held = [], 0
        batch.append(store)
        held += len(days[store.id])
    yield batch


def each_alone_where_all_fail(
    stores: Sequence[Store], work: Callable[[Sequence[Store]], Part]
) -> tuple[list[Part], dict[str, str]]:
    """All stores at once; where that fails, one by one, so that a store whose figures can't be made fails alone.

    Returns what was made, and per store that failed the reason.

    Raises:
        WarehouseUnreachable: nobody's figures can be made, and asking for each store would take as many time-outs.
    """
    try:
        return [work(stores)], {}
    except WarehouseUnreachable:
        raise
    except (pl.exceptions.PolarsError, WarehouseError, ValueError) as error:
        if len(stores) == 1:
            return [], {stores[0].id: f"{stores[0].id}: {error}"}
    parts: list[Part] = []
    failed: dict[str, str] = {}
    for store in stores:
        made, reasons = each_alone_where_all_fail([store], work)
        parts += made
        failed |= reasons
    return parts, failed


def _derive_together(
    warehouse: Warehouse,
    stores: Sequence[Store],
    days: StoreDays,
    asked: set[Partition],
    now: dt.datetime,
    run_id: str,
) -> Derived:
    by_run = pl.lit(run_id).alias("run_id")
    with warehouse.transaction() as connection:
        store_locks(connection, [store.id for store in stores])
        hours = hours_of_days(stores, with_days_that_look_back(warehouse, stores, days, now))
        day = figures_of_days(warehouse, stores, hours, now)
        slices = _slices(hours)
        gaps.judge_off(connection, day.off.hours, slices, now)
        ids, span = [store.id for store in stores], bounds(hours)
        zones, hourly = day.zones.with_columns(by_run), day.hourly.with_columns(by_run)
        zones_changed = tables.write_zones(connection, zones, slices, reads.zones(warehouse, ids, *span))
        hours_changed = tables.write_hourly(connection, hourly, slices, reads.hourly(warehouse, ids, *span))
        regional, long_stays = (
            reads.counts(warehouse, report, ids, *span) for report in (Report.REGIONS, Report.LONG_STAYS)
        )
        # Zeros of a device without power are no stays either; its rows still say for which hours it answered.
        stays, longer = (measured(rows, day.off.hours, hours) for rows in (regional, long_stays))
        asked_devices = answered(warehouse, stores)
        figures = DayFigures(stores, hours, day.present, stays, longer, day.zones, day.hourly, asked_devices)
        by_zone = write_zone_tables(connection, warehouse, figures, slices, now, run_id)
        judge.outdate_summaries(connection, _days_of(hours_changed, hours), now)
        attempts.settle(connection, Step.HOURS, _store_days(stores, days))
    reported = set(_partitions(day.placed))
    with_stays = reported | set(_partitions(with_hours(regional, hours)))
    return Derived(
        zones=_told(_placed(day.zones, hours), _placed(zones_changed, hours), asked, reported),
        hours=_told(day.hourly, hours_changed, asked, reported),
        by_zone={table: _told(one.rows, one.changed, asked, with_stays) for table, one in by_zone.items()},
        changed_days=_days_of(hours_changed, hours),
    )


def _days_of(changed: pl.DataFrame, hours: pl.DataFrame) -> frozenset[StoreDay]:
    days = hours.join(changed, on=["store_id", "hour_start"], how="semi").select("store_id", "trading_day")
    return frozenset(days.unique().iter_rows())


def _store_days(stores: Sequence[Store], days: StoreDays) -> set[StoreDay]:
    return {(store.id, day) for store in stores for day in days[store.id]}


def _slices(hours: pl.DataFrame) -> pl.DataFrame:
    days = hours.group_by("store_id", "trading_day")
    return days.agg(pl.col("hour_start").min().alias("start"), pl.col("hour_end").max().alias("end")).drop(
        "trading_day"
    )


def _told(rows: pl.DataFrame, changed: pl.DataFrame, asked: set[Partition], counts: set[Partition]) -> Derivation:
    """Asked-for partitions that have counts, and the others that changed, each with its rows.

    An hour that is only imputed has no counts: nothing happened there that a partition could be green for.
    """
    held = _partitions(rows)
    return Derivation(
        derived={key: held.get(key, 0) for key in asked & counts},
        also_changed={key: held.get(key, 0) for key in counts & set(_partitions(changed)) - asked},
    )


def _placed(rows: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    return with_hours(rows.select("store_id", "interval_start"), hours)


def _partitions(rows: pl.DataFrame) -> dict[Partition, int]:
    """Number of rows per partition: the UTC hour in which a local hour starts, and the store."""
    hours = pl.col("hour_start").dt.truncate("1h").alias("hour")
    return {(hour, store_id): n for hour, store_id, n in rows.group_by(hours, "store_id").len().iter_rows()}


def _all_of(parts: Sequence[Derived]) -> Derived:
    return Derived(
        zones=_joined([part.zones for part in parts]),
        hours=_joined([part.hours for part in parts]),
        by_zone={table: _joined([part.by_zone[table] for part in parts if part.by_zone]) for table in BY_ZONE},
        failed={store_id: words for part in parts for store_id, words in part.failed.items()},
        changed_days=frozenset().union(*(part.changed_days for part in parts)),
    )


def _joined(parts: Sequence[Derivation]) -> Derivation:
    return Derivation(
        derived={key: rows for part in parts for key, rows in part.derived.items()},
        also_changed={key: rows for part in parts for key, rows in part.also_changed.items()},
    )
