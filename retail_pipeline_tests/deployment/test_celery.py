"""Runs on dagster-celery workers, Redis between: a worker is killed in the middle of a run, and nothing is lost."""

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Iterator

import dagster as dg
import pytest
from billiard.exceptions import WorkerLostError
from dagster._core.launcher import WorkerStatus
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG

from retail_pipeline.automation.sensors import FIRST_HOURS
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.resources import worker_launcher
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.deployment.cluster import ROOT, Cluster, cluster, kill
from retail_pipeline_tests.living import empty_database
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop
from retail_pipeline_tests.waiting import wait_until

REDIS = shutil.which("redis-server")
DOORS = ("oslo-door", "oslo-yard")
WORKERS = ("worker-1", "worker-2")
SERVE = ("worker", "--concurrency=1")
SLOW = [6.0, 6.0]
HOUR = dt.timedelta(hours=1)
LIVE_SINCE = dt.datetime.combine((dt.datetime.now(dt.UTC) - HOUR).date(), dt.time(), dt.UTC)
"""Not before the first run's hours: no other run asks the devices while they are slow."""

MONITOR = {"enabled": True, "poll_interval_seconds": 1, "max_resume_run_attempts": 2, "start_timeout_seconds": 300}


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis of this test's own, on a socket."""
    if REDIS is None:
        pytest.skip("Redis is not installed: runs on Celery workers are not tested here")
    home = temporary_home()
    socket = home / "redis.sock"
    server = subprocess.Popen(
        [REDIS, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(home)], stdout=subprocess.DEVNULL
    )
    try:
        wait_until(socket.exists)
        yield f"redis+socket://{socket}"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(fleet_of(shop("oslo", *map(door, DOORS)))) as running:
        yield running


@pytest.fixture(scope="module")
def spread(
    postgres: PostgresHandle, tmp_path_factory: pytest.TempPathFactory, redis_url: str, simulator: RunningSimulator
) -> Iterator[Cluster]:
    """A code location, a daemon and two workers; the devices are slow, so that the first run is long in its middle."""
    admin, home = postgres.url("postgres"), tmp_path_factory.mktemp("spread")
    config, monitor = ROOT / "deploy" / "dagster.celery.yaml", {"run_monitoring": MONITOR}
    doors = [door(name, url=f"{simulator.base_url}/{name}") for name in DOORS]
    with (
        empty_database(admin, postgres.url) as url,
        empty_database(admin, postgres.url) as dagster_url,
        cluster(home, url, dagster_url, config, monitor, RETAIL_CELERY_BROKER_URL=redis_url) as made,
    ):
        stores = [shop("oslo", *doors, live_since=str(LIVE_SINCE.date()))]
        made.declare({"organizations": [{"id": "acme", "name": "Acme"}], "stores": stores})
        for name in DOORS:
            simulator.behave(name, latency=SLOW)
        for name in WORKERS:
            made.start(name, "-c", "from retail_pipeline.cli import main; main()", *SERVE, RETAIL_LOCATION="north")
        made.serve({"north": "acme"})
        made.start_daemon()
        yield made


def processes_of(spread: Cluster, run: dg.DagsterRun) -> list[int]:
    """The processes that began the run, one after the other."""
    entries = spread.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    began = [one for one in events if (one.message or "").startswith("Started process for")]
    return [int(str(one.engine_event_data.metadata["pid"].value)) for one in began]


def worker_of(spread: Cluster, process: int) -> str:
    """The worker that has this process, each having a process group of its own."""
    [name] = [name for name in WORKERS if spread.processes[name].pid == os.getpgid(process)]
    return name


@pytest.mark.parametrize(
    ("state", "told", "expected"),
    [
        pytest.param(None, None, WorkerStatus.RUNNING, id="it was resumed and waits until a worker is free"),
        pytest.param("STARTED", {"hostname": "gone@nowhere"}, WorkerStatus.NOT_FOUND, id="its worker is gone"),
        pytest.param("SUCCESS", 1, WorkerStatus.FAILED, id="its task ended without ending the run"),
        pytest.param("FAILURE", WorkerLostError("killed"), WorkerStatus.FAILED, id="its process was killed"),
    ],
)
def test_a_run_that_is_under_way_is_lost_when_no_worker_has_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, state: str | None, told: object, expected: WorkerStatus
) -> None:
    monkeypatch.setenv("RETAIL_CELERY_BROKER_URL", redis_url)
    monkeypatch.setattr(worker_launcher, "ANSWER_WITHIN_S", 0.2)
    launcher, task = worker_launcher.WorkerRunLauncher(), f"the task of {state}"
    if state:
        launcher.celery.backend.store_result(task, told, state)
    run = dg.DagsterRun("a_job", tags={DAGSTER_CELERY_TASK_ID_TAG: task})

    assert launcher.check_run_worker_health(run).status is expected


def test_a_run_whose_worker_is_killed_is_done_by_the_other_and_every_count_is_right(
    spread: Cluster, simulator: RunningSimulator
) -> None:
    spread.await_that(lambda: set(simulator.asked()["counts"]) == set(DOORS))
    [first] = spread.instance.get_runs(dg.RunsFilter(tags={FIRST_HOURS: "north"}))
    [process] = processes_of(spread, first)
    killed = worker_of(spread, process)
    kill(spread.processes[killed])
    assert counts(spread) == {}
    for name in DOORS:
        simulator.behave(name, latency=[0.0, 0.0])
    spread.await_that(lambda: spread.is_finished(first.run_id))

    ended = spread.instance.get_run_by_id(first.run_id)
    assert ended
    assert (ended.status, ended.tags[DAGSTER_CELERY_QUEUE_TAG]) == (dg.DagsterRunStatus.SUCCESS, "north")
    again = processes_of(spread, first)
    assert [process, *again[1:]] == again
    assert {worker_of(spread, one) for one in again[1:]} == set(WORKERS) - {killed}
    truth, counted = true_counts(simulator), counts(spread)
    assert truth
    assert {key: counted.get(key) for key in truth} == truth


def counts(spread: Cluster) -> dict[tuple[str, dt.datetime], tuple[int, int]]:
    """IN and OUT of each device in each complete interval."""
    rows = spread.sql(
        "SELECT sensor_id, interval_start, line1_in, line1_out FROM retail.raw_sensor_counts WHERE is_complete"
    )
    return {(sensor_id, start): (entries, exits) for sensor_id, start, entries, exits in rows}


def true_counts(simulator: RunningSimulator) -> dict[tuple[str, dt.datetime], tuple[int, int]]:
    """The same, as people went through the doors, in the hours that ended before the first run asked."""
    ended = (dt.datetime.now(dt.UTC) - HOUR / 4).replace(minute=0, second=0, microsecond=0)
    return {
        (name, dt.datetime.fromisoformat(row["interval_start"])): (row["line1_in"], row["line1_out"])
        for name in DOORS
        for row in simulator.truth(name, LIVE_SINCE.isoformat(), ended.isoformat())
    }


def test_what_follows_is_done_by_the_worker_that_is_left_and_the_ledger_is_empty(spread: Cluster) -> None:
    spread.await_that(lambda: spread.is_up_to_date("oslo"))

    assert {run.status for run in spread.instance.get_runs() if run.is_finished} == {dg.DagsterRunStatus.SUCCESS}
    assert spread.sql("SELECT sum(entries) FROM retail.hourly_analytics WHERE is_complete") == spread.sql(
        "SELECT sum(line1_in) FROM retail.raw_sensor_counts WHERE is_complete"
    )
