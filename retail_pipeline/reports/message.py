"""A day as a message: its subject, and the key figures and the day in words as plain text. The page goes with it."""

from retail_pipeline.reports.day import DayReport
from retail_pipeline.reports.notes import alerts_in_words, notes
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


def corrected(subject_of_page: str, language: str) -> str:
    """The subject of a page that was sent before and has changed."""
    words = Wording(language)
    return words("Corrected: {subject}", subject=subject_of_page)


def _line(figure: Figure) -> str:
    return f"{figure.label}: {figure.value}" + (f" ({figure.beside})" if figure.beside else "")
