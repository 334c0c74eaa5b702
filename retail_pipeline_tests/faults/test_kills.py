"""A process killed at any point of collection, write or derivation leaves nothing that the next one has to mend."""

import multiprocessing
import signal

import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline_tests.faults.work import CASES, child, chosen, empty, end_state, expect
from retail_pipeline_tests.local.simulator.running import RunningSimulator

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["retail_pipeline_tests.faults.work"])
DONE, KILLED = 0, -signal.SIGKILL
MOMENTS = [
    pytest.param("replies.store_replies", id="when the devices have answered"),
    pytest.param("health.record_answers", id="when the counts are written and not committed"),
    pytest.param("gaps.record_failures", id="in the ledger"),
    pytest.param("attempts.begin", id="before the derivation"),
    pytest.param("tables.write_zones", id="before the zones are written"),
    pytest.param("attempts.settle", id="when hours are written and not committed"),
    pytest.param("tables.write_daily", id="before the days are written"),
]


def worked(url: str, devices: RunningSimulator, at: int | None = None, function: str | None = None) -> int:
    """The exit code of a process that does the work, or is killed over it."""
    process = PROCESSES.Process(target=child, args=(url, devices.base_url, at, function))
    process.start()
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_killed_at_a_moment_that_hurts_is_followed_by_one_that_finishes(
    moment: str, shared_url: str, devices: RunningSimulator, fleet: Fleet, undisturbed
) -> None:
    expect(fleet, empty(shared_url))

    assert worked(shared_url, devices, function=moment) == KILLED
    assert worked(shared_url, devices) == DONE
    assert end_state(shared_url) == undisturbed[0]


@pytest.mark.parametrize("seed", range(CASES))
def test_a_process_killed_again_and_again_at_random_ends_where_an_undisturbed_one_does(
    seed: int, shared_url: str, devices: RunningSimulator, fleet: Fleet, undisturbed
) -> None:
    wanted, points = undisturbed
    expect(fleet, empty(shared_url))

    ends = [worked(shared_url, devices, at) for at in chosen(seed, points)]
    assert KILLED in ends
    assert worked(shared_url, devices) == DONE
    assert end_state(shared_url) == wanted


def test_the_undisturbed_work_is_whole(undisturbed) -> None:
    """Or the others would compare little with little."""
    state, points = undisturbed

    # 31 hours and what the days around them hold, of four devices, the open hour included.
    assert len(state["raw_sensor_counts"]) >= 4 * 31
    assert len(state["regional_counts"]) >= 31
    assert {len(state[table]) > 60 for table in ("hourly_analytics", "virtual_region_occupancy")} == {True}
    assert len(state["daily_summaries"]) == 6
    assert len(state["collection_gaps"]) > 100
    assert all(came and not lost for *_, came, lost in state["collection_gaps"])
    assert state["derivation_attempts"] == []
    assert points > 100
