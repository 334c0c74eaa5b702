"""What a day of a device's reports says about how it is declared: sentences of advice, for a person who decides.

Pure: rows as the parser gives them, the declaration, and the time. Nobody's fleet file is changed by a guess.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

from retail_pipeline.fleet.calendar import open_spans
from retail_pipeline.fleet.layout import Role
from retail_pipeline.fleet.models import Device, Store
from retail_pipeline.frames.counts import crossings, entrance_crossings, lines_frame
from retail_pipeline.frames.schemas import LINE_NUMBERS, REGION_NUMBERS

STREET_FACTOR = 8
"""A street sees tens of times the crossings of a door (one real shop: 60); two doors of a shop rarely differ so."""

ENOUGH = 20
"""Crossings below which a line says nothing about its place."""

FEW = 10
"""People who are missed on any day."""

ONE_WAY = 0.25
"""A door with less than this share of its crossings in the other direction is a way in, or out: not inverted."""

SLOW_CLOCK_S = 120
HOUR_S = 3600


SURELY = 10
"""People due in a span that holds nobody: by chance that happens once in 20,000 times."""


Crossed = tuple[int, int]
"""IN and OUT of an interval."""


class NewestHour(NamedTuple):
    """The newest hour with people by the device's own stamps (naive), and how many crossings or stays it holds."""

    stamp: dt.datetime
    people: int


class LineDay(NamedTuple):
    """IN and OUT of a line over 24 hours, after `inverted`; `role` None: nobody declared the line."""

    line: int
    role: str | None
    in_count: int
    out_count: int

    @property
    def crossings(self) -> int:
        """Both ways."""
        return self.in_count + self.out_count


def line_days(rows: pl.DataFrame, device: Device) -> list[LineDay]:
    """Every line that is declared or counted somebody; `rows` are those of `raw_sensor_counts` of one device."""
    days = []
    for number in LINE_NUMBERS:
        line = device.lines.get(number)
        counts = [int(rows[f"line{number}_{way}"].sum()) for way in ("in", "out")]
        if line is not None or any(counts):
            ins, outs = reversed(counts) if line and line.inverted else counts
            days.append(LineDay(number, str(line.role) if line else None, ins, outs))
    return days


def line_advice(days: Sequence[LineDay]) -> Iterator[str]:
    """What the lines seem to be, where that is not what they are declared as."""
    if not any(day.crossings for day in days):
        yield "no line counted anybody in 24 hours: the shop was closed, or the device is covered or looks elsewhere"
        return
    doors = [day for day in days if day.role == Role.ENTRANCE]
    for day in days:
        if day.role is None:
            yield f"line {day.line} counted {day.crossings:,} crossings and is not declared; give it a role, or ignored"
        elif not day.crossings and day.role != Role.IGNORED:
            yield f"line {day.line} ({day.role}) counted nobody in 24 hours: is it drawn where people walk?"
        if (sentence := street_advice(day, doors)) is not None:
            yield sentence
    yield from swapped_advice(days)


def street_advice(day: LineDay, doors: Sequence[LineDay]) -> str | None:
    """A line that is not declared as the street and has far more crossings than the doors; None where it has not."""
    if day.crossings < ENOUGH or day.role in {Role.PASSERS_BY, Role.IGNORED}:
        return None
    others = [door for door in doors if door.line != day.line]
    if not others:
        return None
    entered = sum(door.crossings for door in others)
    if day.crossings < STREET_FACTOR * max(entered, 1):
        return None
    names = ", ".join(str(door.line) for door in others)
    return (
        f"line {day.line} looks like the street: {day.crossings:,} crossings against {entered:,} at the declared"
        f" entrance (line {names}); role: passers_by?"
    )


def swapped_advice(days: Sequence[LineDay]) -> Iterator[str]:
    """An entrance far busier than the street outside of it: the two are exchanged."""
    doors = [day for day in days if day.role == Role.ENTRANCE and day.crossings >= ENOUGH]
    streets = [day for day in days if day.role == Role.PASSERS_BY and day.crossings]
    for door in doors:
        for street in streets:
            if door.crossings >= STREET_FACTOR * street.crossings:
                yield (
                    f"line {door.line} looks like the street: as an entrance it counted {door.crossings:,} crossings,"
                    f" line {street.line}, declared as the street, {street.crossings:,}; are the two exchanged?"
                )


