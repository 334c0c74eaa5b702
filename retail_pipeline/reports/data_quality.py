"""How far a day's figures can be relied on, in words: letters, causes of gaps, and the hours they concern."""

import datetime as dt
from collections.abc import Sequence

from retail_pipeline.reports.day import DayReport, ReportHour
from retail_pipeline.reports.wording import Wording, said

LETTERS = {
    "A": said("complete, as measured"),
    "B": said("complete, part of it came late"),
    "C": said("measured in part, the rest estimated"),
    "D": said("estimated, nothing was measured"),
    "X": said("not usable: hours are missing and cannot be estimated"),
}
CAUSES = {
    "unreachable": said("the device did not answer"),
    "refused": said("the device refused the password"),
    "not_a_report": said("something else answered in place of the device"),
    "malformed": said("the device's report could not be true"),
    "device_off": said("the device had no power"),
    "clock_change": said("the hour that comes twice cannot be told apart"),
    "not_yet_collected": said("not collected yet"),
    "store_failed": said("the device's report could not be kept"),
}
_HOUR = dt.timedelta(hours=1)


def letter_in_words(letter: str | None, words: Wording) -> str:
    """What a quality letter means; an hour that may still become complete has none."""
    return words(LETTERS[letter]) if letter in LETTERS else words("not known yet")


def gaps_in_words(day: DayReport, words: Wording) -> list[str]:
    """A sentence per cause: the hours that are missing, and why."""
    by_cause: dict[str, list[ReportHour]] = {}
    for hour in day.gaps:
        by_cause.setdefault(hour.cause or "", []).append(hour)
    return [f"{hours_in_words(hours, words)}: {_cause(cause, words)}" for cause, hours in by_cause.items()]


def estimates_in_words(day: DayReport, words: Wording) -> list[str]:
    """The hours that are estimated, each with its figure, which no total and no peak holds."""
    return [
        words("{hour}: estimated {entries}", hour=words.hour(hour.local_hour), entries=words.number(hour.imputed))
        for hour in day.gaps
        if hour.imputed is not None
    ]


def hours_in_words(hours: Sequence[ReportHour], words: Wording) -> str:
    """`10:00, 12:00–15:00`: hours that follow each other as one span, whose end is not part of it."""
    spans: list[list[ReportHour]] = []
    for hour in sorted(hours, key=lambda one: one.hour_start):
        if spans and hour.hour_start - spans[-1][-1].hour_start == _HOUR:
            spans[-1].append(hour)
        else:
            spans.append([hour])
    return ", ".join(_span(span, words) for span in spans)


def _span(span: Sequence[ReportHour], words: Wording) -> str:
    first = words.hour(span[0].local_hour)
    return first if len(span) == 1 else f"{first}–{words.hour(span[-1].local_hour + 1)}"


def _cause(cause: str, words: Wording) -> str:
    if not cause:
        return words("cause unknown")
    return words(CAUSES[cause]) if cause in CAUSES else cause
