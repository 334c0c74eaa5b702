"""Devices that are dead for days, hang or drip: what they cost a poll, and that nobody waits for them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import stamina

from retail_pipeline.devices.client import fetch_all, fetch_in_parts
from retail_pipeline.devices.models import ClientLimits
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.collect import collect, collect_in_parts
from retail_pipeline.steps.status import gather_status
from retail_pipeline.warehouse import gaps, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.faults.rhythm import HALF_HOUR, HOUR, PATIENT, SHOPS, UnderivedDays, ticks
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-06-18 10:02:05")
REGIONS: dict[str, Any] = {"reports": ["lines", "regions"], "regions": {1: "hall"}}
ZONES = {"hall": {"kind": "entrance", "name": "Hall"}}


@pytest.fixture
def warehouse(emptied_url: str) -> Warehouse:
    return Warehouse(emptied_url)


@pytest.fixture
def without_waits() -> Iterator[None]:
    """A request is tried again at once."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class ImpatientDays(UnderivedDays):
    """Requests are tried again, and probes have a budget of their own."""

    patient = replace(PATIENT, attempts=3)
    impatient = ClientLimits(total_s=0.4, probe_total_s=0.2)


def a_fleet() -> Fleet:
    return fleet_of(
        shop("resets", door("resets-door", **REGIONS), zones=ZONES),
        shop("hangs", door("hangs-door", **REGIONS), zones=ZONES),
        shop("halves", door("dead-half"), door("living-half")),
        shop("well"),
    )


DEAD = {"resets-door": "refused", "hangs-door": "hang", "dead-half": "refused"}


@pytest.mark.usefixtures("without_waits")
def test_a_device_that_is_dead_for_days_costs_one_probe_a_poll_until_it_answers(warehouse: Warehouse) -> None:
    first, last = utc("2026-06-18 00:00"), utc("2026-06-18 08:00")
    scenario = Scenario.model_validate({"devices": {name: {"faults": [fault]} for name, fault in DEAD.items()}})
    with running_simulator(a_fleet(), scenario) as simulator:
        days = ImpatientDays(a_fleet(), simulator, warehouse, first - 40 * HOUR)
        days.hanging = frozenset({"hangs-door"})
        costs = []
        for tick in ticks(first, last):
            before = Counter(simulator.asked()["counts"])
            now = days.tick(tick)
            costs.append(Counter(simulator.asked()["counts"]) - before)
        while_dead = gather_status(days.fleet, warehouse, [], now)
        recoveries = days.recoveries

        for name in DEAD:
            simulator.behave(name, faults=[])
        days.hanging = frozenset()
        now = days.tick(last + HALF_HOUR)
        noticed = gather_status(days.fleet, warehouse, [], now)
        days.tick(last + HOUR)
        days.recover(now + HALF_HOUR, runs=10)

    assert [{name: cost[name] for name in DEAD} for cost in costs[3:]] == [dict.fromkeys(DEAD, 1)] * len(costs[3:])
    assert recoveries > 0  # of the half that lives: its other half was not asked for them
    assert circuits(while_dead) == {**dict.fromkeys(DEAD, "open"), "living-half": "closed", "well-door": "closed"}
    assert time_budgets(warehouse, "hangs-door", is_open=False) == {"no whole reply within 0.4 s"}
    assert time_budgets(warehouse, "hangs-door", is_open=True) == {"no whole reply within 0.2 s"}
    assert set(circuits(noticed).values()) == {"closed"}
    assert gaps.open_gaps(warehouse).is_empty()
    assert days.missing(now).is_empty()


def circuits(status: Any) -> dict[str, str]:
    return {one.sensor_id: one.circuit for one in status.devices}


