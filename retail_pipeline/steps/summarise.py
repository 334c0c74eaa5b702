"""Daily summaries: which days are due, and what they come to."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds, trading_day_of
from retail_pipeline.fleet.keeping import COUNTS, HOURS
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.coverage import SETTLED_AFTER
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.derive import Derived, derive_days, each_alone_where_all_fail
from retail_pipeline.steps.keep_house import still_kept
from retail_pipeline.steps.spans import bounds, by_store, days_after
from retail_pipeline.warehouse import attempts, judge, reads, tables
from retail_pipeline.warehouse.attempts import Step, StoreDay
from retail_pipeline.warehouse.connection import Warehouse


@dataclass(frozen=True)
class Summary:
    """Days (store, trading day) that hold a row now, stores whose days could not be summed up, and what was derived."""

    days: set[StoreDay] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    derived: Derived = field(default_factory=Derived)


def due_days(
    fleet: Fleet, warehouse: Warehouse, since: dt.datetime, now: dt.datetime, *, ended_only: bool = False
) -> set[StoreDay]:
    """Days whose row is missing or older than its inputs, by the warehouse's own account.

    With `ended_only` only ended days whose hourly rows are newer than their summary: what a recovery or a first start
    leaves behind. Otherwise also days whose hours are older than the counts, and today and yesterday of every store.
    What failed three times in a row waits until its latest attempt is a day old.
    """
    waiting = _waiting(warehouse, Step.DAY, now)
    hours_changed = still_kept(warehouse, _store_days(judge.stale_days(warehouse, since, now)) - waiting, HOURS)
    if ended_only:
        return {(store_id, day) for store_id, day in hours_changed if _has_ended(fleet, store_id, day, now)}
    recent = {
        (store.id, day)
        for store in fleet.stores
        for day in (trading_day_of(store, now), trading_day_of(store, now) - dt.timedelta(days=1))
    }
    behind = _days_behind(fleet, warehouse, since, now) - _waiting(warehouse, Step.HOURS, now)
    behind = still_kept(warehouse, behind, COUNTS)
    return {one for one in hours_changed | behind | (recent - waiting) if fleet.has_store(one[0])}


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
    wanted = still_kept(warehouse, begun & due_days(fleet, warehouse, since, now) if due_only else begun, HOURS)
    if not wanted:
        return Summary()
    behind = wanted & _days_behind(fleet, warehouse, since, now)
    if due_only:
        behind -= _waiting(warehouse, Step.HOURS, now)
    derived = derive_days(fleet, warehouse, by_store(behind), now, run_id)
    changed = wanted | derived.changed_days
    changed |= days_after(fleet, changed, (LAST_WEEK, LAST_YEAR), now)
    days_made, failed = _sum_up(fleet, warehouse, changed, now, run_id)
    return Summary(days_made, failed, derived)


def _sum_up(
    fleet: Fleet, warehouse: Warehouse, wanted: set[StoreDay], now: dt.datetime, run_id: str
) -> tuple[set[StoreDay], dict[str, str]]:
    stores = [fleet.store(store_id) for store_id in sorted({store_id for store_id, _ in wanted})]
    attempts.begin(warehouse, Step.DAY, wanted, now)
    parts, failed = each_alone_where_all_fail(
        stores, lambda some: _sum_up_together(warehouse, some, wanted, now, run_id)
    )
    for store_id, words in failed.items():
        attempts.fail(warehouse, Step.DAY, [one for one in wanted if one[0] == store_id], words)
    return set().union(*parts), failed


def _sum_up_together(
    warehouse: Warehouse, stores: Sequence[Store], wanted: set[StoreDay], now: dt.datetime, run_id: str
) -> set[StoreDay]:
    of_these = {one for one in wanted if one[0] in {store.id for store in stores}}
    chosen = pl.DataFrame(list(of_these), schema={"store_id": pl.String(), "trading_day": pl.Date()}, orient="row")
    hours = trading_day_hours(stores, min(chosen["trading_day"]), max(chosen["trading_day"]))
    hours = hours.join(chosen, on=["store_id", "trading_day"], how="semi")
    ids = [store.id for store in stores]
    hourly = reads.hourly(warehouse, ids, *bounds(hours)).join(chosen, on=["store_id", "trading_day"], how="semi")
    before = {day - ago for _, day in wanted for ago in (LAST_WEEK, LAST_YEAR)}
    past = reads.day_history(warehouse, ids, before)
    rows = daily_summaries(hourly, stores, hours, now, reads.lost_hours(warehouse, ids, *bounds(hours)), past)
    with warehouse.transaction() as connection:
        tables.write_daily(connection, rows.with_columns(pl.lit(run_id).alias("run_id")))
        attempts.settle(connection, Step.DAY, of_these)
    return set(rows.select("store_id", "trading_day").iter_rows())


def _days_behind(fleet: Fleet, warehouse: Warehouse, since: dt.datetime, now: dt.datetime) -> set[StoreDay]:
    """Days with hours that are older than their counts, or that have settled without anybody looking at them."""
    unjudged = judge.unjudged_hours(warehouse, since, now - SETTLED_AFTER)
    hours = pl.concat([judge.stale_hours(warehouse, since).select("store_id", "hour_start"), unjudged])
    return {
        (store_id, trading_day_of(fleet.store(store_id), hour))
        for store_id, hour in hours.iter_rows()
        if fleet.has_store(store_id)
    }


def _waiting(warehouse: Warehouse, step: Step, now: dt.datetime) -> set[StoreDay]:
    return _store_days(attempts.given_up(warehouse, now).filter(pl.col("step") == str(step)))


def _has_ended(fleet: Fleet, store_id: str, day: dt.date, now: dt.datetime) -> bool:
    return fleet.has_store(store_id) and day_bounds(fleet.store(store_id), day)[1] <= now


def _store_days(frame: pl.DataFrame) -> set[StoreDay]:
    return set(frame.select("store_id", "trading_day").iter_rows())
