"""A counting device in plain Python, and what a store's hours should come to: atoms of five minutes and `zoneinfo`.

Nothing of the pipeline in it: people pass at instants, the device sorts them into rows by the clock on its own wall,
and a store's hours are read off the wall of the store.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

ATOM = dt.timedelta(minutes=5)
SECOND = dt.timedelta(seconds=1)
STAMP = "%Y/%m/%d %H:%M:%S"
SUBJECTS = ("Tolal", "Line1", "Line2", "Line3", "Line4")
HEADER = ", ".join(["StartTime", "EndTime", *(f"{one} - {way}" for one in SUBJECTS for way in ("In", "Out", "Sum"))])
Pair = tuple[int, int]
Label = tuple[dt.datetime, object]
Offset = Callable[[dt.datetime], dt.timedelta]


class PlainHour(NamedTuple):
    """A local clock hour as the wall shows it."""

    start: dt.datetime
    end: dt.datetime
    local: tuple[dt.date, int]
    trading_day: dt.date


def atoms(start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """Every five minutes of `[start, end)`."""
    while start < end:
        yield start
        start += ATOM


def people(instant: dt.datetime) -> Pair:
    """Who passed in and out in the five minutes from an instant on; no two hours are alike."""
    mixed = int(instant.timestamp()) // 300 * 2_654_435_761 % 2**32
    return mixed >> 7 & 3, mixed >> 19 & 3


def total(instants: Iterator[dt.datetime]) -> Pair:
    """The people of some atoms."""
    pairs = [people(instant) for instant in instants]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def right(_: dt.datetime) -> dt.timedelta:
    """The offset of a clock that is right."""
    return dt.timedelta()


@dataclass
class WallDevice:
    """A device that counts from `start` to `end`; its clock shows UTC + `offset(instant)`, on a wall in `zone`.

    `two_rows`: it has a row for either pass of a repeated hour; else one row, by its stamp, holds both.
    """

    zone: ZoneInfo
    minutes: int
    start: dt.datetime
    end: dt.datetime
    two_rows: bool = False
    offset: Offset = right
    _counted: list[tuple[dt.datetime, Label]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._counted = [(atom, self.label(self.clock(atom))) for atom in atoms(self.start, self.end)]

    def clock(self, instant: dt.datetime) -> dt.datetime:
        """What its clock shows, as UTC."""
        return instant + self.offset(instant)

    def report(self, asked_from: dt.datetime, now: dt.datetime) -> bytes:
        """A day of rows from the floored hour of naive `asked_from` on, as counted until `now`; `end` is ignored."""
        counts: dict[Label, list[int]] = {}
        for atom, label in self._counted:
            if atom < now:
                row = counts.setdefault(label, [0, 0])
                for way, one in enumerate(people(atom)):
                    row[way] += one
        begin = asked_from.replace(minute=0, second=0).replace(tzinfo=self.zone, fold=0).astimezone(dt.UTC)
        labels = dict.fromkeys(self.label(instant) for instant in atoms(begin, begin + dt.timedelta(hours=27)))
        rows = [self._row(label, counts.get(label, [0, 0])) for label in labels]
        return "\n".join([HEADER, *rows[: 24 * 60 // self.minutes]]).encode()

    def label(self, clock: dt.datetime) -> Label:
        """The row that it counts into when its clock shows that."""
        local = clock.astimezone(self.zone)
        naive = local.replace(tzinfo=None, fold=0)
        minute = naive.hour * 60 + naive.minute
        floored = naive.replace(minute=0, second=0, microsecond=0, hour=0) + dt.timedelta(
            minutes=minute - minute % self.minutes
        )
        return floored, local.utcoffset() if self.two_rows else None

    def _row(self, label: Label, counted: list[int]) -> str:
        start = label[0]
        end = start + dt.timedelta(minutes=self.minutes) - SECOND
        door = [*counted, sum(counted)]
        return ",".join([f"{start:{STAMP}}", f"{end:{STAMP}}", *map(str, [*door, *door, *[0] * 9])])


def plain_hours(zone: ZoneInfo, start: dt.datetime, end: dt.datetime, day_starts_at: int = 0) -> list[PlainHour]:
    """The local clock hours of a store that lie whole in `[start, end)`: one date, hour and UTC offset each."""
    hours: list[PlainHour] = []
    day = dt.date.min
    for (date, hour, _), run in groupby(atoms(start, end), key=lambda atom: _on_the_wall(atom, zone)):
        instants = list(run)
        shown = dt.datetime.combine(date, dt.time(hour)) - dt.timedelta(hours=day_starts_at)
        day = max(day, shown.date())  # a day that has begun does not end because the clock goes back
        hours.append(PlainHour(instants[0], instants[-1] + ATOM, (date, hour), day))
    return hours[1:-1]


def _on_the_wall(instant: dt.datetime, zone: ZoneInfo) -> tuple[dt.date, int, object]:
    local = instant.astimezone(zone)
    return local.date(), local.hour, local.utcoffset()


@cache
def clock_changes(zone: ZoneInfo, year: int) -> list[dt.datetime]:
    """UTC midnights of the days of a year in which the zone changes its clock; one quiet day where there is none."""
    first = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    midnights = [first + dt.timedelta(days=day) for day in range(366)]
    offsets = [midnight.astimezone(zone).utcoffset() for midnight in midnights]
    changes = [day for day, (was, now) in enumerate(pairwise(offsets)) if was != now]
    return [midnights[day] for day in changes] or [midnights[180]]


class Told(NamedTuple):
    """What the rows of a device come to: entries by the start of the hour, and its atoms that no row stands for."""

    entries: Counter[dt.datetime]
    untold: dict[dt.datetime, int]


def told_by_rows(device: WallDevice, hours: list[PlainHour]) -> Told:
    """Each row's people belong to the hour in which the row begins, by the device's clock."""
    rows: dict[Label, dt.datetime] = {}
    entries: Counter[dt.datetime] = Counter()
    hour_of = {atom: hour.start for hour in hours for atom in atoms(hour.start, hour.end)}
    for atom in atoms(device.start, device.end):
        clock = dt.datetime.fromtimestamp(device.clock(atom).timestamp() // 300 * 300, dt.UTC)
        label = device.label(clock)
        start = rows.setdefault(label, _beginning(clock, label[0], device.zone))
        if start in hour_of:
            entries[hour_of[start]] += people(atom)[0]
    told = {atom for start in rows.values() for atom in atoms(start, start + dt.timedelta(minutes=device.minutes))}
    untold = {hour.start: sum(atom not in told for atom in atoms(hour.start, hour.end)) for hour in hours}
    return Told(entries, {start: missing for start, missing in untold.items() if missing})


def _beginning(clock: dt.datetime, stamp: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """When a row began whose first people came at `clock`: at its stamp, or at the jump of a wall that skips it."""
    begun = clock - (_naive(clock, zone) - stamp)
    return begun if _naive(begun, zone) == stamp else clock


def _naive(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
