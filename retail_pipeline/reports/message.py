"""A page as a message: its subject, and key figures and what else it says as plain text. The page goes with it."""

from retail_pipeline.reports.day import DayReport
from retail_pipeline.reports.notes import alerts_in_words, notes
from retail_pipeline.reports.organization import OrganizationReport
from retail_pipeline.reports.overview import key_figures as figures_of_stores
from retail_pipeline.reports.overview import stores_apart
from retail_pipeline.reports.page import Figure, key_figures
from retail_pipeline.reports.wording import Wording


def subject(day: DayReport) -> str:
    """`Lisbon, main street: Friday, 20 November 2026`."""
    words = Wording(day.language)
    return f"{day.store_name}: {words.date(day.trading_day)}"


def message(day: DayReport) -> str:
    """A figure a line, then a sentence a line: for receivers that show text and no pages."""
    words = Wording(day.language)
    sentences = [*notes(day, words), *alerts_in_words(day, words)]
    return "\n".join([*map(_line, key_figures(day, words)), "", *(f"- {sentence}" for sentence in sentences)])


def overview_subject(report: OrganizationReport) -> str:
    """`Acme: Friday, 20 November 2026`."""
    return f"{report.organization_name}: {Wording(report.language).date(report.trading_day)}"


def overview_message(report: OrganizationReport) -> str:
    """A figure a line, the ranking, then the stores that stand apart, each with its reason."""
    words = Wording(report.language)
    ranking = (f"{store.rank}. {store.store_name} {words.change(store.change)}" for store in report.ranked)
    apart = (f"- {sentence}" for sentence in stores_apart(report, words))
    return "\n".join([*map(_line, figures_of_stores(report, words)), "", *ranking, *apart])


def corrected(subject_of_page: str, language: str) -> str:
    """The subject of a page that was sent before and has changed."""
    words = Wording(language)
    return words("Corrected: {subject}", subject=subject_of_page)


def _line(figure: Figure) -> str:
    return f"{figure.label}: {figure.value}" + (f" ({figure.beside})" if figure.beside else "")
