"""The pictures of a day with their headings and captions, and what each shows told in words, figure by figure."""

from collections.abc import Callable
from dataclasses import dataclass

from retail_pipeline.reports import charts
from retail_pipeline.reports.data_quality import letter_in_words
from retail_pipeline.reports.day import DayReport, ReportHour, ReportZone
from retail_pipeline.reports.wording import Wording


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


def pictures(day: DayReport, words: Wording) -> list[Picture]:
    """The charts that the day's figures can fill."""
    shown = [entries_picture(day, words)]
    if any(hour.occupancy_max is not None for hour in day.hours):
        shown.append(_occupancy(day, words))
    if any(hour.capture_rate is not None for hour in day.hours):
        shown.append(_capture(day, words))
    shown += [_queue(day, zone, words) for zone in day.zones if zone.queue_length_max is not None]
    if any(zone.entries is not None for zone in day.zones):
        shown.append(_zones(day, words, "entries", words("Entries of zones"), words("Crossings into each zone.")))
    if any(zone.stays is not None for zone in day.zones):
        caption = words("Counted by the device itself: neither people nor entries.")
        shown.append(_zones(day, words, "stays", words("Stays in zones"), caption))
    if day.week:
        shown.append(_week(day, words))
    return shown


def entries_picture(day: DayReport, words: Wording) -> Picture:
    """Entries by hour against normal: the picture that also stands in the Dagster UI."""
    told = _by_hour(day, words, lambda hour: words.number(hour.entries))
    caption = words("Bars: entries. Strokes: usual for the hour. ×: not measured, dashed where it is estimated.")
    return Picture(words("Entries by hour"), charts.entries_by_hour(day, words), told, caption)


def quality_picture(day: DayReport, words: Wording) -> Picture:
    """The quality letter of every shown hour."""
    parts = [f"{words.hour(hour.local_hour)} {hour.quality or words('not known yet')}" for hour in day.shown]
    letters = sorted({hour.quality for hour in day.shown if hour.quality})
    caption = ". ".join(f"{letter}: {letter_in_words(letter, words)}" for letter in letters)
    return Picture(words("Quality of each hour"), charts.quality_by_hour(day, words), ", ".join(parts), caption)


def _occupancy(day: DayReport, words: Wording) -> Picture:
    told = _by_hour(day, words, lambda hour: words.number(hour.occupancy_max))
    caption = words("Line: most people at once. Area: on average.")
    return Picture(words("People inside"), charts.occupancy_by_hour(day, words), told, caption)


def _capture(day: DayReport, words: Wording) -> Picture:
    told = _by_hour(day, words, lambda hour: words.percent(hour.capture_rate, 1))
    caption = words("Share of the people in front of the door who came in.")
    return Picture(words("Capture"), charts.capture_by_hour(day, words), told, caption)


def _queue(day: DayReport, queue: ReportZone, words: Wording) -> Picture:
    known = {hour.hour_start: hour.queue_length_max for hour in queue.hours}
    parts = [
        f"{words.hour(hour.local_hour)} {words('gap') if (most := known.get(hour.hour_start)) is None else most}"
        for hour in day.shown
        if hour.has_ended
    ]
    caption = words("Longest queue of each hour.")
    if day.queue_limit:
        caption = words("Longest queue of each hour; dashed: the limit of {people}.", people=day.queue_limit)
    title = words("Queue: {zone}", zone=queue.name)
    return Picture(title, charts.queue_by_hour(day, queue, words), ", ".join(parts), caption)


def _zones(day: DayReport, words: Wording, figure: str, title: str, caption: str) -> Picture:
    parts = [
        f"{zone.name}: {words.number(getattr(zone, figure))}" for zone in day.zones if getattr(zone, figure) is not None
    ]
    return Picture(title, charts.zones_by_hour(day, words, figure), ", ".join(parts), caption)


def _week(day: DayReport, words: Wording) -> Picture:
    most = max(day.week, key=lambda cell: cell.entries)
    told = words(
        "Mean entries by weekday and hour. Most: {weekday} {hour}, {entries}.",
        weekday=words.weekday(most.weekday),
        hour=words.hour(most.local_hour),
        entries=words.number(most.entries),
    )
    caption = words("Mean entries of the last four weeks.")
    return Picture(words("The week"), charts.week_heat_map(day.week, words), told, caption)


def _by_hour(day: DayReport, words: Wording, figure: Callable[[ReportHour], str]) -> str:
    """`10:00 12, 11:00 gap`."""
    return ", ".join(
        f"{words.hour(hour.local_hour)} {words('gap') if hour.is_gap else figure(hour)}" for hour in day.shown
    )
