"""`retail-pipeline report`: the page of a trading day, as a file and in the browser."""

import datetime as dt
import webbrowser
from pathlib import Path

from rich.console import Console

from retail_pipeline.local.place import private_folder
from retail_pipeline.reports.page import day_page
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.settings import read_settings
from retail_pipeline.steps.report import latest_day, make_report


class NoReportError(Exception):
    """There is no such report; the message names store and day, and what to do."""


def write_report_file(console: Console, store_id: str, day: dt.date | None, *, is_opened: bool) -> int:
    """Make the report from the figures as they are now, write it under `RETAIL_HOME` and print its path.

    Raises:
        NoReportError: the store is unknown, was closed, or nothing of the day was measured.
    """
    path = _write(store_id, day)
    console.print(str(path), highlight=False, soft_wrap=True)
    if is_opened:
        webbrowser.open(path.as_uri())
    return 0


def _write(store_id: str, day: dt.date | None) -> Path:
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
    folder = private_folder(read_settings().home.absolute()) / "reports"
    folder.mkdir(exist_ok=True)
    path = folder / f"{store_id}-{chosen}.html"
    path.write_text(day_page(report), encoding="utf-8")
    return path
