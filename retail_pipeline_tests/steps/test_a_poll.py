"""A poll of real devices over HTTP into a real Postgres: what is delivered, missed, healed, derived and summed up."""

import csv
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.client import fetch_all
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local import demo
from retail_pipeline.local.demo import demo_environment, demo_fleet, demo_scenario_path, pointed_at
from retail_pipeline.local.simulator.auth import Secret
from retail_pipeline.local.simulator.scenario import load_scenario
from retail_pipeline.steps.collect import Collected, collect
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import evaluate, record_health
from retail_pipeline.steps.recover import close_lost_gaps, open_gaps, plan_recovery
from retail_pipeline.steps.status import gather_status
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import gaps, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import utc

NOW = utc("2026-11-20 12:32")
HOUR = dt.timedelta(hours=1)
DAY = [utc("2026-11-19 13:00") + n * HOUR for n in range(24)]


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    known = {"DEMO": Secret("svc", demo_environment()["RETAIL_CREDENTIAL_DEMO_PASSWORD"])}
    with running_simulator(demo_fleet(), load_scenario(demo_scenario_path()), known) as running:
        running.freeze(NOW.isoformat())
        yield running


@pytest.fixture
def fleet(simulator: RunningSimulator) -> Iterator[Fleet]:
    yield pointed_at(demo_fleet(), simulator.base_url)
    for sensor_id in ("lisbon-01-door", "lisbon-02-inside"):
        simulator.behave(sensor_id, faults=[])


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    migrate(database_url)
    return Warehouse(database_url)


def fetch(asks):
    return fetch_all(asks, env_credentials({**os.environ, **demo_environment()}))


def poll(fleet: Fleet, warehouse: Warehouse, hours=DAY, report=Report.LINES, now=NOW) -> Collected:
    return collect(fleet, warehouse, fetch, report, dict.fromkeys(fleet.store_ids, hours), now)


def work_through(fleet: Fleet, warehouse: Warehouse, hours=DAY, now=NOW) -> None:
    poll(fleet, warehouse, hours, now=now)
    derive_hours(fleet, warehouse, dict.fromkeys(fleet.store_ids, hours), now, "a-run")
    due = due_days(fleet, warehouse, hours[0], now)
    days = {store_id: {day for name, day in due if name == store_id} for store_id in fleet.store_ids}
    summarise_days(fleet, warehouse, days, now, "a-run", due_only=True, since=hours[0])


def test_one_request_a_device_delivers_a_day_of_every_store(fleet, warehouse) -> None:
    collected = poll(fleet, warehouse)

    assert (collected.asked, collected.answered, collected.failed) == (5, 5, [])
    assert {hour.store_id for hour in collected.delivered} == set(fleet.store_ids)
    assert collected.rejected_rows == 0


def test_the_same_range_collected_twice_changes_no_figure(fleet, warehouse) -> None:
    work_through(fleet, warehouse)
    first = [
        reads.hourly(warehouse, fleet.store_ids, DAY[0], NOW),
        reads.raw_counts(warehouse, fleet.store_ids, DAY[0], NOW),
    ]

    assert poll(fleet, warehouse).changed_rows == 0
    again = derive_hours(fleet, warehouse, dict.fromkeys(fleet.store_ids, DAY), NOW, "another-run")

    assert again.hours.also_changed == {}
    second = [
        reads.hourly(warehouse, fleet.store_ids, DAY[0], NOW),
        reads.raw_counts(warehouse, fleet.store_ids, DAY[0], NOW),
    ]
    assert all(one.equals(other) for one, other in zip(first, second, strict=True))


def test_a_store_that_is_down_fails_alone_and_heals_by_itself(simulator, fleet, warehouse) -> None:
    simulator.behave("lisbon-01-door", faults=[{"name": "502"}])
    collected = poll(fleet, warehouse, DAY[-2:])

    assert {hour.store_id for hour in collected.failed} == {"lisbon-01"}
    assert {hour.store_id for hour in collected.delivered} == set(fleet.store_ids) - {"lisbon-01"}
    assert gaps.open_gaps(warehouse)["cause"].unique().to_list() == ["unreachable"]

    simulator.behave("lisbon-01-door", faults=[])
    later = poll(fleet, warehouse, [utc("2026-11-20 12:00")])

    assert (DAY[-2], "lisbon-01") in later.healed
    assert gaps.open_gaps(warehouse).is_empty()


def test_one_of_two_devices_down_leaves_the_hour_incomplete_and_named(simulator, fleet, warehouse) -> None:
    simulator.behave("lisbon-02-inside", faults=[{"name": "403"}])
    collected = poll(fleet, warehouse, DAY[-2:])
    simulator.behave("lisbon-02-inside", faults=[])

    [hour, _] = [hour for hour in collected.delivered if hour.store_id == "lisbon-02"]
    assert hour.devices_missing == ("lisbon-02-inside",)
    assert hour.completeness == 0.5
    missing = gaps.open_gaps(warehouse)
    assert set(missing["sensor_id"]) == {"lisbon-02-inside"}
    assert set(missing["cause"]) == {"refused"}


