"""The report of a trading day as one HTML file that needs nothing else: no network, no script."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from retail_pipeline.reports import palette
from retail_pipeline.reports.data_quality import estimates_in_words, gaps_in_words, letter_in_words
from retail_pipeline.reports.day import DayReport, ReportZone
from retail_pipeline.reports.notes import alerts_in_words, notes
from retail_pipeline.reports.pictures import pictures, quality_picture
from retail_pipeline.reports.wording import Wording


@dataclass(frozen=True)
class Figure:
    """A key figure in words, with what stands beside it."""

    label: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class ZoneColumn:
    """A column of the table of zones, and what stands in it for a zone."""

    label: str
    cell: Callable[[ReportZone], str]


def day_page(day: DayReport) -> str:
    """The page in the store's language. Every text that came from a file or a device is escaped."""
    words = Wording(day.language)
    return render(
        "day.html.j2",
        words,
        day=day,
        figures=key_figures(day, words),
        notes=notes(day, words),
        alerts=alerts_in_words(day, words),
        gaps=gaps_in_words(day, words),
        estimates=estimates_in_words(day, words),
        charts=pictures(day, words),
        quality=quality_picture(day, words),
        hours=[hour for hour in day.hours if hour in day.shown or hour.is_gap],
        hour_columns=hour_columns(day, words),
        has_street=day.passers_by is not None,
        zone_columns=zone_columns(day, words),
        zone_words=" ".join(zone_words(day, words)),
        made_at=words.moment(day.made_at.astimezone(ZoneInfo(day.timezone))),
    )


def render(template: str, words: Wording, **values: object) -> str:
    """A page out of a template of this package; whatever it shows is escaped."""
    return _environment().get_template(template).render(words=words, palette=palette, **values)


def key_figures(day: DayReport, words: Wording) -> list[Figure]:
    """The day in seven or eight numbers; what is not measured is left out or a dash, never zero."""
    peak = words.hour(day.peak_hour) if day.peak_hour is not None else "–"
    in_peak = words("{entries} entries", entries=words.number(day.peak_hour_entries)) if day.peak_hour_entries else ""
    estimated = (
        words("{share} of entries estimated", share=words.percent(day.imputed_share)) if day.imputed_share else ""
    )
    figures = [
        Figure(words("entries"), words.number(day.entries), _against_last_week(day, words)),
        Figure(words("per open hour"), words.number(day.average_hourly_entries, 1)),
        Figure(words("busiest hour"), peak, in_peak),
        Figure(words("most people inside"), words.number(day.occupancy_max)),
        Figure(words("data complete"), words.percent(day.completeness), estimated),
        Figure(words("quality"), day.quality or "–", letter_in_words(day.quality, words)),
    ]
    if day.passers_by is not None:
        beside = words("{people} passed by", people=words.number(day.passers_by))
        figures.insert(1, Figure(words("capture rate"), words.percent(day.capture_rate, 1), beside))
    return figures


def hour_columns(day: DayReport, words: Wording) -> list[str]:
    """The headings of the table of hours; those of the street only where it is counted."""
    street = [words("passers-by"), words("capture rate")] if day.passers_by is not None else []
    return [words("hour"), words("entries"), words("usual"), *street, words("most people"), words("data")]


def zone_words(day: DayReport, words: Wording) -> Iterator[str]:
    """What the figures of the zones mean, as far as there are any of a kind."""
    if any(zone.entries is not None for zone in day.zones):
        yield words("Entries are crossings into the zone.")
    if any(zone.stays is not None for zone in day.zones):
        yield words("Stays are what the device itself counted in the zone: neither people nor entries.")
    if any(zone.is_estimated for zone in day.zones):
        yield words("≈: estimated from stays.")
    if any(zone.occupancy_mean is None for zone in day.zones):
        yield words("–: the lines of the shop cannot tell.")


def zone_columns(day: DayReport, words: Wording) -> list[ZoneColumn]:
    """The columns of the table of zones; one that no zone of the store fills is left out."""

    def column(label: str, name: str, cell: Callable[[ReportZone], str] | None = None) -> ZoneColumn | None:
        is_filled = any(getattr(zone, name) is not None for zone in day.zones)
        return ZoneColumn(label, cell or (lambda zone: words.number(getattr(zone, name)))) if is_filled else None

    columns = (
        column(words("entries"), "entries"),
        column(words("stays"), "stays"),
        column(words("people on average"), "occupancy_mean", lambda zone: _mean(zone, words)),
        column(words("most people"), "occupancy_max"),
        column(words("longest queue"), "queue_length_max"),
        column(words("wait, minutes"), "wait_minutes", lambda zone: words.number(zone.wait_minutes, 1)),
        column(words("hours counted"), "completeness", lambda zone: words.percent(zone.completeness)),
    )
    return [column for column in columns if column]


def _mean(zone: ReportZone, words: Wording) -> str:
    known = words.number(zone.occupancy_mean, 1)
    return f"≈ {known}" if zone.is_estimated and zone.occupancy_mean is not None else known


def _against_last_week(day: DayReport, words: Wording) -> str:
    if day.change_last_week is None or day.has_open_gap:
        return ""
    return words("{change} against last week", change=words.change(day.change_last_week))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("retail_pipeline.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
