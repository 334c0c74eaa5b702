"""The day in words: rules over the day's figures, each with the figure it speaks of. Nothing is guessed."""

from collections.abc import Iterator

from retail_pipeline.reports.data_quality import hours_in_words
from retail_pipeline.reports.day import DayReport, ReportAlert, ReportHour
from retail_pipeline.reports.wording import Wording

_WORTH_A_WORD = 0.1
_DRIFT_LIMIT = 0.05
_NEARLY_FULL = 0.9
_FAR_FROM_USUAL = 0.5
_LEAST_PEOPLE = 10


def notes(day: DayReport, words: Wording) -> list[str]:
    """Sentences in the order of their weight: what is missing first, then what happened."""
    return [*_data(day, words), *_traffic(day, words), *_inside(day, words)]


def _data(day: DayReport, _: Wording) -> Iterator[str]:
    if day.gaps:
        yield _(
            "Hours that are not complete: {hours}. They are shown as gaps and count for nothing.",
            hours=hours_in_words(day.gaps, _),
        )
    if _goes_on_after_a_gap(day):
        yield _("After a gap, people inside and in queues are counted on from before it: they are less certain.")
    if not day.is_complete and not day.gaps:
        yield _("The day is not over: figures are provisional.")
    if day.drift is not None and day.drift_share is not None and abs(day.drift_share) > _DRIFT_LIMIT:
        yield _(
            "Entries and exits differ by {people} people ({share}): occupancy of the day is less certain.",
            people=_.number(abs(day.drift)),
            share=_.percent(abs(day.drift_share)),
        )


def _traffic(day: DayReport, _: Wording) -> Iterator[str]:
    if day.has_open_gap:
        yield _("Not compared with last week: open hours were not measured.")
    elif day.change_last_week is not None and day.entries_last_week is not None:
        values = {"change": _.change(day.change_last_week), "entries": _.number(day.entries_last_week)}
        if abs(day.change_last_week) >= _WORTH_A_WORD:
            yield _("Entries changed by {change} against the same weekday last week ({entries}).", **values)
        else:
            yield _("About as many entries as on the same weekday last week ({entries}).", entries=values["entries"])
    if day.peak_hour is not None and day.peak_hour_entries:
        yield _(
            "Most people came from {hour}: {entries} entries.",
            hour=_.hour(day.peak_hour),
            entries=_.number(day.peak_hour_entries),
        )
    if (hour := _strangest_hour(day)) is not None:
        yield _(
            "At {hour} there were {entries} entries where {usual} are usual.",
            hour=_.hour(hour.local_hour),
            entries=_.number(hour.entries),
            usual=_.number(hour.usual),
        )
    if day.capture_rate is not None:
        yield _("{rate} of the people in front of the door came in.", rate=_.percent(day.capture_rate, 1))


def _inside(day: DayReport, _: Wording) -> Iterator[str]:
    if day.capacity and day.occupancy_max is not None and day.occupancy_max >= _NEARLY_FULL * day.capacity:
        yield _(
            "The shop was nearly full: {people} of {capacity} people.",
            people=_.number(day.occupancy_max),
            capacity=_.number(day.capacity),
        )
    for zone in day.zones:
        if zone.wait_minutes is not None and zone.queue_length_max is not None:
            yield _(
                "{zone}: up to {people} people waited, {minutes} minutes on average.",
                zone=zone.name,
                people=_.number(zone.queue_length_max),
                minutes=_.number(zone.wait_minutes, 1),
            )
    if day.alerts:
        yield _("Hours in which a queue passed its limit: {hours}.", hours=_.number(len(day.alerts)))


def alerts_in_words(day: DayReport, words: Wording) -> list[str]:
    """A sentence per hour in which a queue passed a limit: the figure and the limit."""
    return [_alert(alert, words) for alert in day.alerts]


def _alert(alert: ReportAlert, words: Wording) -> str:
    parts = []
    if alert.longest is not None:
        people, limit = words.number(alert.queue_length_max), words.number(alert.longest)
        parts.append(words("{people} people waited, where {limit} are the limit", people=people, limit=limit))
    if alert.slowest is not None:
        minutes, limit = words.number(alert.wait_minutes, 1), words.number(alert.slowest, 1)
        parts.append(words("the wait was {minutes} minutes, where {limit} are the limit", minutes=minutes, limit=limit))
    return f"{alert.zone_name}, {words.hour(alert.local_hour)}: {'; '.join(parts)}"


def _goes_on_after_a_gap(day: DayReport) -> bool:
    """Whether people were counted inside after an hour in which nobody knows who came and left."""
    inside = [hour.hour_start for hour in day.hours if not hour.is_gap and hour.occupancy_max]
    return any(gap.is_open and gap.hour_start < max(inside, default=gap.hour_start) for gap in day.gaps)


def _strangest_hour(day: DayReport) -> ReportHour | None:
    """The complete open hour farthest from usual, if it is far: half as many again, and ten people."""
    far = [
        (abs(hour.entries - hour.usual), hour)
        for hour in day.hours
        if hour.is_open and not hour.is_gap and hour.entries is not None and hour.usual is not None
    ]
    worth = [
        (distance, hour)
        for distance, hour in far
        if distance >= max(_LEAST_PEOPLE, _FAR_FROM_USUAL * (hour.usual or 0))
    ]
    return max(worth, key=lambda one: one[0])[1] if worth else None
