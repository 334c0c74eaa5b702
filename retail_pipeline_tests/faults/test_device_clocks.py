"""Clocks that jump, drift, stand still or show another zone: what is stored, missed and told, over HTTP into Postgres.

The shops are open from 10 to 20, UTC. Clocks go wrong at 12:20, and those that are put right are so at 14:20.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.health import evaluate
from retail_pipeline.steps.status import gather_status
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.faults.rhythm import UnderivedDays, ticks
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

BEGIN, FIRST, LOOK, LAST = (utc(f"2026-06-18 {time}") for time in ("00:00", "11:00", "13:30", "18:00"))
WRONG, RIGHT = "2026-06-18T12:20:00Z", "2026-06-18T14:20:00Z"
PUT_RIGHT = {"at": RIGHT, "seconds": 0}

CLOCKS: dict[str, dict[str, Any]] = {
    "well": {},
    "well-unsaid": {"sends_date": False},
    "fast": {"clock": [{"at": WRONG, "seconds": 9000}, PUT_RIGHT]},
    "slow": {"clock": [{"at": WRONG, "seconds": -9000}, PUT_RIGHT]},
    "still": {"clock": [{"at": WRONG, "stands_still": True}, PUT_RIGHT]},
    "gains": {"clock": [{"at": "2026-06-18T06:00:00Z", "seconds_a_day": 7200}]},
    "loses": {"clock": [{"at": "2026-06-18T06:00:00Z", "seconds_a_day": -7200}]},
    "fast-unsaid": {"clock": [{"at": WRONG, "seconds": 2400}], "sends_date": False},
    "slow-unsaid": {"clock": [{"at": WRONG, "seconds": -2400}], "sends_date": False},
    "still-unsaid": {"clock": [{"at": WRONG, "stands_still": True}, PUT_RIGHT], "sends_date": False},
}
ZONES = {"east-of-declared": "Europe/Paris", "west-of-declared": "Atlantic/Cape_Verde"}
"""What the devices' clocks show; the fleet file says UTC."""

CONSERVED = ("well", "well-unsaid", "fast", "slow", "still", "still-unsaid")
RIGHT_ALL_ALONG = ("well", "well-unsaid", "declared")
TOLD_BY = {
    "fast": {"counts_in_their_hours"},
    "slow": {"counts_in_their_hours", "quarantined_rows"},
    "still": {"counts_in_their_hours"},
    "gains": {"device_clock_skew", "counts_in_their_hours"},
    "loses": {"device_clock_skew", "counts_in_their_hours"},
    "fast-unsaid": {"quarantined_rows"},
    "slow-unsaid": {"counts_in_their_hours"},
    "still-unsaid": {"counts_in_their_hours"},
    "east-of-declared": {"quarantined_rows"},
    "west-of-declared": {"counts_in_their_hours"},
}
TELLING = ("device_clock_skew", "counts_in_their_hours", "quarantined_rows")


def a_fleet(**zones: str) -> Fleet:
    declared = shop("declared", door("declared-door", timezone="Asia/Tokyo"))
    others = (
        shop(name, door(f"{name}-door", **({"timezone": zones[name]} if name in zones else {})))
        for name in (*CLOCKS, *ZONES)
    )
    return fleet_of(declared, *others)


@dataclass(frozen=True)
class Played:
    """The fleet at the end, what stood while clocks were wrong, and the truth."""

    days: UnderivedDays
    skews: dict[str, float | None]
    ledger: pl.DataFrame
    now: dt.datetime
    truth: pl.DataFrame
    people: dict[str, int]


