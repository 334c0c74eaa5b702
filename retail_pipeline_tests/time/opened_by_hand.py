"""When a shop is open and which day it trades on, found by looking at its wall clock every minute. Plain Python.

Uses no code of the project: only what a fleet file says, public holidays as the law has them, and zoneinfo.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIXED = {
    "PT": ("01-01", "04-25", "05-01", "06-10", "08-15", "10-05", "11-01", "12-01", "12-08", "12-25"),
    "DE": ("01-01", "05-01", "10-03", "12-25", "12-26"),
}
AFTER_EASTER = {"PT": (-2, 0, 60), "DE": (-2, 1, 39, 50)}
"""Good Friday, Easter, Corpus Christi; Good Friday, Easter Monday, Ascension, Whit Monday."""


@dataclass(frozen=True)
class Declared:
    """What the fleet file says of a shop: spans by weekday, `holidays` and date, the hour its day starts, its zone."""

    timezone: str
    country: str
    week: Mapping[str, str]
    exceptions: Mapping[str, str]
    day_starts_at: int

    def fields(self) -> dict[str, object]:
        """The same, as the fleet file has it."""
        return {
            "timezone": self.timezone,
            "country": self.country,
            "opening_hours": dict(self.week),
            "exceptions": dict(self.exceptions),
            "day_starts_at": f"{self.day_starts_at:02}:00",
        }


@dataclass(frozen=True)
class Hour:
    """A local hour: its minutes, those in which the shop was open, and the trading day of the first."""

    start: dt.datetime
    minutes: int
    open_minutes: int
    trading_day: dt.date


def hours_by_hand(shop: Declared, start: dt.datetime, end: dt.datetime) -> list[Hour]:
    """The local hours that begin in `[start, end)`, which are UTC and whole hours of the shop."""
    zone = ZoneInfo(shop.timezone)
    looks = list(_looks(zone, start - 3 * DAY, end + DAY))
    opened = _open_minutes(shop, looks)
    trading = _trading_days(shop, looks)
    hours = []
    for _, run in groupby(looks, key=lambda look: (look[1].date(), look[1].hour, look[2])):
        minutes = [instant for instant, _, _ in run]
        if start <= minutes[0] < end:
            hours.append(Hour(minutes[0], len(minutes), len(opened.intersection(minutes)), trading[minutes[0]]))
    return hours


Look = tuple[dt.datetime, dt.datetime, dt.timedelta | None]


def _looks(zone: ZoneInfo, start: dt.datetime, end: dt.datetime) -> Iterator[Look]:
    """Every minute: the instant, what the clock shows, and its distance from UTC."""
    while start < end:
        shown = start.astimezone(zone)
        yield start, shown.replace(tzinfo=None, fold=0), shown.utcoffset()
        start += MINUTE


def _first_shown(looks: Sequence[Look], wall: dt.datetime) -> dt.datetime | None:
    """When the clock first showed a time, or one after it because it jumped; None: not within the looks."""
    return next((instant for instant, shown, _ in looks if shown >= wall), None)


def _open_minutes(shop: Declared, looks: Sequence[Look]) -> set[dt.datetime]:
    minutes: set[dt.datetime] = set()
    for date in sorted({shown.date() for _, shown, _ in looks})[:-1]:
        midnight = dt.datetime.combine(date, dt.time())
        for opens, closes in _spans(_hours_of(shop, date)):
            begin = _first_shown(looks, midnight + dt.timedelta(minutes=opens))
            end = _first_shown(looks, midnight + dt.timedelta(minutes=closes))
            while begin is not None and begin < (end or looks[-1][0]):
                minutes.add(begin)
                begin += MINUTE
    return minutes


def _trading_days(shop: Declared, looks: Sequence[Look]) -> dict[dt.datetime, dt.date]:
    dates = sorted({shown.date() for _, shown, _ in looks})
    begins = {date: _first_shown(looks, dt.datetime.combine(date, dt.time(shop.day_starts_at))) for date in dates}
    days, current = {}, dates[0] - DAY
    for instant, _, _ in looks:
        started = [date for date, begin in begins.items() if begin is not None and begin <= instant]
        current = max([current, *started])
        days[instant] = current
    return days


def _hours_of(shop: Declared, date: dt.date) -> str:
    if (exception := shop.exceptions.get(date.isoformat())) is not None:
        return exception
    if date in public_holidays(shop.country, date.year):
        return shop.week.get("holidays", "closed")
    return shop.week.get(WEEKDAYS[date.weekday()], "closed")


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Minutes after midnight; what closes before it opens closes on the next date."""
    for part in text.split(",") if text != "closed" else ():
        opens, closes = (int(time[:2]) * 60 + int(time[3:]) for time in part.strip().split("-"))
        yield opens, closes if closes > opens else closes + 24 * 60


def public_holidays(country: str, year: int) -> set[dt.date]:
    """Fixed dates and those that move with Easter."""
    fixed = {dt.date.fromisoformat(f"{year}-{date}") for date in FIXED[country]}
    return fixed | {easter(year) + days * DAY for days in AFTER_EASTER[country]}


def easter(year: int) -> dt.date:
    """By Gauss' rule for the Gregorian calendar, which holds from 1900 to 2099."""
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    if (d == 29 and e == 6) or (d == 28 and e == 6 and a > 10):
        e -= 7
    return dt.date(year, 3, 22) + (d + e) * DAY