def inverted_advice(rows: pl.DataFrame, store: Store) -> dict[str, str]:
    """By device, the entrance line that looks mounted the wrong way round; `rows` are 24 hours of all of them.

    The shop is judged as a whole, since people who come by one door may leave by another: where more leave than have
    come, from the quiet of the night on, and one line turned makes the day add up, it is named. Where no line does,
    entries are missed. A line hardly crossed in the other direction is a way out, no suspect. Where people stay for a
    small part of a row's length, nothing can be told.
    """
    doors = crossings_by_door(rows, store)
    declared = people_unexplained(list(doors.values()))
    turned = {
        door: people_unexplained([_turned(hours) if one == door else hours for one, hours in doors.items()])
        for door, hours in doors.items()
        if is_used_both_ways(hours)
    }
    suspect = min(turned, key=lambda door: turned[door], default=None)
    left = sum(left for hours in doors.values() for _, left in hours)
    if suspect is None or declared < max(FEW, 0.005 * left) or turned[suspect] > declared / 2:
        return {}
    sensor_id, line = suspect
    device = next(one for one in store.sensors if one.id == sensor_id)
    meant = "false" if device.lines[line].inverted else "true"
    sentence = f"line {line} looks inverted: people leave before they come, and would not if it were turned"
    return {sensor_id: f"{sentence}; set inverted: {meant}"}


def crossings_by_door(rows: pl.DataFrame, store: Store) -> dict[tuple[str, int], list[Crossed]]:
    """IN and OUT per interval of each entrance line, after `inverted`; all of the same intervals, in order."""
    entrance = entrance_crossings(crossings(rows, lines_frame([store])))
    starts = entrance["interval_start"].unique().sort().to_list()
    doors: dict[tuple[str, int], dict[dt.datetime, Crossed]] = {}
    for row in entrance.iter_rows(named=True):
        door = doors.setdefault((row["sensor_id"], row["line"]), {})
        door[row["interval_start"]] = (row["in_count"], row["out_count"])
    return {door: [counted.get(start, (0, 0)) for start in starts] for door, counted in doors.items()}


def people_unexplained(doors: Sequence[Sequence[Crossed]]) -> int:
    """How far the running IN - OUT over all doors falls below zero, and how far it ends from it: 0 on a perfect day.

    The day begins in the quiet of the night; where there is none, nothing can be told, and it is 0 too.
    """
    hours = [(sum(e for e, _ in at), sum(left for _, left in at)) for at in zip(*doors, strict=True)]
    inside = list(accumulate(entered - left for entered, left in from_the_night(hours)))
    return max(0, -min(inside)) + abs(inside[-1]) if inside else 0


def is_used_both_ways(hours: Sequence[Crossed]) -> bool:
    """Whether a line is crossed often enough, and in both directions, to say how it is mounted."""
    fewer, more = sorted((sum(entered for entered, _ in hours), sum(left for _, left in hours)))
    return fewer + more >= ENOUGH and fewer >= ONE_WAY * more


def _turned(hours: Sequence[Crossed]) -> list[Crossed]:
    return [(left, entered) for entered, left in hours]