@pytest.fixture(scope="module")
def played(postgres: PostgresHandle) -> Iterator[Played]:
    scenario = Scenario.model_validate({"devices": {f"{name}-door": told for name, told in CLOCKS.items()}})
    with running_simulator(a_fleet(**ZONES), scenario) as simulator, fresh_database(postgres) as url:
        migrate(url)
        days = UnderivedDays(a_fleet(), simulator, Warehouse(url), BEGIN)
        for tick in ticks(FIRST, LAST):
            now = days.tick(tick)
            if tick == LOOK:
                status = gather_status(days.fleet, days.warehouse, [], now)
                skews = {one.store_id: one.clock_skew_seconds for one in status.devices}
                ledger = days.ledger()
        people = {
            device.store.id: sum(simulator.port.truth.people(device.device, device.store, Span(BEGIN, LAST)).lines[0])
            for device in simulator.port.devices.values()
        }
        yield Played(days, skews, ledger, now, days.truth(now), people)


def test_the_skew_of_every_clock_that_tells_it_is_shown(played: Played) -> None:
    shown = {name: played.skews[name] for name in ("well", "well-unsaid", "fast", "slow", "still")}

    # At 13:32:05. The `Date` is in whole seconds.
    assert shown == {"well": 0, "well-unsaid": None, "fast": 9000, "slow": -9000, "still": -(72 * 60 + 5)}
    assert played.skews["gains"] == pytest.approx(7.5347 * 300, abs=1)
    assert played.skews["loses"] == pytest.approx(-7.5347 * 300, abs=1)


def test_hours_that_a_slow_clock_has_not_come_to_are_missing_and_why(played: Played) -> None:
    told = played.ledger.filter(pl.col("store_id").is_in(["slow", "still"]), hour_start=utc("2026-06-18 12:00"))

    assert dict(told.select("store_id", "cause").rows()) == {"slow": "malformed", "still": "malformed"}
    assert dict(told.select("store_id", "detail").rows()) == {
        "slow": "its clock is 2:30:00 behind UTC: by it this hour has not ended",
        "still": "its clock is 1:12:05 behind UTC: by it this hour has not ended",
    }


def test_what_a_fast_clock_has_counted_ahead_is_not_stored_as_hours_to_come(played: Played) -> None:
    counts = played.days.counts(played.now + dt.timedelta(days=2))

    assert counts.filter(pl.col("interval_start") > pl.col("collected_at")).is_empty()


def test_nobody_is_lost_or_counted_twice_by_a_clock_that_was_put_right(played: Played) -> None:
    counts = played.days.counts(played.now).filter("is_complete")
    stored = dict(counts.group_by("store_id").agg(pl.sum_horizontal("line1_in", "line1_out").sum()).rows())

    assert {name: stored[name] for name in CONSERVED} == {name: played.people[name] for name in CONSERVED}
    assert all(stored[name] > 50 for name in CONSERVED)


def in_wrong_hours(played: Played) -> set[str]:
    """Stores of which a complete hour holds other people than came in it."""
    stands = played.days.by_hour(played.days.counts(played.now).filter("is_complete"), played.now)
    truth = played.days.by_hour(played.truth, played.now)
    wrong = stands.join(truth, on=["sensor_id", "hour_start", *LINE_COUNTS], how="anti")
    return {sensor_id.removesuffix("-door") for sensor_id in wrong["sensor_id"]}


def test_clocks_that_are_right_put_everybody_into_his_hour_whatever_their_zone(played: Played) -> None:
    assert in_wrong_hours(played).isdisjoint(RIGHT_ALL_ALONG)
    assert in_wrong_hours(played) == set(TOLD_BY)


def test_no_clock_puts_people_into_wrong_hours_without_a_word(played: Played) -> None:
    keys = [f"raw_sensor_counts/{name}" for name in TELLING]
    outcomes = evaluate(played.days.fleet, played.days.warehouse, keys, played.now)
    told = {
        name: {key.partition("/")[2] for key, one in outcomes.items() if name in one.findings["store_id"]}
        for name in (*RIGHT_ALL_ALONG, *TOLD_BY)
    }

    assert {name: checks for name, checks in told.items() if not TOLD_BY.get(name, set()) <= checks} == {}
    assert {name: told[name] for name in RIGHT_ALL_ALONG} == {name: set() for name in RIGHT_ALL_ALONG}
