"""Pages of days that should stand and do not: reports of stores, overviews of organizations. Makes none of them."""

import datetime as dt
from collections.abc import Collection

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds, open_spans, trading_day_of
from retail_pipeline.fleet.models import Fleet, Organization, Store
from retail_pipeline.frames.like_for_like import WEEK
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.attempts import StoreDay
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.organization_reports import overviews_made
from retail_pipeline.warehouse.store_reports import reports_made

READY_AT = dt.time(8)
"""Local time from which yesterday's report is made: hours of the night are there, and the shop is not open yet."""

DAY = dt.timedelta(days=1)
LOOK_BACK = dt.timedelta(days=4)
TWO_WEEKS = 2 * WEEK - DAY
OrganizationDay = tuple[str, dt.date]


def due_reports(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> list[StoreDay]:
    """Days of which a report should stand and does not, or whose figures changed since: of the last days of each store.

    A day is due when it has ended and it is 08:00 in the store; a day on which the shop was closed has none.
    """
    first, last = (now - LOOK_BACK).date(), (now + DAY).date()
    made = set(reports_made(warehouse, fleet.store_ids, first).iter_rows())
    summed_up = reads.daily(warehouse, fleet.store_ids, first, last).select("store_id", "trading_day", "input_version")
    return [
        (store_id, day)
        for store_id, day, version in summed_up.iter_rows()
        if (store_id, day, version) not in made and is_reportable(fleet.store(store_id), day, now)
    ]


def is_reportable(store: Store, day: dt.date, now: dt.datetime) -> bool:
    """Whether the day has ended, the shop was open on it, and its report can be read by now."""
    return bool(open_spans(store, day)) and is_over(store, day, now)


def is_over(store: Store, day: dt.date, now: dt.datetime) -> bool:
    """Whether the day has ended, and it is 08:00 in the store on the morning after or later."""
    ready = dt.datetime.combine(day + DAY, READY_AT, store.zone_info)
    return day_bounds(store, day)[1] <= now and now.astimezone(store.zone_info) >= ready


def latest_day(store: Store, now: dt.datetime) -> dt.date:
    """The last trading day that has ended and on which the shop was open, within a week; else yesterday."""
    yesterday = trading_day_of(store, now) - DAY
    days = (yesterday - n * DAY for n in range(7))
    return next((day for day in days if open_spans(store, day)), yesterday)


def due_overviews(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> list[OrganizationDay]:
    """Days of which an overview should stand and does not, or whose figures changed since.

    A day is due when it is over in every store of the organization; one on which all were closed has none.
    """
    ids, first, last = [one.id for one in fleet.organizations], (now - LOOK_BACK).date(), now.date()
    made = {(organization, day): version for organization, day, version in overviews_made(warehouse, ids, first).rows()}
    daily = reads.daily(warehouse, fleet.store_ids, first - TWO_WEEKS, last)
    due = []
    for organization in fleet.organizations:
        stores = stores_of(fleet, organization)
        for day in (first + n * DAY for n in range((last - first).days + 1)):
            version = version_of(_of(daily, stores, day))
            if version and made.get((organization.id, day)) != version and _is_ready(stores, day, now):
                due.append((organization.id, day))
    return due


def latest_overview_day(stores: Collection[Store], now: dt.datetime) -> dt.date:
    """The last trading day that has ended in every store and on which one was open, within a week; else the last."""
    last = min(trading_day_of(store, now) for store in stores) - DAY
    days = (last - n * DAY for n in range(7))
    return next((day for day in days if any(open_spans(store, day) for store in stores)), last)


def stores_of(fleet: Fleet, organization: Organization) -> list[Store]:
    """The stores of an organization, in the order of the fleet file."""
    return [store for store in fleet.stores if store.organization == organization.id]


def version_of(daily: pl.DataFrame) -> dt.datetime | None:
    """What days were last made from; None without a day."""
    newest = daily["input_version"].max()
    return newest if isinstance(newest, dt.datetime) else None


def _is_ready(stores: list[Store], day: dt.date, now: dt.datetime) -> bool:
    return all(is_over(store, day, now) for store in stores) and any(open_spans(store, day) for store in stores)


def _of(daily: pl.DataFrame, stores: list[Store], day: dt.date) -> pl.DataFrame:
    """The rows that an overview of the day is made from."""
    ids = [store.id for store in stores]
    return daily.filter(pl.col("store_id").is_in(ids), pl.col("trading_day").is_between(day - TWO_WEEKS, day))
