"""Opening hours as people write them: `mon-sat: "10:00-22:00"`, `"18:00-02:00"` past midnight, `closed`."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field

from retail_pipeline.fleet.problems import Problem, refuse

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
HOLIDAYS = "holidays"
_SPAN = re.compile(r"^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})\Z", re.ASCII)


class OpenSpan(BaseModel):
    """Minutes after local midnight of the date it is declared for; an end above 1440 lies on the next date."""

    model_config = ConfigDict(frozen=True)
    start_minute: int
    end_minute: int


class OpeningHours(BaseModel):
    """Open spans per weekday, Monday first, and on public holidays; a day without one is closed."""

    model_config = ConfigDict(frozen=True)
    week: tuple[tuple[OpenSpan, ...], ...] = Field(default=((),) * 7)
    holidays: tuple[OpenSpan, ...] = ()

    def on(self, weekday: int) -> tuple[OpenSpan, ...]:
        """Spans that begin on that weekday (Monday is 0)."""
        return self.week[weekday]


def parse_spans(text: str) -> tuple[OpenSpan, ...]:
    """Spans of `"10:00-13:00, 15:00-20:00"`; in order and without overlap; `closed` gives none.

    Raises:
        ValueError: the text is not of that form; the caller names the store.
    """
    if text.strip().lower() == CLOSED:
        return ()
    spans = tuple(_parse_span(part.strip()) for part in text.split(","))
    if any(later.start_minute < earlier.end_minute for earlier, later in pairwise(spans)):
        raise ValueError(f"the opening hours {text!r} overlap, or are not in order")
    return spans


def parse_opening_hours(declared: Mapping[str, str]) -> OpeningHours:
    """Opening hours of `{mon-sat: "10:00-22:00", sun: closed, holidays: "12:00-18:00"}`; what is not named is closed.

    Of days named twice (`mon-sun`, then `sun`) the later stands.

    Raises:
        ValueError: an unknown weekday, or a span that is not `HH:MM-HH:MM`.
    """
    refuse(_opening_problems(declared))
    week: list[tuple[OpenSpan, ...]] = [()] * 7
    for days, text in declared.items():
        for weekday in _weekdays(days) if days != HOLIDAYS else ():
            week[weekday] = parse_spans(text)
    return OpeningHours(week=tuple(week), holidays=parse_spans(declared.get(HOLIDAYS, CLOSED)))


def spans_problem(text: object) -> str | None:
    """What is wrong with spans as declared, in a sentence; nothing if they can be read."""
    if not isinstance(text, str):
        return 'opening hours are text such as "10:00-22:00" or closed'
    try:
        parse_spans(text)
    except ValueError as error:
        return str(error)
    return None


def _opening_problems(declared: Mapping[str, object]) -> Iterator[Problem]:
    for days, text in declared.items():
        if days != HOLIDAYS:
            try:
                _weekdays(str(days))
            except ValueError as error:
                yield Problem((str(days),), str(error))
        if problem := spans_problem(text):
            yield Problem((str(days),), problem)


def _parse_span(text: str) -> OpenSpan:
    match = _SPAN.match(text)
    if not match:
        raise ValueError(f"opening hours are written 10:00-22:00 or closed, not {text!r}")
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start_hour > 23 or end_hour > 24 or max(start_minute, end_minute) > 59 or end > 24 * 60:
        raise ValueError(f"{text!r} holds a time of day that does not exist")
    return OpenSpan(start_minute=start, end_minute=end if end > start else end + 24 * 60)


def _weekdays(days: str) -> list[int]:
    first, _, last = days.strip().lower().partition("-")
    names = [first, last or first]
    if unknown := [name for name in names if name not in WEEKDAYS]:
        raise ValueError(f"weekdays are written {', '.join(WEEKDAYS)} or mon-fri, not {unknown[0]!r}")
    start, end = (WEEKDAYS.index(name) for name in names)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
