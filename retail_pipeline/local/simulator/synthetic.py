"""Invented shops: visitors come in the opening hours, walk through the counted lines and leave; outside is a street.

Everything of a store's day follows from the seed, the store and the date; no clock is read.
"""

import datetime as dt
import math
import random
from dataclasses import dataclass, field

from retail_pipeline.fleet.calendar import open_spans
from retail_pipeline.fleet.models import Role, Store
from retail_pipeline.local.simulator.clock import Span, wall_to_utc
from retail_pipeline.local.simulator.tally import EventTally, SteadyTally, Tally
from retail_pipeline.local.simulator.walk import Arrival, Crossing, Floor

STREET_PER_VISITOR = 50  # in one real store 97 % of all crossings are on the street line
_WEEKDAY = (0.80, 0.82, 0.88, 0.95, 1.20, 1.45, 0.90)  # Monday first, of an average day
_MISSED = 0.003  # share of crossings that the camera does not see: drift, as on real doors
_STOPS_AT_WINDOW = 0.15  # share of visitors who stay at a native zone that no line leads to
_LINGER = dt.timedelta(minutes=10)  # the last visitors leave so long after closing
_STREET_SLOT = 300.0

_STAY_SECONDS = 45.0  # of an average stay in a region
LineKey = tuple[str, int, bool]
Stay = tuple[float, float]
"""When it began, in seconds since 1970, and how many seconds it lasted."""


@dataclass(frozen=True)
class StoreDay:
    """Running counts of what began on one local date: by (device, line, is it IN), and stays by zone."""

    lines: dict[LineKey, list[Tally]] = field(default_factory=dict)
    stays: dict[str, Tally] = field(default_factory=dict)
    lengths: dict[str, list[Stay]] = field(default_factory=dict)

    def longer_than(self, seconds: int) -> dict[str, Tally]:
        """Those of the stays that lasted longer, by zone; each is counted when it begins."""
        return {
            zone: EventTally([at for at, length in stays if length > seconds]) for zone, stays in self.lengths.items()
        }


def simulate_day(store: Store, date: dt.date, seed: int, visitors_a_day: float) -> StoreDay:
    """Everything that happens in a store on a local date, until the last visitor of its opening hours has left."""
    rng = random.Random(f"{seed}|{store.id}|{date}")  # noqa: S311 - not a secret
    day = StoreDay()
    crossings, arrivals = _visits(store, date, rng, visitors_a_day)
    for key, instants in _by_line(crossings).items():
        day.lines.setdefault(key, []).append(EventTally(instants))
    for zone, instants in _stays(store, arrivals, rng).items():
        day.stays[zone] = EventTally(instants)
        lengths = random.Random(f"{seed}|{store.id}|{date}|{zone}")  # noqa: S311 - not a secret
        day.lengths[zone] = [(at, lengths.expovariate(1 / _STAY_SECONDS)) for at in instants]
    for key in _street_lines(store):
        day.lines.setdefault(key, []).append(_street(store, date, rng, visitors_a_day))
    return day


def _visits(
    store: Store, date: dt.date, rng: random.Random, visitors_a_day: float
) -> tuple[list[Crossing], list[Arrival]]:
    floor = Floor(store)
    crossings: list[Crossing] = []
    arrivals: list[Arrival] = []
    for start, end in _open(store, date) if floor.is_entered else ():
        hours = (end - start) / dt.timedelta(hours=1)
        for _ in range(_poisson(rng, visitors_a_day * _WEEKDAY[date.weekday()] * hours / 12)):
            at = start.timestamp() + _when(rng) * (hours * 3600 - 600)
            crossed, arrived = floor.walk(rng, at, (end + _LINGER).timestamp())
            crossings += [crossing for crossing in crossed if rng.random() > _MISSED]
            arrivals += arrived
    return crossings, arrivals


def _open(store: Store, date: dt.date) -> list[tuple[dt.datetime, dt.datetime]]:
    # A store that never says when it is open is no closed shop: people come from 10 to 20.
    if store.exceptions or store.opening_hours.holidays or any(store.opening_hours.week):
        return open_spans(store, date)
    start, end = (wall_to_utc(dt.datetime.combine(date, dt.time(hour)), store.zone_info) for hour in (10, 20))
    return [(start, end)]


def _when(rng: random.Random) -> float:
    # Share of the opening hours: a smaller hump before their middle, a larger one after it, some people at any time.
    hump = rng.random()
    if hump < 0.15:
        return rng.random()
    return rng.triangular(0, 0.7, 0.35) if hump < 0.5 else rng.triangular(0.3, 1, 0.7)


def _by_line(crossings: list[Crossing]) -> dict[LineKey, list[float]]:
    instants: dict[LineKey, list[float]] = {}
    for crossing in crossings:
        instants.setdefault((crossing.sensor_id, crossing.line, crossing.is_in), []).append(crossing.at)
    return instants


def _stays(store: Store, arrivals: list[Arrival], rng: random.Random) -> dict[str, list[float]]:
    """Stays by zone: a person who moves about in a region is counted again, as on the devices."""
    stays: dict[str, list[float]] = {zone: [] for zone in store.zones}
    apart = sorted(stays.keys() - {arrival.area for arrival in arrivals})
    for arrival in arrivals:
        if arrival.area in stays:
            stays[arrival.area] += [arrival.at + 20 * again for again in range(1 + rng.randrange(4))]
        if arrival.area == arrivals[0].area:
            stopped = [zone for zone in apart if rng.random() < _STOPS_AT_WINDOW]
            for zone in stopped:
                stays[zone].append(arrival.at + rng.uniform(30, 300))
    return stays


def _street_lines(store: Store) -> list[LineKey]:
    return [
        (device.id, number, is_in)
        for device in store.active_devices
        for number, line in sorted(device.lines.items())
        if line.role is Role.PASSERS_BY
        for is_in in (True, False)
    ]


def _street(store: Store, date: dt.date, rng: random.Random, visitors_a_day: float) -> Tally:
    """People on the street in one direction, from local midnight to midnight; few at night."""
    span = local_day(store, date)
    slots = int((span.end - span.start).total_seconds() / _STREET_SLOT)
    people = visitors_a_day * _WEEKDAY[date.weekday()] * STREET_PER_VISITOR / 2
    shape = [_street_shape(24 * slot / slots) for slot in range(slots)]
    whole = sum(shape)
    counts = [_poisson(rng, people * share / whole) for share in shape]
    return SteadyTally(span.start.timestamp(), _STREET_SLOT, counts)


def _street_shape(hour: float) -> float:
    return 0.04 + max(0.0, math.sin(math.pi * (hour - 6) / 18)) ** 1.5 if hour > 6 else 0.04


def local_day(store: Store, date: dt.date) -> Span:
    """The local calendar date in UTC."""
    midnights = [dt.datetime.combine(date + dt.timedelta(days=more), dt.time(0)) for more in (0, 1)]
    return Span(*(wall_to_utc(midnight, store.zone_info) for midnight in midnights))


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 30:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