def test_hours_that_nobody_collected_are_missed_planned_and_at_last_lost(fleet, warehouse) -> None:
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, NOW)
    since = NOW - dt.timedelta(days=3)
    cursor = open_gaps(fleet, warehouse, None, since, NOW)

    assert open_gaps(fleet, warehouse, cursor, since, NOW) == cursor
    assert set(gaps.open_gaps(warehouse)["cause"]) == {"not_yet_collected"}
    plan = plan_recovery(warehouse, NOW, stores_under_way={"lisbon-01"}, runs=2, since=since, until=NOW)
    assert len({one.store_id for one in plan} - {"lisbon-01"}) == len(plan) == 2
    lost = close_lost_gaps(warehouse, NOW + dt.timedelta(days=60))
    assert any("lisbon-01-door" in sentence for sentence in lost)
    assert gaps.open_gaps(warehouse).is_empty()


def test_counts_that_were_not_derived_are_derived_by_the_day(fleet, warehouse) -> None:
    poll(fleet, warehouse)
    due = due_days(fleet, warehouse, DAY[0], NOW)
    days = {store_id: {day for name, day in due if name == store_id} for store_id in fleet.store_ids}

    summary = summarise_days(fleet, warehouse, days, NOW, "a-run", due_only=True, since=DAY[0])

    assert summary.derived.hours.also_changed
    assert {store_id for store_id, _ in summary.days} == set(fleet.store_ids)
    assert due_days(fleet, warehouse, DAY[0], NOW, ended_only=True) == set()


def test_checks_pass_on_healthy_stores_and_find_what_was_damaged(fleet, warehouse) -> None:
    three_days = [NOW.replace(minute=0) - n * HOUR for n in range(96, -1, -1)]
    work_through(fleet, warehouse, three_days)
    poll(fleet, warehouse, three_days, Report.REGIONS)
    healthy = evaluate(fleet, warehouse, None, NOW)
    # The simulator's clock stands at noon of another day than this machine's.
    assert {name for name, outcome in healthy.items() if outcome.has_errors} == {"raw_sensor_counts/device_clock_skew"}

    with warehouse.transaction() as connection:
        connection.execute("UPDATE retail.hourly_analytics SET entries = entries + 1 WHERE store_id = 'lisbon-01'")
        connection.execute("DELETE FROM retail.raw_sensor_counts WHERE sensor_id = 'replay-bengaluru-door'")
    damaged = evaluate(fleet, warehouse, None, NOW + HOUR)

    assert damaged["hourly_analytics/hourly_conserves_raw"].has_errors
    assert damaged["raw_sensor_counts/all_sensors_reported"].has_errors
    assert record_health(fleet, warehouse, damaged, NOW, "a-run") == 16
    status = gather_status(fleet, warehouse, None, NOW)
    assert any("replay-bengaluru" in problem for problem in status.problems)
    assert [hour.state for hour in status.stores[-1].hours] == ["complete"] * 24


def test_a_pipeline_that_began_a_moment_ago_is_not_unhealthy_for_want_of_the_day_before(fleet, warehouse) -> None:
    work_through(fleet, warehouse)
    poll(fleet, warehouse, report=Report.REGIONS)

    errors = {name for name, outcome in evaluate(fleet, warehouse, None, NOW).items() if outcome.has_errors}

    assert errors == {"raw_sensor_counts/device_clock_skew"}


def test_every_figure_of_a_calit2_day_equals_the_data_file(fleet, warehouse) -> None:
    day = dt.date(2026, 11, 18)
    hours = [utc("2026-11-17 12:00") + n * HOUR for n in range(60)]
    work_through(fleet, warehouse, hours)
    rows = reads.daily(warehouse, ["replay-bengaluru", "replay-los-angeles"], day, day)

    half_hours = [slot_of(dt.datetime.combine(day, dt.time(5)) + dt.timedelta(minutes=30 * n)) for n in range(48)]
    by_hour = [tuple(map(sum, zip(*half_hours[n : n + 2], strict=True))) for n in range(0, 48, 2)]
    entries, exits = (sum(way) for way in zip(*by_hour, strict=True))
    in_business = [ins for hour, (ins, _) in enumerate(by_hour, start=5) if 8 <= hour < 20]
    for row in rows.iter_rows(named=True):
        assert (row["entries"], row["exits"], row["net_flow"]) == (entries, exits, entries - exits)
        assert row["business_entries"] == sum(in_business)
        assert row["non_business_entries"] == entries - sum(in_business)
        assert row["average_hourly_entries"] == pytest.approx(sum(in_business) / 12)
        assert (row["peak_hour"], row["peak_hour_entries"]) == (
            8 + in_business.index(max(in_business)),
            max(in_business),
        )
        assert (row["hours_expected"], row["hours_reported"], row["completeness"]) == (24, 24, 1.0)
        assert row["is_complete"]
        assert row["passers_by"] is None
    assert rows.height == 2


def slot_of(wall: dt.datetime) -> tuple[int, int]:
    """IN and OUT of a half hour, straight from the file: dates are moved by whole weeks, 105 days repeat."""
    moved = dt.date(2005, 7, 24) + dt.timedelta(days=(wall.date() - dt.date(2005, 7, 24)).days % 105)
    return TABLE[moved.isoformat(), f"{wall:%H:%M}"]


def _table() -> dict[tuple[str, str], tuple[int, int]]:
    with (Path(demo.__file__).parent / "data" / "calit2.csv").open() as file:
        return {tuple(row["slot_start"].split(" ")): (int(row["in"]), int(row["out"])) for row in csv.DictReader(file)}


TABLE = _table()


def test_the_table_read_here_is_the_whole_file() -> None:
    assert len(TABLE) == 105 * 48
    assert pl.DataFrame(list(TABLE.values()), orient="row").sum().row(0) == (19_597, 18_837)
