"""`retail-pipeline report`: the page of a store's day or of an organization, as a file and in the browser."""

import datetime as dt
import webbrowser
from pathlib import Path

from rich.console import Console

from retail_pipeline.fleet.models import Fleet, Organization, Store
from retail_pipeline.local.place import private_folder
from retail_pipeline.reports.day import DayReport
from retail_pipeline.reports.message import message, overview_message, overview_subject, subject
from retail_pipeline.reports.overview import overview_page
from retail_pipeline.reports.page import day_page
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.report_receivers import report_receivers
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.settings import read_settings
from retail_pipeline.steps.due_pages import latest_day, latest_overview_day, stores_of
from retail_pipeline.steps.organization_report import make_overview
from retail_pipeline.steps.report import make_report
from retail_pipeline.steps.report_delivery import receivers_of


class NoReportError(Exception):
    """There is no such report; the message names store and day, and what to do."""


def write_report_file(
    console: Console,
    store_id: str | None,
    organization_id: str | None,
    day: dt.date | None,
    *,
    is_opened: bool,
    is_sent: bool,
) -> int:
    """Make the page from the figures as they are now, write it under `RETAIL_HOME` and print its path.

    Raises:
        NoReportError: neither or both are named, what is named is unknown, was closed or names no recipient, or nothing
            was measured.
    """
    if (store_id is None) == (organization_id is None):
        raise NoReportError("Name either --store or --organization.")
    if store_id is None:
        return _show_overview(console, organization_id or "", day, is_opened=is_opened, is_sent=is_sent)
    fleet, report = _made(store_id, day)
    html = day_page(report)
    path = _show(console, f"{store_id}-{report.trading_day}.html", html, is_opened=is_opened)
    page = subject(report), message(report), html, path.name
    return _send(console, fleet, fleet.store(store_id), page) if is_sent else 0


def _show_overview(
    console: Console, organization_id: str, day: dt.date | None, *, is_opened: bool, is_sent: bool
) -> int:
    fleet, now = load_declared_fleet(), dt.datetime.now(dt.UTC)
    stores = {one.id: stores_of(fleet, one) for one in fleet.organizations}.get(organization_id)
    if not stores:
        known = ", ".join(one.id for one in fleet.organizations)
        raise NoReportError(f"--organization {organization_id}: with stores the fleet file declares {known}.")
    chosen = day or latest_overview_day(stores, now)
    with open_warehouse() as warehouse:
        report = make_overview(fleet, warehouse, organization_id, chosen, now)
    if report is None:
        raise NoReportError(
            f"{organization_id} has no overview of {chosen}: its stores were closed, or nothing of the two weeks was "
            "collected. `retail-pipeline run --hours 400` collects what the devices remember."
        )
    html = overview_page(report)
    path = _show(console, f"{organization_id}-{chosen}.html", html, is_opened=is_opened)
    owner = next(one for one in fleet.organizations if one.id == organization_id)
    page = overview_subject(report), overview_message(report), html, path.name
    return _send(console, fleet, owner, page) if is_sent else 0


def _show(console: Console, file_name: str, html: str, *, is_opened: bool) -> Path:
    path = _written(file_name, html)
    console.print(str(path), highlight=False, soft_wrap=True)
    if is_opened:
        webbrowser.open(path.as_uri())
    return path


def _send(console: Console, fleet: Fleet, owner: Store | Organization, page: tuple[str, str, str, str]) -> int:
    """`page`: its subject, the text, the HTML and the name of the file."""
    if not owner.recipients:
        raise NoReportError(f"--send: the fleet file names no recipients of {owner.id}.")
    problems = []
    for name, receiver in receivers_of(owner.recipients, report_receivers(fleet)):
        problem = receiver.send_page(*page)
        console.print(f"{name}, {receiver.name}: {problem or 'sent'}", highlight=False, soft_wrap=True)
        problems += [problem] if problem else []
    return 1 if problems else 0


def _made(store_id: str, day: dt.date | None) -> tuple[Fleet, DayReport]:
    fleet, now = load_declared_fleet(), dt.datetime.now(dt.UTC)
    if not fleet.has_store(store_id):
        raise NoReportError(f"--store {store_id}: the fleet file declares {', '.join(fleet.store_ids)}.")
    chosen = day or latest_day(fleet.store(store_id), now)
    with open_warehouse() as warehouse:
        report = make_report(fleet, warehouse, store_id, chosen, now)
    if report is None:
        raise NoReportError(
            f"{store_id} has no report of {chosen}: the shop was closed, or nothing of the day was collected. "
            "`retail-pipeline run --hours 48 --store " + store_id + "` collects what the devices remember."
        )
    return fleet, report


def _written(file_name: str, html: str) -> Path:
    folder = private_folder(read_settings().home.absolute()) / "reports"
    folder.mkdir(exist_ok=True)
    path = folder / file_name
    path.write_text(html, encoding="utf-8")
    return path
