"""A fleet goes through every fault at once, for a day and a half: nothing is lost, nothing invented, all is explained.

One store for each fault, healthy ones between them. The faults last for sixteen hours, so that one reply holds all
that they spoilt; what hangs, for four.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pytest

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.faults.rhythm import AFTER_THE_TICK, HALF_HOUR, HOUR, FleetDays, ticks
from retail_pipeline_tests.faults.scenarios import CASES, Case, fleet_of_cases, healthy_sensors
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import utc

BEGIN, END = utc("2026-06-18 00:00"), utc("2026-06-19 12:00")
STRIKES = utc("2026-06-18 06:20")
ENDS = utc("2026-06-18 22:20")
ENDS_SOON = utc("2026-06-18 10:10")
LOOKS = [utc("2026-06-18 10:00"), utc("2026-06-18 16:00"), utc("2026-06-18 22:00")]
HANGING = ("hang", "slow_drip")
HOURLY_FIGURES = (
    *("store_id", "hour_start", "entries", "exits", "net_flow", "passers_by", "capture_rate", "occupancy_end"),
    *("occupancy_max", "occupancy_mean", "completeness", "is_complete"),
)
DAILY_FIGURES = (
    *("store_id", "trading_day", "entries", "exits", "net_flow", "passers_by", "business_entries", "peak_hour"),
    *("average_hourly_entries", "occupancy_max", "hours_expected", "hours_reported", "completeness"),
)


@dataclass(frozen=True)
class Look:
    """What stands after a poll."""

    now: dt.datetime
    counts: pl.DataFrame
    missing: pl.DataFrame
    ledger: pl.DataFrame


@dataclass(frozen=True)
class Played:
    """The fleet at the end, what stood on the way, and the truth."""

    days: FleetDays
    looks: list[Look]
    end: Look
    truth: pl.DataFrame
    undisturbed: FleetDays


def fault_of(case: Case) -> dict[str, object]:
    """The fault as a scenario says it. A device without power has no other figures afterwards either."""
    ends = (ENDS_SOON if case.fault in HANGING else ENDS).isoformat()
    limits = {"wall_from": STRIKES.isoformat(), "wall_until": ends}
    if case.fault == "power_off":
        limits = {"from": STRIKES.isoformat(), "until": ends}
    return {"faults": [{"name": case.fault, "options": dict(case.options), **limits}]}


@pytest.fixture(scope="module")
def played(postgres: PostgresHandle) -> Iterator[Played]:
    fleet = fleet_of_cases()
    scenario = Scenario.model_validate(
        {
            "devices": {case.sensor_id: fault_of(case) for case in CASES if not case.is_dead_port},
            "stores": {store.id: {"visitors_a_day": 120} for store in fleet.stores},
        }
    )
    with (
        running_simulator(fleet, scenario) as simulator,
        fresh_database(postgres) as url,
        fresh_database(postgres) as other_url,
    ):
        migrate(url)
        migrate(other_url)
        days = FleetDays(fleet, simulator, Warehouse(url), BEGIN)
        dead = {case.sensor_id: 1 for case in CASES if case.is_dead_port}
        hanging = frozenset(case.sensor_id for case in CASES if case.fault in HANGING)
        looks = []
        for tick in ticks(BEGIN + HOUR, END):
            days.fleet = pointed_at(fleet, simulator.base_url, dead if STRIKES <= tick < ENDS else None)
            days.hanging = hanging if STRIKES <= tick < ENDS_SOON else frozenset()
            now = days.tick(tick)
            if tick in LOOKS or tick == END:
                looks.append(Look(now, days.counts(now), days.missing(now), days.ledger()))
        undisturbed = FleetDays(fleet, simulator, Warehouse(other_url), BEGIN)
        hours = [BEGIN + n * HOUR for n in range(-1, int((END - BEGIN) / HOUR))]
        undisturbed.derive(undisturbed.collect(dict.fromkeys(fleet.store_ids, hours), now), now)
        undisturbed.summarise(now)
        yield Played(days, looks[:-1], looks[-1], days.truth(now), undisturbed)


def sensors(*, tells_other_figures: bool) -> list[str]:
    return [case.sensor_id for case in CASES if case.tells_other_figures is tells_other_figures]


def test_healthy_stores_are_on_time_and_never_in_the_ledger(played: Played) -> None:
    healthy = healthy_sensors(played.days.fleet)
    rows = played.end.counts.filter(pl.col("sensor_id").is_in(healthy), "is_complete")
    settled = rows["interval_end"] + dt.timedelta(minutes=2)
    first_poll = (settled - AFTER_THE_TICK).dt.offset_by("1us").dt.truncate("30m") + HALF_HOUR + AFTER_THE_TICK
    on_time = rows.filter(rows["collected_at"] == first_poll, rows["interval_end"] > BEGIN + 2 * HOUR)

    assert on_time.height == rows.filter(pl.col("interval_end") > BEGIN + 2 * HOUR).height > 0
    assert set(healthy) == set(on_time["sensor_id"])
    assert in_ledger(played, healthy) == []


def in_ledger(played: Played, sensor_ids: list[str]) -> list[object]:
    with played.days.warehouse.transaction() as connection:
        statement = "SELECT sensor_id, hour_start, cause FROM retail.collection_gaps"
        rows = connection.execute(f"{statement} WHERE sensor_id = ANY(%s) AND hour_start >= %s", [sensor_ids, BEGIN])
        return rows.fetchall()


def test_every_hour_that_stands_is_the_truth_while_faults_last(played: Played) -> None:
    for look in played.looks:
        stands = played.days.by_hour(look.counts.filter("is_complete"), look.now)
        believed = stands.filter(~pl.col("sensor_id").is_in(sensors(tells_other_figures=True)))
        truth = played.days.by_hour(played.truth, look.now)

        wrong = believed.join(truth, on=["sensor_id", "hour_start", *LINE_COUNTS], how="anti")
        assert wrong.is_empty(), wrong
        assert believed.height > 100


def test_an_open_hour_never_holds_more_people_than_the_truth(played: Played) -> None:
    for look in played.looks:
        open_rows = look.counts.filter(~pl.col("is_complete"))
        open_rows = open_rows.filter(~pl.col("sensor_id").is_in(sensors(tells_other_figures=True)))
        both = open_rows.join(played.truth, on=["sensor_id", "interval_start", "interval_end"], suffix="_true")
        more = [pl.col(name) > pl.col(f"{name}_true") for name in LINE_COUNTS]
        assert both.filter(pl.any_horizontal(more)).is_empty()


def test_every_missing_hour_stands_in_the_ledger_with_its_cause(played: Played) -> None:
    causes = {case.sensor_id: case.cause for case in CASES}
    key = ["sensor_id", "report", "hour_start"]
    for look in played.looks:
        told = look.missing.join(look.ledger, on=key, how="left").select(*key, "cause", "detail")
        right = told["sensor_id"].replace_strict(causes, return_dtype=pl.String)

        unexplained = told.filter(pl.col("cause").is_null() | (pl.col("cause") != right))
        assert unexplained.is_empty(), unexplained


@pytest.mark.parametrize("case", [case for case in CASES if case.cause], ids=lambda case: case.store_id)
def test_hours_are_missing_while(played: Played, case: Case) -> None:
    assert {cause for _, _, cause in in_ledger(played, [case.sensor_id])} == {case.cause}


@pytest.mark.parametrize("case", [case for case in CASES if not case.cause], ids=lambda case: case.store_id)
def test_no_hour_is_missing_because_of(played: Played, case: Case) -> None:
    assert in_ledger(played, [case.sensor_id]) == []


def test_afterwards_everything_is_there_and_true(played: Played) -> None:
    stands = played.days.by_hour(played.end.counts.filter("is_complete"), played.end.now)
    truth = played.days.by_hour(played.truth, played.end.now)
    wrong = stands.join(truth, on=["sensor_id", "hour_start", *LINE_COUNTS], how="anti")

    assert set(wrong["sensor_id"]) == {"power-off-door"}
    assert wrong.select(LINE_COUNTS).sum_horizontal().sum() == 0
    assert wrong["hour_start"].is_between(STRIKES - HOUR, ENDS).all()
    assert played.end.missing.is_empty()
    assert played.end.ledger.is_empty()
    assert played.days.lost == []


def test_hours_and_days_are_those_of_days_without_faults(played: Played) -> None:
    ids, now = played.days.fleet.store_ids, played.end.now
    hourly = [reads.hourly(one.warehouse, ids, BEGIN, now) for one in (played.days, played.undisturbed)]
    daily = [reads.daily(one.warehouse, ids, BEGIN.date(), now.date()) for one in (played.days, played.undisturbed)]

    assert_same([known(played, frame) for frame in hourly], HOURLY_FIGURES)
    assert_same([known(played, frame) for frame in daily], DAILY_FIGURES)


def known(played: Played, rows: pl.DataFrame) -> pl.DataFrame:
    """Without days that began before these did, where other figures spoilt what no reply of today can mend."""
    lying = {case.store_id for case in CASES if case.tells_other_figures}
    days = [
        (store_id, day)
        for store_id, day in rows.select("store_id", "trading_day").unique().rows()
        if store_id not in lying or day_bounds(played.days.fleet.store(store_id), day)[0] >= BEGIN
    ]
    schema = {"store_id": pl.String(), "trading_day": pl.Date()}
    return rows.join(pl.DataFrame(days, schema=schema, orient="row"), on=list(schema), how="semi")


def assert_same(frames: list[pl.DataFrame], columns: tuple[str, ...]) -> None:
    first, second = (frame.select(columns).sort(columns[:2]) for frame in frames)
    differ = first.join(second, on=columns, how="anti", nulls_equal=True)
    assert differ.is_empty(), (differ.to_dicts(), second.join(differ, on=columns[:2], how="semi").to_dicts())
    assert first.height == second.height > 50
