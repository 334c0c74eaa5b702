"""Pages made and kept, with what the UI shows of them. Loads charts and their renderer: for runs that make pages."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

import dagster as dg

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.reports.day import DayReport
from retail_pipeline.reports.notes import notes
from retail_pipeline.reports.organization import OrganizationReport
from retail_pipeline.reports.overview import key_figures, ranking_picture
from retail_pipeline.reports.pictures import entries_picture
from retail_pipeline.reports.wording import Wording
from retail_pipeline.steps.due_pages import OrganizationDay
from retail_pipeline.steps.organization_report import keep_overviews
from retail_pipeline.steps.report import keep_reports
from retail_pipeline.warehouse.attempts import StoreDay
from retail_pipeline.warehouse.connection import Warehouse

Shown = dict[str, dg.MetadataValue]
"""What the UI shows beside a materialization, by its title."""


def kept_reports(
    fleet: Fleet, warehouse: Warehouse, wanted: Iterable[StoreDay], now: dt.datetime, run_id: str
) -> dict[StoreDay, Shown]:
    """Make and keep the reports of these days; days without one are left out."""
    return {key: shown(report) for key, report in keep_reports(fleet, warehouse, wanted, now, run_id).items()}


def kept_overviews(
    fleet: Fleet, warehouse: Warehouse, wanted: Iterable[OrganizationDay], now: dt.datetime, run_id: str
) -> dict[dt.date, list[tuple[str, dg.MetadataValue]]]:
    """Make and keep the overviews: name and ranking of each organization by day, the oldest first."""
    rankings = defaultdict(list)
    for report in keep_overviews(fleet, warehouse, wanted, now, run_id):
        rankings[report.trading_day].append((report.organization_name, ranking(report)))
    return dict(sorted(rankings.items()))


def ranking(report: OrganizationReport) -> dg.MetadataValue:
    """What the UI shows of an overview: the ranking as a picture, and how many stores are not in it."""
    words = Wording(report.language)
    figures = "\n".join(f"- {figure.label}: {figure.value}" for figure in key_figures(report, words))
    if not report.ranked:
        return dg.MetadataValue.md(figures)
    picture = ranking_picture(report, words)
    return dg.MetadataValue.md(f"![{picture.title}]({picture.uri})\n\n{figures}")


def shown(report: DayReport) -> Shown:
    """What the UI shows of a report by itself: entries by hour against normal, and the day in words."""
    words = Wording(report.language)
    picture = entries_picture(report, words)
    text = "\n".join(f"- {note}" for note in notes(report, words))
    return {
        "how was the day": dg.MetadataValue.md(f"![{picture.title}]({picture.uri})\n\n{text}"),
    }
