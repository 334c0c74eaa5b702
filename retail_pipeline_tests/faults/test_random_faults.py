"""Random faults on random devices at random times: what must hold whatever goes wrong, and that all of it heals.

A case is a seed; `RETAIL_FAULT_CASES` sets how many there are.
"""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import polars as pl
import pytest

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.cases import how_many
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.faults.rhythm import AFTER_THE_TICK, HALF_HOUR, HOUR, FleetDays, UnderivedDays, ticks
from retail_pipeline_tests.faults.scenarios import CASES, LINES, ZONES, Case
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

SEEDS = range(how_many(2))
DAYS = ("2026-01-15", "2026-06-18", "2026-09-10")
STORES = ("well", "one", "two", "three", "four", "five")
HANGING = ("hang", "slow_drip")
LONGEST, LONGEST_HANG = 14, 2  # half hours
ALL_END = 24
"""Half hours after the beginning. A reply of the last polls holds everything since."""


@dataclass(frozen=True)
class Spell:
    """A fault of a device while the simulated clock is in `[start, end)`."""

    sensor_id: str
    case: Case
    start: dt.datetime
    end: dt.datetime

    def is_on(self, now: dt.datetime) -> bool:
        return self.start <= now < self.end

    def declared(self) -> dict[str, object]:
        """As a scenario says it. A device without power has no other figures afterwards either."""
        start, end = ("from", "until") if self.case.fault == "power_off" else ("wall_from", "wall_until")
        times = {start: self.start.isoformat(), end: self.end.isoformat()}
        return {"name": self.case.fault, "options": dict(self.case.options), **times}


