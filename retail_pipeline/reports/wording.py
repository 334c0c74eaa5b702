"""A store's language: sentences from one catalogue, numbers, dates and weekdays by its locale.

English sentences are the keys; a translation is one file, `locales/<language>.po`.
"""

import datetime as dt
from functools import lru_cache
from importlib import resources

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_day_names
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

_DASH = "–"
_MINUS = "\u2212"


def said(sentence: str) -> str:
    """Mark a sentence that stands in a table here and is translated where it is shown."""
    return sentence


class Wording:
    """Sentences and figures in one language; an unknown language speaks English."""

    def __init__(self, language: str) -> None:
        self.locale = _locale(language)
        self._catalog = _catalog(self.locale.language)

    @property
    def language(self) -> str:
        """The language as HTML names it."""
        return str(self.locale).replace("_", "-")

    @property
    def figures_of_charts(self) -> dict[str, object]:
        """How charts write figures, as d3 has it."""
        symbols = self.locale.number_symbols["latn"]
        return {
            "decimal": symbols["decimal"],
            "thousands": symbols["group"],
            "grouping": [3],
            "currency": ["", ""],
            "percent": " %",
        }

    def __call__(self, sentence: str, **values: object) -> str:
        """The sentence in this language, with its `{names}` filled in; the English one where none is translated."""
        message = self._catalog.get(sentence) if self._catalog else None
        text = str(message.string) if message and message.string else sentence
        return text.format(**values)

    def number(self, value: float | None, digits: int = 0) -> str:
        """A figure; a dash where it is unknown, which is not zero."""
        if value is None:
            return _DASH
        return format_decimal(round(value, digits), locale=self.locale)

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share of one as per cent."""
        if share is None:
            return _DASH
        return format_percent(share, format=f"#,##0{'.' + '0' * digits if digits else ''} %", locale=self.locale)

    def change(self, share: float | None) -> str:
        """A change with its sign, as +12 %."""
        if share is None:
            return _DASH
        sign = "+" if share > 0 else _MINUS if share < 0 else "±"
        return f"{sign}{self.percent(abs(share))}"

    def date(self, day: dt.date) -> str:
        """A date with its weekday."""
        return format_date(day, "full", locale=self.locale)

    def moment(self, at: dt.datetime) -> str:
        """A date and the time on the clock of `at`."""
        day, time = format_date(at, "long", locale=self.locale), format_time(at, "HH:mm", locale=self.locale)
        return f"{day}, {time}"

    def hour(self, hour: int) -> str:
        """A clock hour, by its start."""
        return format_time(dt.time(hour % 24), "HH:mm", locale=self.locale)

    def weekday(self, number: int) -> str:
        """The short name of a weekday; 1 is Monday."""
        return str(get_day_names("abbreviated", locale=self.locale)[number - 1])


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-" if "-" in language else "_")
    except (ValueError, UnknownLocaleError):
        return Locale("en")


@lru_cache(maxsize=64)
def _catalog(language: str) -> Catalog | None:
    file = resources.files("retail_pipeline.reports").joinpath("locales", f"{language}.po")
    if not file.is_file():
        return None
    with file.open("rb") as handle:
        return read_po(handle, locale=language)
