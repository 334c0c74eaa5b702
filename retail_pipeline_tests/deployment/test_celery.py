"""Runs on dagster-celery workers, Redis between: a worker is killed in the middle of a run, and nothing is lost."""

import datetime as dt
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator

import dagster as dg
import pytest
from billiard.exceptions import WorkerLostError
from celery.app.control import Inspect
from celery.states import READY_STATES
from dagster._core.launcher import WorkerStatus
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.automation.jobs import COLLECT_SENSORS
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
WORKER = ("-c", "from retail_pipeline.cli import main; main()", "worker", "--concurrency=1")
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
            made.start(name, *WORKER, RETAIL_LOCATION="north")
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
    [name] = [name for name, started in spread.processes.items() if started.pid == os.getpgid(process)]
    return name


@pytest.mark.parametrize(
    ("state", "told", "expected"),
    [
        pytest.param(None, None, WorkerStatus.RUNNING, id="it was resumed and waits until a worker is free"),
        pytest.param("SUCCESS", 1, WorkerStatus.FAILED, id="its task ended without ending the run"),
        pytest.param("FAILURE", WorkerLostError("killed"), WorkerStatus.FAILED, id="its process was killed"),
    ],
)
def test_a_run_that_is_under_way_is_lost_when_no_worker_has_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, state: str | None, told: object, expected: WorkerStatus
) -> None:
    monkeypatch.setenv("RETAIL_CELERY_BROKER_URL", redis_url)
    launcher, task = worker_launcher.WorkerRunLauncher(), f"the task of {state}"
    if state:
        launcher.celery.backend.store_result(task, told, state)
    run = dg.DagsterRun("a_job", tags={DAGSTER_CELERY_TASK_ID_TAG: task})

    assert launcher.check_run_worker_health(run).status is expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([None] * 4, "running, running, gone, running", id="it does not answer"),
        pytest.param(
            [None, None, "has it", None, None], "running, running, running, running, running", id="it is slow"
        ),
        pytest.param([None, "has it not"], "running, gone", id="it answers that it does not have it"),
    ],
)
def test_a_worker_that_does_not_answer_is_gone_after_the_third_time_and_not_before(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, answers: list[str | None], expected: str
) -> None:
    monkeypatch.setenv("RETAIL_CELERY_BROKER_URL", redis_url)
    launcher = worker_launcher.WorkerRunLauncher()
    launcher.celery.backend.store_result("a task", {"hostname": "one@here"}, "STARTED")
    said = {None: None, "has it": {"one@here": {"a task": ["active", {}]}}, "has it not": {"one@here": {}}}
    told = iter(answers)
    monkeypatch.setattr(Inspect, "query_task", lambda *_: said[next(told)])
    run = dg.DagsterRun("a_job", tags={DAGSTER_CELERY_TASK_ID_TAG: "a task"})

    looked = [launcher.check_run_worker_health(run).status for _ in answers]

    words = {WorkerStatus.RUNNING: "running", WorkerStatus.NOT_FOUND: "gone"}
    assert ", ".join(words[one] for one in looked) == expected


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


def test_a_worker_that_was_only_silent_does_its_run_beside_the_other_and_nothing_is_counted_twice(
    spread: Cluster, simulator: RunningSimulator
) -> None:
    spread.start("worker-3", *WORKER, RETAIL_LOCATION="north")
    truth, revised = true_counts(simulator), spread.sql("SELECT count(*) FROM retail.revisions")
    hour = f"{max(start for _, start in truth):%Y-%m-%d-%H:%M}|oslo"
    spread.sql("DELETE FROM retail.raw_sensor_counts")
    asked = simulator.asked()["counts"]
    for name in DOORS:
        simulator.behave(name, latency=SLOW)
    run_id = spread.launch("north", COLLECT_SENSORS, {RANGE_START: hour, RANGE_END: hour})
    spread.await_that(lambda: all(simulator.asked()["counts"][name] > asked[name] for name in DOORS))
    run = spread.instance.get_run_by_id(run_id)
    assert run
    [process] = processes_of(spread, run)
    silent = spread.processes[worker_of(spread, process)]
    os.killpg(silent.pid, signal.SIGSTOP)  # it holds the locks of the devices, and has not read their answers
    for name in DOORS:
        simulator.behave(name, latency=[0.0, 0.0])
    spread.await_that(lambda: spread.is_finished(run_id))
    os.killpg(silent.pid, signal.SIGCONT)
    task = spread.instance.run_launcher.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG])
    spread.await_that(lambda: task.state in READY_STATES)

    ended = spread.instance.get_run_by_id(run_id)
    assert ended
    assert ended.status is dg.DagsterRunStatus.SUCCESS
    assert len({worker_of(spread, one) for one in processes_of(spread, ended)}) == 2
    spread.await_that(lambda: spread.is_up_to_date("oslo"))
    counted = counts(spread)
    assert {key: counted.get(key) for key in truth} == truth
    assert spread.sql("SELECT count(*) FROM retail.revisions") == revised