def time_budgets(warehouse: Warehouse, sensor_id: str, *, is_open: bool) -> set[str]:
    """Which budgets the device used up before its third failed poll was over, or afterwards."""
    with warehouse.transaction() as connection:
        rows = connection.execute(
            "SELECT received_at, error_detail FROM retail.device_replies"
            " WHERE sensor_id = %s AND attempts > 0 AND error_cause IS NOT NULL ORDER BY reply_id",
            [sensor_id],
        ).fetchall()
    third_poll = sorted({at for at, _ in rows})[2]
    return {detail for at, detail in rows if (at > third_poll) == is_open}


@pytest.mark.usefixtures("without_waits")
def test_what_is_not_asked_again_is_missing_for_the_same_cause(warehouse: Warehouse) -> None:
    with running_simulator(a_fleet(), Scenario()) as simulator:
        simulator.behave("resets-door", faults=["refused"])
        days = ImpatientDays(a_fleet(), simulator, warehouse, utc("2026-06-18 00:00"))
        for tick in ticks(utc("2026-06-18 01:00"), utc("2026-06-18 03:00")):
            now = days.tick(tick)
        days.collect({"resets": [utc("2026-06-18 02:00")]}, now, Report.REGIONS)
        days.collect({"resets": [utc("2026-06-18 02:00")]}, now, Report.LINES)
    told = gaps.open_gaps(warehouse).filter(sensor_id="resets-door", hour_start=utc("2026-06-18 02:00"))
    health = reads.device_health(warehouse).filter(sensor_id="resets-door")

    assert sorted(told["report"]) == ["lines", "regions"]
    assert set(told["cause"]) == {"unreachable"}
    asked = "resets-door: unreachable: the connection broke: Server disconnected"
    not_asked = "the connection broke: Server disconnected (at 03:02 UTC; asked once a poll while its circuit is open)"
    assert set(told["detail"]) == {not_asked}
    # A poll asks for two reports, and fails once.
    assert health.select("consecutive_failures", "last_error_at", "last_error").rows() == [(5, now, asked)]


HANGING = {"hangs": "hang", "drips": "slow_drip"}
WELL = ("well-1", "well-2", "well-3")


def test_healthy_stores_are_stored_while_others_still_hang(warehouse: Warehouse) -> None:
    fleet = fleet_of(*(shop(name) for name in (*HANGING, *WELL)))
    scenario = {"devices": {f"{name}-door": {"faults": [fault]} for name, fault in HANGING.items()}}
    limits = ClientLimits(per_host=200, part_s=0.05, attempts=1)
    with running_simulator(fleet, Scenario.model_validate(scenario)) as simulator:
        simulator.freeze(NOW.isoformat())
        fleet = pointed_at(fleet, simulator.base_url)
        wanted = {store_id: [utc("2026-06-18 09:00")] for store_id in fleet.store_ids}
        fetch = partial(fetch_in_parts, credentials=SHOPS, limits=limits)
        parts = collect_in_parts(fleet, warehouse, fetch, Report.LINES, wanted, NOW)
        stored: set[str] = set()
        while stored != set(WELL):
            stored |= {hour.store_id for hour in next(parts).delivered}

        assert under_way(simulator) == dict.fromkeys(HANGING, 1)
        assert set(reads.raw_counts(warehouse, fleet.store_ids, NOW - 24 * HOUR, NOW)["store_id"]) == set(WELL)
        assert gaps.open_gaps(warehouse).is_empty()
        again = collect(fleet, warehouse, partial(fetch_all, credentials=SHOPS), Report.LINES, wanted, NOW + HALF_HOUR)
        assert (again.asked, again.failed) == (3, [])  # those that hang are still being asked
        assert under_way(simulator) == dict.fromkeys(HANGING, 1)

    rest = list(parts)  # the simulator is gone, and with it what hung

    assert {hour.store_id for part in rest for hour in part.failed} == set(HANGING)
    told = gaps.open_gaps(warehouse)
    assert {(row["store_id"], row["cause"]) for row in told.iter_rows(named=True)} == {
        (name, "unreachable") for name in HANGING
    }


def under_way(simulator: RunningSimulator) -> dict[str, int]:
    return {name: simulator.port.under_way[f"{name}-door"] for name in HANGING}