@dataclass(frozen=True)
class Drawn:
    """A fleet, when it is played, and what befalls it."""

    begin: dt.datetime
    fleet: Fleet
    spells: tuple[Spell, ...]

    def of(self, sensor_id: str) -> list[Spell]:
        return [spell for spell in self.spells if spell.sensor_id == sensor_id]

    def on(self, now: dt.datetime, *faults: str) -> list[str]:
        """The devices that have one of these faults at that moment."""
        return [spell.sensor_id for spell in self.spells if spell.case.fault in faults and spell.is_on(now)]

    def is_believed(self, sensor_id: str, now: dt.datetime) -> bool:
        """Whether the device has been asked without any fault since it last told other figures than the true ones."""
        polls = [tick + AFTER_THE_TICK for tick in ticks(self.begin + HOUR, now)]
        since = list(takewhile(lambda poll: not self._lies(sensor_id, poll), reversed(polls)))
        is_clear = any(not any(spell.is_on(poll) for spell in self.of(sensor_id)) for poll in since)
        return is_clear or len(since) == len(polls)

    def _lies(self, sensor_id: str, poll: dt.datetime) -> bool:
        return any(spell.case.tells_other_figures and spell.is_on(poll) for spell in self.of(sensor_id))

    def without_power(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those of `rows` in which a device had no power: nobody will ever know who came."""
        off = [spell for spell in self.spells if spell.case.fault == "power_off"]
        touched = [
            (pl.col("sensor_id") == spell.sensor_id)
            & pl.col("hour_start").is_between(spell.start - HOUR, spell.end, closed="left")
            for spell in off
        ]
        return rows.filter(pl.any_horizontal(touched)) if touched else rows.clear()


def drawn(seed: int) -> Drawn:
    lots = random.Random(seed)  # noqa: S311 - the same cases every time
    begin = utc(f"{lots.choice(DAYS)} {lots.randrange(24):02}:00")
    fleet = fleet_of(*(a_store(lots, name) for name in STORES))
    sensors = [device.id for store in fleet.stores for device in store.sensors if store.id != "well"]
    return Drawn(begin, fleet, tuple(spell for sensor_id in sensors for spell in spells(lots, sensor_id, begin)))


def a_store(lots: random.Random, name: str) -> dict[str, object]:
    doors = [
        door(
            f"{name}-{number}",
            lines=LINES,
            interval_minutes=lots.choice((60, 60, 30, 15)),
            credential="SHOPS",
            auth=lots.choice(("basic", "digest")),
            **lots.choice(({}, {"reports": ["lines", "regions"], "regions": {1: "hall"}})),
        )
        for number in range(lots.choice((1, 1, 2)))
    ]
    return shop(name, *doors, timezone=lots.choice(ZONES), zones={"hall": {"kind": "entrance", "name": "Hall"}})


def spells(lots: random.Random, sensor_id: str, begin: dt.datetime) -> Iterator[Spell]:
    """One or two, one after the other, somewhere in the first twelve hours."""
    at = 1
    for _ in range(lots.choice((1, 2))):
        case = lots.choice(CASES)
        start = at + lots.randrange(6)
        end = min(start + lots.randint(1, LONGEST_HANG if case.fault in HANGING else LONGEST), ALL_END)
        if start < end:
            yield Spell(sensor_id, case, begin + start * HALF_HOUR, begin + end * HALF_HOUR)
        at = end


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_nothing_invented_whatever_befalls_the_devices(postgres: PostgresHandle, seed: int) -> None:
    case = drawn(seed)
    with running_simulator(case.fleet, scenario_of(case)) as simulator, fresh_database(postgres) as url:
        migrate(url)
        days = UnderivedDays(case.fleet, simulator, Warehouse(url), case.begin)
        for tick in ticks(case.begin + HOUR, case.begin + (ALL_END + 4) * HALF_HOUR):
            now = play(days, case, tick, simulator)
            if tick.minute == 0 and tick.hour % 3 == 0:
                assert_stands(days, case, now)
        assert_healed(days, case, now)


def scenario_of(case: Drawn) -> Scenario:
    told = [spell for spell in case.spells if not spell.case.is_dead_port]
    faults = {spell.sensor_id: [one.declared() for one in told if one.sensor_id == spell.sensor_id] for spell in told}
    devices = {sensor_id: {"faults": declared} for sensor_id, declared in faults.items()}
    stores = {store.id: {"visitors_a_day": 200} for store in case.fleet.stores}
    return Scenario.model_validate({"devices": devices, "stores": stores})


def play(days: FleetDays, case: Drawn, tick: dt.datetime, simulator: RunningSimulator) -> dt.datetime:
    poll = tick + AFTER_THE_TICK
    days.fleet = pointed_at(case.fleet, simulator.base_url, dict.fromkeys(case.on(poll, "no-port"), 1))
    days.hanging = frozenset(case.on(poll, *HANGING))
    return days.tick(tick)


def assert_stands(days: FleetDays, case: Drawn, now: dt.datetime) -> None:
    """While faults last: what stands is the truth, and what does not is in the ledger with its cause."""
    counts, truth = days.counts(now), days.truth(now)
    believed = [name for name in truth["sensor_id"].unique() if case.is_believed(name, now)]
    known = pl.col("sensor_id").is_in(believed)
    stands = days.by_hour(counts.filter("is_complete", known), now)
    assert others(case, stands, days.by_hour(truth, now)).is_empty()

    open_rows = counts.filter(~pl.col("is_complete"), known)
    both = open_rows.join(truth, on=["sensor_id", "interval_start", "interval_end"], suffix="_true")
    assert both.filter(pl.any_horizontal(pl.col(name) > pl.col(f"{name}_true") for name in LINE_COUNTS)).is_empty()

    for report in Report:
        missing = days.missing(now, report)
        told = missing.join(days.ledger(), on=["sensor_id", "report", "hour_start"], how="left")
        unexplained = [row for row in told.iter_rows(named=True) if row["cause"] not in causes(case, row, now)]
        assert unexplained == [], unexplained
    assert in_ledger(days, "well") == []


def causes(case: Drawn, row: dict[str, object], now: dt.datetime) -> set[str | None]:
    """What the ledger may say of an hour of a device: a fault that it has had by then."""
    return {spell.case.cause for spell in case.of(str(row["sensor_id"])) if spell.start <= now} - {None}


def others(case: Drawn, stands: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Hours whose figures are not the true ones, though the device had power."""
    wrong = stands.join(truth, on=["sensor_id", "hour_start", *LINE_COUNTS], how="anti")
    return wrong.join(case.without_power(wrong), on=["sensor_id", "hour_start"], how="anti")


def in_ledger(days: FleetDays, store_id: str) -> list[object]:
    with days.warehouse.transaction() as connection:
        statement = "SELECT * FROM retail.collection_gaps WHERE store_id = %s AND hour_start >= %s"
        return connection.execute(statement, [store_id, days.begin]).fetchall()


def assert_healed(days: FleetDays, case: Drawn, now: dt.datetime) -> None:
    """After the faults: all is there and true, in the counts and in the hours of the stores."""
    truth = days.by_hour(days.truth(now), now)
    stands = days.by_hour(days.counts(now).filter("is_complete"), now)
    assert others(case, stands, truth).is_empty()
    assert stands.filter(pl.col("hour_start") < now - 2 * HOUR).height > 12 * len(STORES)
    for report in Report:
        assert days.missing(now, report).is_empty()
    assert days.ledger().is_empty()
    assert days.lost == []

    whole = [days.begin + n * HOUR for n in range(-1, ALL_END // 2)]
    derive_hours(days.fleet, days.warehouse, {store.id: whole for store in case.fleet.stores}, now, "a-run")
    of_store = pl.DataFrame(
        [(device.id, store.id) for store in case.fleet.stores for device in store.sensors],
        schema=["sensor_id", "store_id"],
        orient="row",
    )
    entered = truth.join(case.without_power(truth), on=["sensor_id", "hour_start"], how="anti").join(
        of_store, on="sensor_id"
    )
    whole_stores = entered.group_by("store_id", "hour_start").agg(pl.col("line1_in").sum().alias("entries"), pl.len())
    devices = of_store.group_by("store_id").len()
    expected = whole_stores.join(devices, on=["store_id", "len"]).drop("len")
    hourly = reads.hourly(days.warehouse, days.fleet.store_ids, days.begin, now).filter("is_complete")
    both = hourly.join(expected, on=["store_id", "hour_start"], suffix="_true")
    assert both.filter(pl.col("entries") != pl.col("entries_true")).is_empty()
    assert both.height > 8 * len(STORES)
