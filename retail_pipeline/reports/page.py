"""The report of a trading day as one HTML file that needs nothing else: no network, no script."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined

from retail_pipeline.reports import charts
from retail_pipeline.reports.day import DayReport, ReportZone
from retail_pipeline.reports.notes import notes
from retail_pipeline.reports.wording import Wording


@dataclass(frozen=True)
class Figure:
    """A key figure in words, with what stands beside it."""

    label: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class Picture:
    """A chart with its heading, its caption, and what it shows for those who cannot see it."""

    title: str
    picture: str
    told: str
    caption: str = ""

    @property
    def uri(self) -> str:
        """The address of the picture, which holds all of it."""
        return charts.data_uri(self.picture)


@dataclass(frozen=True)
class ZoneColumn:
    """A column of the table of zones, and what stands in it for a zone."""

    label: str
    cell: Callable[[ReportZone], str]


def day_page(day: DayReport) -> str:
    """The page in the store's language. Every text that came from a file or a device is escaped."""
    words = Wording(day.language)
    made_at = format_datetime(day.made_at.astimezone(ZoneInfo(day.timezone)), "short", locale=words.locale)
    return (
        _environment()
        .get_template("day.html.j2")
        .render(
            day=day,
            words=words,
            figures=key_figures(day, words),
            notes=notes(day, words),
            gaps=[hour for hour in day.hours if hour.is_gap],
            charts=pictures(day, words),
            hours=[hour for hour in day.hours if hour.is_open or hour.entries or hour.is_gap],
            zone_columns=zone_columns(day, words),
            has_stays=any(zone.stays is not None for zone in day.zones),
            made_at=made_at,
        )
    )


def key_figures(day: DayReport, words: Wording) -> list[Figure]:
    """The day in six or seven numbers; what is not measured is left out or a dash, never zero."""
    peak = words.hour(day.peak_hour) if day.peak_hour is not None else "–"
    figures = [
        Figure(words("entries"), words.number(day.entries), _against_last_week(day, words)),
        Figure(words("per open hour"), words.number(day.average_hourly_entries, 1)),
        Figure(words("busiest hour"), peak, words("{entries} entries", entries=words.number(day.peak_hour_entries))),
        Figure(words("most people inside"), words.number(day.occupancy_max)),
        Figure(words("data complete"), words.percent(day.completeness)),
    ]
    if day.passers_by is not None:
        beside = words("{people} passed by", people=words.number(day.passers_by))
        figures.insert(1, Figure(words("capture rate"), words.percent(day.capture_rate, 1), beside))
    return figures


def pictures(day: DayReport, words: Wording) -> list[Picture]:
    """The charts that the day's figures can fill."""
    shown = [entries_picture(day, words)]
    if any(hour.occupancy_max is not None for hour in day.hours):
        told = words("Most people inside: {people}.", people=words.number(day.occupancy_max))
        shown.append(Picture(words("People inside"), charts.svg(charts.occupancy_by_hour(day, words)), told))
    if any(hour.capture_rate is not None for hour in day.hours):
        told = words("Over the day {rate} came in.", rate=words.percent(day.capture_rate, 1))
        shown.append(Picture(words("Capture"), charts.svg(charts.capture_by_hour(day, words)), told))
    if day.week:
        caption = words("Mean entries of the last four weeks.")
        told = words("Mean entries by weekday and hour.")
        shown.append(Picture(words("The week"), charts.svg(charts.week_heat_map(day.week, words)), told, caption))
    return shown


def zone_columns(day: DayReport, words: Wording) -> list[ZoneColumn]:
    """The columns of the table of zones; one that no zone of the store fills is left out."""

    def column(label: str, name: str, digits: int = 0) -> ZoneColumn | None:
        is_filled = any(getattr(zone, name) is not None for zone in day.zones)
        return ZoneColumn(label, lambda zone: words.number(getattr(zone, name), digits)) if is_filled else None

    columns = (
        column(words("entries"), "entries"),
        column(words("stays"), "stays"),
        column(words("most people"), "occupancy_max"),
        column(words("longest queue"), "queue_length_max"),
        column(words("wait, minutes"), "wait_minutes", 1),
    )
    return [column for column in columns if column]


def entries_picture(day: DayReport, words: Wording) -> Picture:
    """Entries by hour against normal: the picture that also stands in the Dagster UI."""
    parts = [
        f"{words.hour(hour.local_hour)} {words('gap') if hour.is_gap else words.number(hour.entries)}"
        for hour in day.hours
        if hour.is_open
    ]
    caption = words("Bars: entries. Orange: usual for the hour. ×: not measured.")
    return Picture(words("Entries by hour"), charts.svg(charts.entries_by_hour(day, words)), ", ".join(parts), caption)


def _against_last_week(day: DayReport, words: Wording) -> str:
    if day.change_last_week is None:
        return ""
    return words("{change} against last week", change=words.change(day.change_last_week))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("retail_pipeline.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
