"""What undisturbed work comes to, for the tests that disturb it."""

from collections.abc import Iterator
from typing import Any

import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline_tests.faults.work import NOW, Points, empty, end_state, expect, fleet_at, striking, work_through
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator


@pytest.fixture(scope="package")
def devices() -> Iterator[RunningSimulator]:
    """The devices of the work, whose clock stands still."""
    with running_simulator(fleet_at("http://127.0.0.1:1")) as running:
        running.freeze(NOW.isoformat())
        yield running


@pytest.fixture(scope="package")
def fleet(devices: RunningSimulator) -> Fleet:
    return fleet_at(devices.base_url)


@pytest.fixture(scope="package")
def undisturbed(shared_url: str, fleet: Fleet) -> tuple[dict[str, Any], int]:
    """End state of the work when nothing happens, and the number of points that it passes."""
    warehouse = empty(shared_url)
    expect(fleet, warehouse)
    with striking(Points()) as points:
        work_through(fleet, warehouse)
    return end_state(shared_url), points.passed
