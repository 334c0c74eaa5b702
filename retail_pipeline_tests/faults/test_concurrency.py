"""Several processes want the same hours at once, and several devices make one store: every device is asked by one."""

import datetime as dt
import json
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.steps.collect import collect
from retail_pipeline.steps.recover import open_gaps, plan_recovery
from retail_pipeline.warehouse import gaps
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.locks import device_locks
from retail_pipeline_tests.faults.work import (
    HOUR,
    HOURS,
    NOW,
    empty,
    end_state,
    expect,
    fleet_at,
    work_through,
)
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import utc


class OneAtATime(Warehouse):
    """A warehouse behind a pooler with a single connection: who holds one and wants another waits for ever."""

    is_held = False

    @contextmanager
    def transaction(self) -> Generator[psycopg.Connection]:
        assert not self.is_held, "a second connection while one is held"
        self.is_held = True
        try:
            with super().transaction() as connection:
                yield connection
        finally:
            self.is_held = False


@pytest.fixture
def slow(devices: RunningSimulator) -> Iterator[RunningSimulator]:
    """Devices that take their time, so that those who ask meet; nothing has been asked yet."""
    devices.behave("*", latency=[0.2, 0.3])
    devices.client.delete(f"{devices.base_url}/_requests")
    yield devices
    devices.behave("*", latency=None)


def asking(now: dt.datetime = NOW):
    def fetch(asks: Sequence[Ask]) -> list[Answer]:
        return [replace(answer, received_at=now) for answer in fetch_all(asks, lambda _: None)]

    return fetch


def test_two_recoveries_and_a_backfill_of_the_same_hours_at_once_come_to_the_same(
    shared_url: str, slow: RunningSimulator, fleet: Fleet, undisturbed
) -> None:
    warehouse = empty(shared_url)
    expect(fleet, warehouse)
    start = threading.Barrier(3)

    def work(hours: Sequence[dt.datetime]) -> None:
        start.wait(30)
        work_through(fleet, warehouse, hours)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, [HOURS, HOURS, HOURS[4:]]))

    told = slow.asked()
    assert set(told["most_under_way"].values()) == {1}
    assert end_state(shared_url) == undisturbed[0]


def test_a_poll_holds_one_connection_at_a_time(shared_url: str, fleet: Fleet) -> None:
    empty(shared_url)
    warehouse = OneAtATime(shared_url)
    wanted = dict.fromkeys(fleet.store_ids, HOURS)

    assert collect(fleet, warehouse, asking(), Report.LINES, wanted, NOW).failed == []


@pytest.mark.parametrize("is_done", [True, False], ids=["done by then", "still at it"])
def test_a_device_that_somebody_else_is_asking_is_asked_after_the_others_or_left_to_them(
    shared_url: str, fleet: Fleet, *, is_done: bool
) -> None:
    warehouse = empty(shared_url)
    with warehouse.transaction() as other:
        device_locks(other, {"chicago-door"})

        def fetch(asks: Sequence[Ask]) -> list[Answer]:
            if is_done:
                other.commit()
            return asking()(asks)

        wanted = dict.fromkeys(fleet.store_ids, HOURS[-2:])
        collected = collect(fleet, warehouse, fetch, Report.LINES, wanted, NOW)

    delivered = {hour.store_id for hour in collected.delivered}
    assert ("chicago" in delivered) is is_done
    assert {"pune", "lisbon"} <= delivered
    assert collected.failed == []
    assert gaps.open_gaps(warehouse).is_empty()


BEGIN = utc("2026-11-18 08:32")
SINCE = utc("2026-11-17 10:00")
FIGURES = (
    *("raw_sensor_counts", "regional_counts", "virtual_region_occupancy"),
    *("hourly_analytics", "daily_summaries"),
)
TICKS = [BEGIN + n * HOUR for n in (0, 4, 8, 12, 18, 24)]
BACK = BEGIN + 31 * HOUR


def poll(fleet: Fleet, warehouse: Warehouse, devices: RunningSimulator, now: dt.datetime) -> None:
    """The newest hours, all that follows from them, and a look at what is missing."""
    devices.freeze(now.isoformat())
    hour = now.replace(minute=0)
    work_through(fleet, warehouse, [hour - HOUR, hour], now)
    open_gaps(fleet, warehouse, None, SINCE, now)


def recover(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> None:
    """What the sensor would ask for, at once."""
    for one in plan_recovery(warehouse, now, stores_under_way=set(), runs=9, since=SINCE, until=now):
        hours = [one.first + n * HOUR for n in range(int((one.last - one.first) / HOUR) + 1)]
        work_through(fleet, warehouse, hours, now, [one.store_id])


def test_two_doors_of_which_one_was_dead_for_a_day_end_as_if_both_had_lived(shared_url: str) -> None:
    with running_simulator(fleet_at("http://127.0.0.1:1")) as devices:
        fleet, warehouse = fleet_at(devices.base_url), empty(shared_url)
        for now in [*TICKS, BACK]:
            poll(fleet, warehouse, devices, now)
        wanted = end_state(shared_url)

        empty(shared_url)
        devices.behave("lisbon-yard", faults=[{"name": "502", "wall_from": (BEGIN + HOUR).isoformat()}])
        for now in TICKS:
            poll(fleet, warehouse, devices, now)
        assert [name for name, circuit in circuits(warehouse).items() if circuit == "open"] == ["lisbon-yard"]
        assert set(gaps.open_gaps(warehouse)["sensor_id"]) == {"lisbon-yard"}

        devices.behave("lisbon-yard", faults=[])
        poll(fleet, warehouse, devices, BACK)
        assert circuits(warehouse)["lisbon-yard"] == "closed"
        left = gaps.open_gaps(warehouse)
        # The first poll brings what a reply holds, and makes what it does not hold due at once.
        assert left["hour_start"].max() < BACK - 23 * HOUR
        assert gaps.due(warehouse, BACK).height == left.height > 0

        recover(fleet, warehouse, BACK)
        assert gaps.open_gaps(warehouse).is_empty()
        found = end_state(shared_url)
        assert {table: figures(found, table) for table in FIGURES} == {
            table: figures(wanted, table) for table in FIGURES
        }
        # Who came later finds fewer people inside than there were: occupancy adds up, and says so when it is mended.
        revised = {json.loads(row)["column_name"] for (row,) in found["revisions"]}
        assert not revised & {"entries", "exits", "passers_by", "line1_in", "line1_out", "completeness"}


def figures(state: dict[str, list[tuple[Any, ...]]], table: str) -> list[dict[str, Any]]:
    """Rows without their letter, which says that they came late."""
    told = [json.loads(row) for (row,) in state[table]]
    return sorted(({name: value for name, value in row.items() if name != "quality"} for row in told), key=str)


def circuits(warehouse: Warehouse) -> dict[str, str]:
    return dict(warehouse.read("device_health").select("sensor_id", "circuit").iter_rows())
