"""The simulator's own time, and the wall-clock intervals into which a device sorts its crossings.

What people did belongs in `truth`. How the pipeline reads stamps is written separately: one tests the other.
"""

import datetime as dt
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

ATOM = dt.timedelta(minutes=5)  # every zone's offset and every device's interval is a multiple of it


class Span(NamedTuple):
    """A half-open span of UTC."""

    start: dt.datetime
    end: dt.datetime


class WallInterval(NamedTuple):
    """One row of a device: its naive wall clock and the UTC spans during which the device counts into it."""

    start: dt.datetime
    end: dt.datetime
    spans: tuple[Span, ...]


class SimulatedClock:
    """UTC as the simulator has it: true time, moved by tests, or standing still."""

    def __init__(self) -> None:
        self._offset = dt.timedelta()
        self._frozen_at: dt.datetime | None = None

    def now(self) -> dt.datetime:
        """The present instant (UTC)."""
        return self._frozen_at or self._machine_time() + self._offset

    def set(self, now: dt.datetime, *, is_frozen: bool = False) -> None:
        """Make it `now` (with a zone), and let time run on from there unless `is_frozen`."""
        self._offset = now - self._machine_time()
        self._frozen_at = now.astimezone(dt.UTC) if is_frozen else None

    def move(self, seconds: float) -> None:
        """Run `seconds` ahead of true time, or behind it."""
        self._offset, self._frozen_at = dt.timedelta(seconds=seconds), None

    @staticmethod
    def _machine_time() -> dt.datetime:
        return dt.datetime.fromtimestamp(time.time(), dt.UTC)


class Stretch(NamedTuple):
    """True time `[start, end)` in which a device's clock showed `shown` at first, and ran `rate` seconds a second."""

    start: dt.datetime
    end: dt.datetime
    shown: dt.datetime
    rate: float

    def shows(self, instant: dt.datetime) -> dt.datetime:
        """What the clock shows at an instant of the stretch."""
        return self.shown + (instant - self.start) * self.rate

    def true_span(self, shown: Span) -> Span:
        """When the clock of this stretch showed `[start, end)`; may be empty."""
        if self.rate == 0:
            return Span(self.start, self.end if shown.start <= self.shown < shown.end else self.start)
        start, end = (self.start + (bound - self.shown) / self.rate for bound in shown)
        return Span(min(max(start, self.start), self.end), min(max(end, self.start), self.end))


class DeviceClock:
    """The clock of one device: its stretches up to the present, in the order of time."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._stretches = stretches

    def now(self) -> dt.datetime:
        """What it shows."""
        return self._stretches[-1].shows(self._stretches[-1].end)

    def true_spans(self, shown: Span) -> list[Span]:
        """When it showed `[start, end)`: never where it was skipped, twice where it was set back."""
        return [stretch.true_span(shown) for stretch in self._stretches]


def floor_wall(wall: dt.datetime, minutes: int) -> dt.datetime:
    """The naive wall clock rounded down to whole intervals of its day."""
    into = (wall.hour * 60 + wall.minute) % minutes
    return wall.replace(second=0, microsecond=0) - dt.timedelta(minutes=into)


def wall_to_utc(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first instant of a naive wall clock; one that is skipped gives the instant as long after the change."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def wall_intervals(zone: ZoneInfo, first: dt.datetime, minutes: int) -> Iterator[WallInterval]:
    """Intervals of a wall clock from naive `first` on, endlessly, in the order of time.

    A repeated hour comes twice with the same stamps, a skipped one not at all: an interval is a maximal run of instants
    with the same floored wall clock and the same UTC offset.
    """
    start = wall_to_utc(first, zone)
    atoms = (start + index * ATOM for index in itertools.count())
    for (floored, _), run in itertools.groupby(atoms, key=lambda atom: _label(atom, zone, minutes)):
        instants = list(run)
        span = Span(instants[0], instants[-1] + ATOM)
        yield WallInterval(floored, floored + dt.timedelta(minutes=minutes), (span,))


@lru_cache(maxsize=1024)
def first_wall_intervals(zone: ZoneInfo, first: dt.datetime, minutes: int, count: int) -> tuple[WallInterval, ...]:
    """The first `count` of `wall_intervals`: devices of a zone that are asked at once have them in common."""
    return tuple(islice(wall_intervals(zone, first, minutes), count))


def merge_repeated(intervals: Iterable[WallInterval]) -> list[WallInterval]:
    """The rows of a device that keeps one counter per stamp: both passes of a repeated hour count into one row."""
    merged: dict[dt.datetime, WallInterval] = {}
    for interval in intervals:
        before = merged.get(interval.start)
        spans = (*before.spans, *interval.spans) if before else interval.spans
        merged[interval.start] = interval._replace(spans=spans)
    return list(merged.values())


def _label(instant: dt.datetime, zone: ZoneInfo, minutes: int) -> tuple[dt.datetime, dt.timedelta | None]:
    local = instant.astimezone(zone)
    return floor_wall(local.replace(tzinfo=None, fold=0), minutes), local.utcoffset()
