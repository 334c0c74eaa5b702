"""Daily summaries: which days are due, and what they come to."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds, trading_day_of
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.derive import Derived, derive_days
from retail_pipeline.steps.spans import bounds
from retail_pipeline.warehouse import judge, reads, tables
from retail_pipeline.warehouse.connection import Warehouse

StoreDay = tuple[str, dt.date]


@dataclass(frozen=True)
class Summary:
    """Days (store, trading day) that hold a row now, and what was derived again on the way."""

    days: set[StoreDay] = field(default_factory=set)
    derived: Derived = field(default_factory=Derived)


def due_days(
    fleet: Fleet, warehouse: Warehouse, since: dt.datetime, now: dt.datetime, *, ended_only: bool = False
) -> set[StoreDay]:
    """Days whose row is missing or older than its inputs, by the warehouse's own account.

    With `ended_only` only ended days whose hourly rows are newer than their summary: what a recovery or a first start
    leaves behind. Otherwise also days whose hours are older than the counts, and today and yesterday of every store.
    """
    hours_changed = _store_days(judge.stale_days(warehouse, since, now))
    if ended_only:
        return {(store_id, day) for store_id, day in hours_changed if _has_ended(fleet, store_id, day, now)}
    recent = {
        (store.id, day)
        for store in fleet.stores
        for day in (trading_day_of(store, now), trading_day_of(store, now) - dt.timedelta(days=1))
    }
    behind = _days_of_hours(fleet, judge.stale_hours(warehouse, since))
    return {one for one in hours_changed | behind | recent if fleet.has_store(one[0])}


def summarise_days(
    fleet: Fleet,
    warehouse: Warehouse,
    days: Mapping[str, Collection[dt.date]],
    now: dt.datetime,
    run_id: str,
    *,
    due_only: bool,
    since: dt.datetime,
) -> Summary:
    """Bring the hours of days up to date with their counts, then sum them up; days to come are left out."""
    begun = {
        (store_id, day)
        for store_id, store_days in days.items()
        if fleet.has_store(store_id)
        for day in store_days
        if day_bounds(fleet.store(store_id), day)[0] <= now
    }
    wanted = begun & due_days(fleet, warehouse, since, now) if due_only else begun
    if not wanted:
        return Summary()
    behind = wanted & _days_of_hours(fleet, judge.stale_hours(warehouse, since))
    derived = derive_days(fleet, warehouse, _by_store(behind), now, run_id)
    return Summary(_sum_up(fleet, warehouse, wanted, now, run_id), derived)


def _sum_up(fleet: Fleet, warehouse: Warehouse, wanted: set[StoreDay], now: dt.datetime, run_id: str) -> set[StoreDay]:
    stores = [fleet.store(store_id) for store_id in sorted({store_id for store_id, _ in wanted})]
    chosen = pl.DataFrame(list(wanted), schema={"store_id": pl.String(), "trading_day": pl.Date()}, orient="row")
    hours = trading_day_hours(stores, min(chosen["trading_day"]), max(chosen["trading_day"]))
    hours = hours.join(chosen, on=["store_id", "trading_day"], how="semi")
    ids = [store.id for store in stores]
    hourly = reads.hourly(warehouse, ids, *bounds(hours)).join(chosen, on=["store_id", "trading_day"], how="semi")
    rows = daily_summaries(hourly, stores, hours, now, reads.lost_hours(warehouse, ids, *bounds(hours)))
    with warehouse.transaction() as connection:
        tables.write_daily(connection, rows.with_columns(pl.lit(run_id).alias("run_id")))
    return set(rows.select("store_id", "trading_day").iter_rows())


def _days_of_hours(fleet: Fleet, hours: pl.DataFrame) -> set[StoreDay]:
    return {
        (store_id, trading_day_of(fleet.store(store_id), hour))
        for store_id, hour in hours.select("store_id", "hour_start").iter_rows()
        if fleet.has_store(store_id)
    }


def _has_ended(fleet: Fleet, store_id: str, day: dt.date, now: dt.datetime) -> bool:
    return fleet.has_store(store_id) and day_bounds(fleet.store(store_id), day)[1] <= now


def _store_days(frame: pl.DataFrame) -> set[StoreDay]:
    return set(frame.select("store_id", "trading_day").iter_rows())


def _by_store(days: Collection[StoreDay]) -> dict[str, set[dt.date]]:
    stores: dict[str, set[dt.date]] = {}
    for store_id, day in days:
        stores.setdefault(store_id, set()).add(day)
    return stores