def from_the_night(crossed: Sequence[Crossed]) -> list[Crossed]:
    """24 hours turned so that they begin in the middle of the longest quiet: one day, from its beginning.

    People who are inside when the window begins would look like people who leave a shop that nobody entered. A shop
    that is never quiet for a twelfth of the time tells no beginning: it gives nothing.
    """
    longest, turn, length = 0, 0, 0
    for position in range(2 * len(crossed)):
        length = 0 if any(crossed[position % len(crossed)]) else length + 1
        if longest < length <= len(crossed):
            longest, turn = length, (position + 1 - length // 2) % len(crossed)
    return [*crossed[turn:], *crossed[:turn]] if longest * 12 >= len(crossed) else []


def region_advice(stays: Mapping[int, int], regions: Mapping[int, str]) -> Iterator[str]:
    """`stays` per region number over 24 hours, against the regions that are declared."""
    for number in REGION_NUMBERS:
        if number in regions and not stays.get(number):
            yield f"region {number} ({regions[number]}) counted nobody in 24 hours: is it drawn where people stand?"
        if number not in regions and stays.get(number):
            yield f"region {number} counted {stays[number]:,} stays and is not declared; name its zone"


def interval_advice(rows: pl.DataFrame, declared_minutes: int) -> Iterator[str]:
    """The length of most rows, where it is not what is declared."""
    minutes = (pl.col("interval_end") - pl.col("interval_start")).dt.total_minutes()
    lengths = rows.select(minutes.alias("minutes"))["minutes"].mode().sort()
    if lengths.len() and declared_minutes not in lengths:
        yield f"its rows last {lengths[0]} minutes; the fleet file says interval_minutes: {declared_minutes}"


def clock_advice(skew_s: float | None) -> Iterator[str]:
    """The HTTP `Date` against UTC; `skew_s` None: it sends none."""
    if skew_s is None:
        yield "it sends no HTTP Date: its clock can't be watched, and an hour counts as final by our own clock"
        return
    hours = round(skew_s / HOUR_S)
    if hours and abs(skew_s - hours * HOUR_S) <= SLOW_CLOCK_S:
        yield f"its clock is {hours:+d} h off UTC: it gives local time as UTC, or its own zone is set wrong"
    elif abs(skew_s) > SLOW_CLOCK_S:
        yield f"its clock is {skew_s:+,.0f} s off UTC: let it synchronise (NTP)"


def zone_advice(newest: NewestHour | None, now: dt.datetime, store: Store, device: Device) -> Iterator[str]:
    """The newest hour with people against the hour it is now in the declared zone.

    Ahead is certain: nobody counts people of hours to come. Behind is told only where the shop was open meanwhile and
    people had been coming so fast that ten were due in the hour that holds nobody.
    """
    if newest is None:
        return
    zone = store.device_zone(device)
    local = now.astimezone(zone).replace(tzinfo=None)
    hours = round((newest.stamp.replace(minute=0) - local.replace(minute=0)).total_seconds() / HOUR_S)
    if hours > 0:
        yield (
            f"its stamps are {hours} h ahead of {zone.key}: it counted people at {newest.stamp:%H:%M}, when it was"
            f" {local:%H:%M} there; its clock stands as in {zone_like(zone, hours, now)}. Set timezone, or its clock"
        )
    since = now + dt.timedelta(hours=hours)
    if hours < 0 and newest.people * local.minute / 60 >= SURELY and is_open_throughout(store, since, now):
        yield (
            f"its stamps are {-hours} h behind {zone.key}: at {local:%H:%M} there its newest people are of"
            f" {newest.stamp:%H:%M}; its clock stands as in {zone_like(zone, hours, now)}. Set timezone, or its clock"
        )


def is_open_throughout(store: Store, start: dt.datetime, end: dt.datetime) -> bool:
    """Whether the shop is open from `start` to `end` without a break."""
    day = start.astimezone(store.zone_info).date()
    spans = [span for date in (day - dt.timedelta(days=1), day) for span in open_spans(store, date)]
    return any(opens <= start and end <= closes for opens, closes in spans)


def zone_like(zone: ZoneInfo, hours: int, now: dt.datetime) -> str:
    """A zone whose clocks show that many hours more than `zone` now: UTC, else one of the same part of the world."""
    offset = (now.astimezone(zone).utcoffset() or dt.timedelta()) + dt.timedelta(hours=hours)
    minutes = int(offset.total_seconds() // 60)
    said = f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    if not minutes:
        return "UTC"
    area = zone.key.partition("/")[0]
    alike = (
        name
        for name in sorted(available_timezones(), key=lambda name: (name.partition("/")[0] != area, name))
        if "/" in name and not name.startswith("Etc/") and now.astimezone(ZoneInfo(name)).utcoffset() == offset
    )
    example = next(alike, None)
    return f"{said} (such as {example})" if example else said


def retention_advice(oldest: tuple[int, int] | None, declared_days: int) -> Iterator[str]:
    """Rows and people that it still knows of the oldest day it is said to know; None: it was not told."""
    if oldest is None:
        return
    rows, people = oldest
    if not rows:
        yield f"it has no rows of {declared_days} days ago: retention_days may be less, or it was installed later"
    elif not people:
        yield f"its rows of {declared_days} days ago hold nobody: closed that day, or forgotten (retention_days)"
