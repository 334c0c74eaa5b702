"""Wall clocks and instants: where a zone's clock jumps, and the instant a wall clock first shows a time.

Stores, days and opening hours do not belong here. `zoneinfo` does not tell its transitions, so they are searched for;
a zone is taken to change its clock at most once within an hour.
"""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR = dt.timedelta(hours=1)
_SECOND = dt.timedelta(seconds=1)


class ClockHour(NamedTuple):
    """A maximal run `[start, end)` of instants (UTC) with one local date, local hour and UTC offset."""

    start: dt.datetime
    end: dt.datetime
    wall: dt.datetime


def wall_clock(zone: ZoneInfo, instant: dt.datetime) -> dt.datetime:
    """What a clock on the wall shows at `instant`, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None)


@lru_cache(maxsize=8192)
def first_instant(zone: ZoneInfo, wall: dt.datetime) -> dt.datetime:
    """The first instant (UTC) at which the clock shows `wall` or, where it skips that time, the instant it jumps."""
    local = wall.replace(tzinfo=zone, fold=0)
    instant = local.astimezone(dt.UTC)
    if wall_clock(zone, instant) == wall:
        return instant
    # PEP 495: in a skipped time fold=0 reckons by the offset before the jump, so it lands at or after it.
    return _jump_between(zone, local.replace(fold=1).astimezone(dt.UTC), instant)


def clock_hour(zone: ZoneInfo, instant: dt.datetime) -> ClockHour:
    """The local clock hour that holds `instant`."""
    wall = wall_clock(zone, instant)
    into_hour = dt.timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    utc = instant.astimezone(dt.UTC)
    start, end = utc - into_hour, utc - into_hour + HOUR
    if _offset(zone, start) != _offset(zone, utc):
        start = _jump_between(zone, start, utc)
    if _offset(zone, end - _SECOND) != _offset(zone, utc):
        end = _jump_between(zone, utc, end - _SECOND)
    return ClockHour(start, end, wall_clock(zone, start))


@lru_cache(maxsize=8192)
def clock_hours_starting_in(zone: ZoneInfo, hour: dt.datetime) -> tuple[ClockHour, ...]:
    """The local clock hours whose start lies in `[hour, hour + 1 h)`, in order; `hour` in UTC."""
    found = []
    current = clock_hour(zone, hour)
    while current.start < hour + HOUR:
        if current.start >= hour:
            found.append(current)
        current = clock_hour(zone, current.end)
    return tuple(found)


def _offset(zone: ZoneInfo, instant: dt.datetime) -> dt.timedelta | None:
    return instant.astimezone(zone).utcoffset()


def _jump_between(zone: ZoneInfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The first whole second in `(before, after]` that has the offset of `after`."""
    offset = _offset(zone, after)
    low, high = 0, round((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + middle * _SECOND) == offset:
            high = middle
        else:
            low = middle
    return before + high * _SECOND
