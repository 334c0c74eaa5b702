"""Overviews of organizations: what stands in them, and keeping them. Draws pictures, which is slow to load."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import open_spans
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.like_for_like import NOT_MEASURED, like_for_like
from retail_pipeline.reports.message import overview_message, overview_subject
from retail_pipeline.reports.organization import OrganizationReport, StoreWeek
from retail_pipeline.reports.overview import overview_page
from retail_pipeline.steps.due_pages import TWO_WEEKS, OrganizationDay, stores_of, version_of
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.organization_reports import OrganizationPage, write_overview


def make_overview(
    fleet: Fleet, warehouse: Warehouse, organization_id: str, day: dt.date, now: dt.datetime
) -> OrganizationReport | None:
    """Everything that the overview shows; None where nothing of both weeks was measured, or no store was open."""
    organization = next(one for one in fleet.organizations if one.id == organization_id)
    stores = stores_of(fleet, organization)
    daily = reads.daily(warehouse, [store.id for store in stores], day - TWO_WEEKS, day)
    version = version_of(daily)
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
        told = overview_subject(report), overview_message(report)
        page = OrganizationPage(organization_id, day, report.language, html, *told, now, report.input_version)
        with warehouse.transaction() as connection:
            write_overview(connection, page, run_id)
        made.append(report)
    return made


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
