"""The shop floor as simulated visitors see it: areas, the counted doors between them, and a walk through.

Only doors and times; how many visitors come, and when, belongs in `synthetic`.
"""

import random
from collections import deque
from typing import NamedTuple

from retail_pipeline.fleet.models import OUTSIDE_AREAS, Line, Role, Store, ZoneKind

OUTSIDE = "outside"
_MINUTES_IN = {ZoneKind.ENTRANCE: 1.5, ZoneKind.SHOPPING: 9.0, ZoneKind.QUEUE: 4.0, ZoneKind.PREMIUM: 3.0}
_GOES_ON = 0.7  # share of visitors who pass on from an area that has more areas behind it


class CountedDoor(NamedTuple):
    """A counted line between two areas; `is_in` on a crossing from `first` to `second` unless `inverted`."""

    sensor_id: str
    line: int
    first: str
    second: str
    inverted: bool

    def beyond(self, area: str) -> str:
        """The area on the other side."""
        return self.second if area == self.first else self.first


class Crossing(NamedTuple):
    """One person over one line, as the device counts it."""

    at: float
    sensor_id: str
    line: int
    is_in: bool


class Arrival(NamedTuple):
    """One person who comes into an area, in seconds since 1970."""

    at: float
    area: str


class Floor:
    """The areas of a store joined by its counted lines."""

    def __init__(self, store: Store) -> None:
        self._minutes = {zone_id: _MINUTES_IN[zone.kind] for zone_id, zone in store.zones.items()}
        inside = next(iter(store.zones), "inside")
        self._doors: dict[str, list[CountedDoor]] = {}
        for device in store.active_devices:
            for number, line in sorted(device.lines.items()):
                if line.role in (Role.ENTRANCE, Role.INTERIOR):
                    self._add(_door(device.id, number, line, inside))
        self._way_out = self._shortest_ways_out()

    @property
    def is_entered(self) -> bool:
        """Whether a counted line leads in from outside; without one nobody is simulated."""
        return OUTSIDE in self._doors

    def walk(self, rng: random.Random, arrival: float, leave_by: float) -> tuple[list[Crossing], list[Arrival]]:
        """One visit: in by some door, on through areas not yet seen, and out again, not after `leave_by`."""
        crossings: list[Crossing] = []
        arrivals: list[Arrival] = []
        seen, area, at = {OUTSIDE}, OUTSIDE, arrival
        door: CountedDoor | None = rng.choice(self._doors[OUTSIDE])
        while door is not None:
            crossings.append(_crossing(door, area, at))
            area = door.beyond(area)
            if area == OUTSIDE:
                break
            is_new = area not in seen
            seen.add(area)
            if is_new:
                arrivals.append(Arrival(at, area))
            at = min(leave_by, at + self._stay_seconds(rng, area, is_new=is_new))
            door = self._next_door(rng, area, seen)
        return crossings, arrivals

    def _add(self, door: CountedDoor) -> None:
        if door.first != door.second:
            self._doors.setdefault(door.first, []).append(door)
            self._doors.setdefault(door.second, []).append(door)

    def _stay_seconds(self, rng: random.Random, area: str, *, is_new: bool) -> float:
        # The way back through an area takes half a minute or so.
        return rng.expovariate(1 / (60 * self._minutes.get(area, 5.0))) if is_new else rng.uniform(15, 60)

    def _next_door(self, rng: random.Random, area: str, seen: set[str]) -> CountedDoor | None:
        onward = [door for door in self._doors[area] if door.beyond(area) not in seen]
        if onward and rng.random() < _GOES_ON:
            return rng.choice(onward)
        return self._way_out.get(area)

    def _shortest_ways_out(self) -> dict[str, CountedDoor]:
        ways: dict[str, CountedDoor] = {}
        waiting = deque([OUTSIDE])
        while waiting:
            reached = waiting.popleft()
            for door in self._doors.get(reached, []):
                area = door.beyond(reached)
                if area != OUTSIDE and area not in ways:
                    ways[area] = door
                    waiting.append(area)
        return ways


def _door(sensor_id: str, number: int, line: Line, inside: str) -> CountedDoor:
    first, second = (_area(name) for name in (line.from_area or OUTSIDE, line.to_area or inside))
    return CountedDoor(sensor_id, number, first, second, line.inverted)


def _area(name: str) -> str:
    return OUTSIDE if name in OUTSIDE_AREAS else name


def _crossing(door: CountedDoor, area: str, at: float) -> Crossing:
    return Crossing(at, door.sensor_id, door.line, (area == door.first) is not door.inverted)
