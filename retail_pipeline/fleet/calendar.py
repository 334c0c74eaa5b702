"""A store's calendar: local clock hours, trading days and open spans, as instants in UTC.

One store and a few hours at a time; whole tables are dated by `frames.local_time`, to the same definitions.
Devices' own stamps do not belong here.
"""

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from retail_pipeline.fleet.models import Store
from retail_pipeline.fleet.opening import OpenSpan, parse_spans
from retail_pipeline.fleet.public_holidays import public_holidays
from retail_pipeline.fleet.wall_clock import (
    HOUR,
    ClockHour,
    clock_hour,
    clock_hours_starting_in,
    first_instant,
    wall_clock,
)

_DAY = dt.timedelta(days=1)


class LocalHour(NamedTuple):
    """A local clock hour `[hour_start, hour_end)` in UTC: one local date, local hour and UTC offset.

    It lasts 60 minutes, less where a clock change cuts it (Lord Howe: 30); a repeated hour is two of them.
    """

    hour_start: dt.datetime
    hour_end: dt.datetime
    local_date: dt.date
    local_hour: int
    trading_day: dt.date


def local_hours(store: Store, start: dt.datetime, end: dt.datetime) -> list[LocalHour]:
    """The local clock hours whose `hour_start` lies in `[start, end)`, in order."""
    hours = []
    hour = start.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    while hour < end:
        hours += [local for local in hours_starting_in(store, hour) if start <= local.hour_start < end]
        hour += HOUR
    return hours


def hours_starting_in(store: Store, hour: dt.datetime) -> list[LocalHour]:
    """The local clock hours that start in the UTC hour `[hour, hour + 1 h)`: the content of that partition.

    One, or two where a clock change cuts an hour short; never none, because no local hour lasts longer than 60 minutes.
    """
    return [_local_hour(store, found) for found in clock_hours_starting_in(store.zone_info, hour.astimezone(dt.UTC))]


def settles_at(store: Store, hour: LocalHour) -> dt.datetime:
    """When the counts of an hour can no longer grow: at its end; where it comes twice, at the end of the second.

    A device may count both into one row.
    """
    following = local_hours(store, hour.hour_end, hour.hour_end + HOUR)
    again = [one.hour_end for one in following if (one.local_date, one.local_hour) == hour[2:4]]
    return again[-1] if again else hour.hour_end


def trading_day_of(store: Store, instant: dt.datetime) -> dt.date:
    """The trading day that `instant` belongs to: the date of its wall clock less `day_starts_at`.

    A day that has begun does not end because the clock goes back (Chatham: 03:45 to 02:45, with days from 03:00).
    """
    wall = wall_clock(store.zone_info, instant)
    day = (wall - dt.timedelta(hours=store.day_starts_at.hour)).date()
    return day + _DAY if instant >= _day_start(store, day + _DAY) else day


def day_bounds(store: Store, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Start and end (UTC) of a trading day, 23, 24 or 25 h apart; both the same where a zone left out the date."""
    return _day_start(store, day), _day_start(store, day + _DAY)


def open_spans(store: Store, day_date: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
    """Open spans `[start, end)` in UTC that begin on that local date, in order; none when the store is closed.

    An exception of that date counts first, then public holidays of `store.country`, then the weekday. A public
    holiday without `opening_hours.holidays` is closed. What the evening before still covers is left out, so that
    spans of consecutive dates never overlap. A repeated wall-clock time means its first occurrence.
    """
    zone = store.zone_info
    before = [_instant(zone, day_date - _DAY, span.end_minute) for span in _declared_spans(store, day_date - _DAY)]
    spans = []
    for span in _declared_spans(store, day_date):
        start = max([_instant(zone, day_date, span.start_minute), *before])
        end = _instant(zone, day_date, span.end_minute)
        if start < end:
            spans.append((start, end))
    return spans


def device_windows(
    device_zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    """The whole device-local days that `[start, end)` touches, as windows (UTC) that may be asked for at once.

    They follow each other without a gap, and none is longer than 24 h elapsed: a device answers 24 rows and would
    lose the last hour of a day of 25, so such a day becomes two windows. It is cut about noon, where no clock changes:
    a window that begins between two passes of an hour, or ends with them, can't tell whose row it gets.
    """
    windows = []
    day = wall_clock(device_zone, start).date()
    while start < end and (day_start := _instant(device_zone, day, 0)) < end:
        day += _DAY
        windows += _at_most_a_day(device_zone, day_start, _instant(device_zone, day, 0))
    return windows


def _at_most_a_day(zone: ZoneInfo, start: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    if end - start <= _DAY:
        return [(start, end)] if start < end else []
    cut = clock_hour(zone, start + _DAY / 2).start
    return [(start, cut), (cut, end)]


def _local_hour(store: Store, found: ClockHour) -> LocalHour:
    trading_day = trading_day_of(store, found.start)
    return LocalHour(found.start, found.end, found.wall.date(), found.wall.hour, trading_day)


def _day_start(store: Store, day: dt.date) -> dt.datetime:
    return first_instant(store.zone_info, dt.datetime.combine(day, store.day_starts_at))


def _instant(zone: ZoneInfo, day: dt.date, minute: int) -> dt.datetime:
    return first_instant(zone, dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute))


def _declared_spans(store: Store, day: dt.date) -> tuple[OpenSpan, ...]:
    if (exception := store.exceptions.get(day)) is not None:
        return parse_spans(exception)
    if store.country is not None and day in public_holidays(store.country, day.year):
        return store.opening_hours.holidays
    return store.opening_hours.on(day.weekday())
