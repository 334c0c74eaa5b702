"""Overviews of organizations: which are due, what stands in them, and keeping them."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import open_spans, trading_day_of
from retail_pipeline.fleet.models import Fleet, Organization, Store
from retail_pipeline.frames.like_for_like import NOT_MEASURED, WEEK, like_for_like
from retail_pipeline.reports.organization import OrganizationReport, StoreWeek
from retail_pipeline.reports.overview import overview_page
from retail_pipeline.steps.report import DAY, LOOK_BACK, is_over
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.organization_reports import OrganizationPage, overviews_made, write_overview

OrganizationDay = tuple[str, dt.date]
_TWO_WEEKS = 2 * WEEK - DAY


def due_overviews(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> list[OrganizationDay]:
    """Days of which an overview should stand and does not, or whose figures changed since.

    A day is due when it is over in every store of the organization; one on which all were closed has none.
    """
    ids, first, last = [one.id for one in fleet.organizations], (now - LOOK_BACK).date(), now.date()
    made = {(organization, day): version for organization, day, version in overviews_made(warehouse, ids, first).rows()}
    daily = reads.daily(warehouse, fleet.store_ids, first - _TWO_WEEKS, last)
    due = []
    for organization in fleet.organizations:
        stores = stores_of(fleet, organization)
        for day in (first + n * DAY for n in range((last - first).days + 1)):
            version = _version(_of(daily, stores, day))
            if version and made.get((organization.id, day)) != version and _is_ready(stores, day, now):
                due.append((organization.id, day))
    return due


def make_overview(
    fleet: Fleet, warehouse: Warehouse, organization_id: str, day: dt.date, now: dt.datetime
) -> OrganizationReport | None:
    """Everything that the overview shows; None where nothing of both weeks was measured, or no store was open."""
    organization = next(one for one in fleet.organizations if one.id == organization_id)
    stores = stores_of(fleet, organization)
    daily = reads.daily(warehouse, [store.id for store in stores], day - _TWO_WEEKS, day)
    version = _version(daily)
    if version is None or not any(open_spans(store, day) for store in stores):
        return None
    return OrganizationReport(
        organization_id=organization.id,
        organization_name=organization.name,
        language=organization.language,
        trading_day=day,
        made_at=now,
        input_version=version,
        stores=_weeks(stores, daily, day),
    )


def keep_overviews(
    fleet: Fleet, warehouse: Warehouse, wanted: Iterable[OrganizationDay], now: dt.datetime, run_id: str
) -> list[OrganizationReport]:
    """Make and keep the overviews of these days; days without one are left out."""
    made = []
    for organization_id, day in wanted:
        report = make_overview(fleet, warehouse, organization_id, day, now)
        if report is None:
            continue
        html = overview_page(report)
        page = OrganizationPage(organization_id, day, report.language, html, now, report.input_version)
        with warehouse.transaction() as connection:
            write_overview(connection, page, run_id)
        made.append(report)
    return made


def latest_overview_day(stores: Iterable[Store], now: dt.datetime) -> dt.date:
    """The last trading day that has ended in every store."""
    return min(trading_day_of(store, now) for store in stores) - DAY


def stores_of(fleet: Fleet, organization: Organization) -> list[Store]:
    """The stores of an organization, in the order of the fleet file."""
    return [store for store in fleet.stores if store.organization == organization.id]


def _is_ready(stores: list[Store], day: dt.date, now: dt.datetime) -> bool:
    return all(is_over(store, day, now) for store in stores) and any(open_spans(store, day) for store in stores)


def _of(daily: pl.DataFrame, stores: list[Store], day: dt.date) -> pl.DataFrame:
    """The rows that an overview of the day is made from."""
    ids = [store.id for store in stores]
    return daily.filter(pl.col("store_id").is_in(ids), pl.col("trading_day").is_between(day - _TWO_WEEKS, day))


def _version(daily: pl.DataFrame) -> dt.datetime | None:
    newest = daily["input_version"].max()
    return newest if isinstance(newest, dt.datetime) else None


def _weeks(stores: list[Store], daily: pl.DataFrame, day: dt.date) -> tuple[StoreWeek, ...]:
    compared = {row["store_id"]: row for row in like_for_like(daily, day).iter_rows(named=True)}
    of_day = {row["store_id"]: row for row in daily.filter(pl.col("trading_day") == day).iter_rows(named=True)}
    names = {store.id: store.name for store in stores}
    weeks = [
        StoreWeek(store_name=names.pop(row["store_id"]), **row, **_day_figures(of_day.get(row["store_id"])))
        for row in compared.values()
    ]
    return (*weeks, *(StoreWeek(store_id, name, reason=NOT_MEASURED) for store_id, name in names.items()))


def _day_figures(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {f"day_{name}": row[name] for name in ("entries", "capture_rate", "completeness", "quality")}
