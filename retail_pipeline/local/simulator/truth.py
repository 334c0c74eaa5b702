"""What really happened in front of each device, in UTC: the figures that the simulated devices report.

Rows depend on the seed, the store, the device and the instants asked for; not on the window, nor on now.
What a device makes of it (stamps, open hours, faults) belongs in `device` and `faults`.
"""

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from retail_pipeline.fleet.models import Device, Role, Store
from retail_pipeline.local.simulator.calit2 import replayed_people
from retail_pipeline.local.simulator.clock import Span, floor_wall, wall_intervals
from retail_pipeline.local.simulator.synthetic import StoreDay, simulate_day
from retail_pipeline.local.simulator.tally import Tally

DEFAULT_SEED = 156
DEFAULT_VISITORS = 350.0
_REMEMBERED_DAYS = 1000


class Source(StrEnum):
    """Where a store's people come from."""

    CALIT2 = "calit2"
    SYNTHETIC = "synthetic"


class Crowd(NamedTuple):
    """How a store is peopled: from where, and how many an average 12-hour day."""

    source: Source = Source.SYNTHETIC
    visitors_a_day: float = DEFAULT_VISITORS


class People(NamedTuple):
    """People in a span of time: IN and OUT of lines 1 to 4, and stays in regions 1 to 4."""

    lines: tuple[tuple[int, int], ...] = ((0, 0),) * 4
    regions: tuple[int, ...] = (0,) * 4

    def __add__(self, other: object) -> "People":
        """People of two spans together."""
        if not isinstance(other, People):
            return NotImplemented
        lines = tuple((a[0] + b[0], a[1] + b[1]) for a, b in zip(self.lines, other.lines, strict=True))
        return People(lines, tuple(a + b for a, b in zip(self.regions, other.regions, strict=True)))


class TrueRow(NamedTuple):
    """One interval of a device, in UTC, half-open, with the people of the whole interval."""

    start: dt.datetime
    end: dt.datetime
    people: People


class Truth:
    """The people of a fleet; remembers the days it has simulated."""

    def __init__(self, seed: int = DEFAULT_SEED, crowds: Mapping[str, Crowd] | None = None) -> None:
        self._seed, self._crowds = seed, dict(crowds or {})
        self._days: OrderedDict[tuple[str, dt.date], StoreDay] = OrderedDict()

    def people(self, device: Device, store: Store, span: Span, longer_than: int = 0) -> People:
        """People in front of `device` in the UTC span `[start, end)`; of stays those longer than some seconds."""
        if span.end <= span.start:
            return People()
        if self._crowd(store).source is Source.CALIT2:
            return _replay(device, store, span)
        return self._simulated(device, store, span, longer_than)

    def rows(self, device: Device, store: Store, start: dt.datetime, end: dt.datetime) -> list[TrueRow]:
        """The device's intervals that start in `[start, end)`; the two passes of a repeated hour are two rows."""
        return [TrueRow(*span, self.people(device, store, span)) for span in _spans(device, store, start, end)]

    def _crowd(self, store: Store) -> Crowd:
        return self._crowds.get(store.id, Crowd())

    def _simulated(self, device: Device, store: Store, span: Span, longer_than: int) -> People:
        days = [self._day(store, date) for date in _dates(store, span)]
        lines = tuple(
            (
                sum(_between(tallies, span) for day in days if (tallies := day.lines.get((device.id, number, True)))),
                sum(_between(tallies, span) for day in days if (tallies := day.lines.get((device.id, number, False)))),
            )
            for number in range(1, 5)
        )
        zones = [device.regions.get(number, "") for number in range(1, 5)]
        stays = [day.longer_than(longer_than) if longer_than else day.stays for day in days]
        regions = tuple(sum(_between([one[zone]], span) for one in stays if zone in one) for zone in zones)
        return People(lines, regions)

    def _day(self, store: Store, date: dt.date) -> StoreDay:
        key = (store.id, date)
        if key not in self._days:
            self._days[key] = simulate_day(store, date, self._seed, self._crowd(store).visitors_a_day)
            if len(self._days) > _REMEMBERED_DAYS:
                self._days.popitem(last=False)
        return self._days[key]


def true_rows(
    device: Device,
    store: Store,
    start: dt.datetime,
    end: dt.datetime,
    *,
    seed: int = DEFAULT_SEED,
    crowd: Crowd = Crowd(),  # noqa: B008 - immutable
) -> list[TrueRow]:
    """The truth about a device's intervals that start in `[start, end)`, both in UTC."""
    return Truth(seed, {store.id: crowd}).rows(device, store, start, end)


def _spans(device: Device, store: Store, start: dt.datetime, end: dt.datetime) -> Iterator[Span]:
    zone = store.device_zone(device)
    first = floor_wall(start.astimezone(zone).replace(tzinfo=None, fold=0), device.interval_minutes)
    for interval in wall_intervals(zone, first, device.interval_minutes):
        if interval.spans[0].start >= end:
            return
        if interval.spans[0].start >= start:
            yield interval.spans[0]


def _dates(store: Store, span: Span) -> list[dt.date]:
    # Opening hours may run past midnight: what began on the local date before may still go on.
    last_second = span.end - dt.timedelta(seconds=1)
    first, last = (instant.astimezone(store.zone_info).date() for instant in (span.start, last_second))
    return [first - dt.timedelta(days=1) + dt.timedelta(days=more) for more in range((last - first).days + 2)]


def _between(tallies: list[Tally], span: Span) -> int:
    start, end = span.start.timestamp(), span.end.timestamp()
    return sum(tally.before(end) - tally.before(start) for tally in tallies)


def _replay(device: Device, store: Store, span: Span) -> People:
    lines = [(0, 0)] * 4
    doors = [number for number, line in sorted(device.lines.items()) if line.role is Role.ENTRANCE] or [1]
    inverted = doors[0] in device.lines and device.lines[doors[0]].inverted
    people = replayed_people(store.zone_info, span.start, span.end)
    lines[doors[0] - 1] = (people.exits, people.entries) if inverted else (people.entries, people.exits)
    return People(lines=tuple(lines))
