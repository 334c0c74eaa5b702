"""Dagster's records, with the very `dagster.yaml` of the checkout."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT
from threading import Event
from unittest.mock import Mock

import dagster as dg
import psycopg
import pytest
import yaml
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import WorkerStatus
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionResult
from dagster._serdes import serialize_value
from dagster_postgres import PostgresEventLogStorage

from retail_pipeline.assets.common import at_once, materialized
from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.shared import SharedServerError
from retail_pipeline.resources.dagster_storage import (
    EVENTS_AT_ONCE,
    RECORDS,
    EventLog,
    external_url,
    retail_instance,
)
from retail_pipeline.resources.run_launcher import LocalRunLauncher

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
PARTITION_EVENTS = {dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_MATERIALIZATION}


@pytest.fixture
def configured(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the checkout's `dagster.yaml` and a database, and no `DAGSTER_HOME`."""
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", database_url)
    monkeypatch.setenv("RETAIL_HOME", str(tmp_path / "home"))
    return tmp_path


@dg.op
def speak(context: dg.OpExecutionContext) -> None:
    context.log.info("spoken")


@dg.job
def talk() -> None:
    speak()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_the_scheme_is_read_by_psycopg2(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", f"{scheme}://user:postgres@db.example:5432/dagster?sslmode=require")
    assert external_url() == "postgresql+psycopg2://user:postgres@db.example:5432/dagster?sslmode=require"


@pytest.fixture
def embedded(
    configured: Path, postgres: PostgresHandle, postgres_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No URL: the embedded server, with a database for Dagster in which nothing is."""
    del configured
    monkeypatch.delenv("DAGSTER_POSTGRES_URL")
    monkeypatch.setenv("RETAIL_HOME", str(postgres_home))
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE dagster WITH (FORCE)")
    yield
    monkeypatch.undo()
    postgres.ensure()


@pytest.mark.usefixtures("embedded")
def test_without_a_url_the_embedded_server_is_used_by_all_who_come_at_once() -> None:
    with ExitStack() as stack:
        instances = [stack.enter_context(retail_instance()) for _ in range(3)]
        run_id = talk.execute_in_process(instance=instances[0]).run_id
        assert all(instance.has_run(run_id) for instance in instances)


@pytest.mark.usefixtures("embedded")
def test_a_code_server_waits_for_a_server_that_starts_only_when_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    may_start, ensure = Event(), PostgresHandle.ensure

    def at_last(server: PostgresHandle) -> None:
        assert may_start.wait(60)
        ensure(server)

    monkeypatch.setattr(PostgresHandle, "ensure", at_last)
    monkeypatch.setattr(sys, "argv", ["dagster", "api", "grpc"])
    with retail_instance() as instance:
        may_start.set()
        assert instance.get_runs_count() == 0


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("command", ["api", "run"])
def test_a_server_that_does_not_start_is_told_to_whoever_needs_it(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(PostgresHandle, "ensure", Mock(side_effect=SharedServerError("no room")))
    monkeypatch.setattr(sys, "argv", ["dagster", command])
    with ExitStack() as stack:
        if command == "api":
            instance = stack.enter_context(retail_instance())
        with pytest.raises(SharedServerError, match="no room"):
            instance.get_runs_count() if command == "api" else retail_instance().__enter__()


@pytest.mark.usefixtures("embedded")
def test_dagster_dev_ends_where_its_server_does_not_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended = Event()
    monkeypatch.setattr(PostgresHandle, "ensure", Mock(side_effect=SharedServerError("no room")))
    monkeypatch.setattr(sys, "argv", ["dagster", "dev"])
    monkeypatch.setattr("os.kill", lambda pid, signum: ended.set() if (pid, signum) == (os.getpid(), SIGINT) else None)
    with retail_instance():
        assert ended.wait(60)
    assert "no room" in caplog.text


def test_a_run_and_its_logs_are_found_by_the_next_process(configured: Path) -> None:
    with retail_instance() as instance:
        run_id = talk.execute_in_process(instance=instance).run_id
    with retail_instance() as instance:
        run = instance.get_run_by_id(run_id)
        assert run
        assert run.status is dg.DagsterRunStatus.SUCCESS
        [captured] = [e for e in instance.all_logs(run_id) if e.dagster_event_type is dg.DagsterEventType.LOGS_CAPTURED]
        assert captured.dagster_event
        assert list((configured / "home" / "compute_logs" / run_id).rglob("*.err"))


HOURS = dg.HourlyPartitionsDefinition("2026-11-20-00:00", end_date="2026-11-21-00:00")


@dg.asset(partitions_def=HOURS, output_required=False)
def counts(context: dg.AssetExecutionContext) -> Iterator[dg.DagsterEvent]:
    made = [key for key in context.partition_keys if not key.endswith("03:00")]
    yield from at_once(context, (materialized(context.asset_key, key, 7) for key in made))
    raise dg.Failure("one hour is missing", allow_retries=False)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("at_a_time", ["0", "4", "500"])
def test_events_of_a_range_are_the_same_however_many_are_stored_at_once(
    at_a_time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EVENTS_AT_ONCE, at_a_time)
    hours = [f"2026-11-20-{hour:02}:00" for hour in range(10)]
    tags = {RANGE_START: hours[0], RANGE_END: hours[-1]}
    job = dg.Definitions([counts], jobs=[dg.define_asset_job("count", [counts])]).resolve_job_def("count")
    with retail_instance() as instance:
        ended = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False, run_config=QUIET)
        stored = instance.all_logs(ended.run_id, of_type=PARTITION_EVENTS)
        told = [(one.dagster_event_type, one.dagster_event and one.dagster_event.partition) for one in stored]
        made = [hour for hour in hours if hour != hours[3]]
        assert told == [
            *((dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, hour) for hour in hours),
            *((dg.DagsterEventType.ASSET_MATERIALIZATION, hour) for hour in made),
        ]
        assert instance.get_materialized_partitions(counts.key) == set(made)
        newest = instance.get_latest_materialization_event(counts.key)
        assert newest
        assert newest.dagster_event
        assert newest.dagster_event.partition == hours[-1]
        [record] = instance.get_asset_records([counts.key])
        assert record.asset_entry.last_run_id == ended.run_id
        assert len(ended.get_asset_materialization_events()) == len(made)


@pytest.mark.usefixtures("configured")
def test_the_events_of_a_run_take_a_few_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EVENTS_AT_ONCE, raising=False)
    written: list[list[str]] = []
    tags = {RANGE_START: "2026-11-20-00:00", RANGE_END: "2026-11-20-19:00"}
    job = dg.Definitions([counts], jobs=[dg.define_asset_job("count", [counts])]).resolve_job_def("count")
    with retail_instance() as instance:
        store = EventLog._store

        def noted(log: EventLog, events: Sequence[dg.EventLogEntry]) -> None:
            if len(events) > 1:
                written.append([str(event.dagster_event_type and event.dagster_event_type.value) for event in events])
            store(log, events)

        monkeypatch.setattr(EventLog, "_store", noted)
        job.execute_in_process(instance=instance, tags=tags, raise_on_error=False, run_config=QUIET)
    assert written == [["ASSET_MATERIALIZATION_PLANNED"] * 20, ["ASSET_MATERIALIZATION"] * 19]


@pytest.mark.usefixtures("configured")
def test_a_kept_connection_that_the_server_closed_is_replaced(database_url: str) -> None:
    with retail_instance() as instance:
        first = talk.execute_in_process(instance=instance).run_id
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        second = talk.execute_in_process(instance=instance).run_id
        assert all(len(instance.all_logs(run_id)) > 5 for run_id in (first, second))


@pytest.mark.usefixtures("configured")
def test_the_queue_leaves_room_beside_recovery() -> None:
    with retail_instance() as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue
        assert queue.max_concurrent_runs == 4
        assert queue.tag_concurrency_limits == [
            {"key": "retail/recovery", "value": {"applyLimitPerUniqueValue": True}, "limit": 2}
        ]
        assert instance.run_coordinator.dequeue_interval_seconds == 1
        assert instance.run_monitoring_enabled
        assert not instance.run_retries_enabled
        assert not instance.telemetry_enabled


def test_outside_a_checkout_a_command_writes_to_the_same_records(configured: Path) -> None:
    (configured / "dagster.yaml").unlink()
    with retail_instance() as instance:
        assert isinstance(instance.event_log_storage, PostgresEventLogStorage)
        assert instance.root_directory == str(configured / "home" / "dagster")


def test_the_file_and_the_code_say_the_same_about_records() -> None:
    written = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    assert {name: written[name] for name in RECORDS} == RECORDS


def test_daemon_and_webserver_load_none_of_what_runs_need() -> None:
    written = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    parts = [written["storage"]["custom"], *(written[part] for part in ("compute_logs", "local_artifact_storage"))]
    names = {part["module"] for part in [*parts, written["run_launcher"]]}
    told = f"import gc, sys, {', '.join(names)}\nassert gc.get_freeze_count()\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)

    assert names <= set(loaded.stdout.split())
    assert {"polars", "psycopg", "pyarrow", "httpx"}.isdisjoint(loaded.stdout.split())


def test_dagster_home_decides_when_it_is_set(configured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = configured / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(elsewhere))
    with retail_instance() as instance:
        assert instance.root_directory == str(elsewhere)


def test_the_workspace_has_one_location() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
    assert [location["python_module"]["module_name"] for location in workspace["load_from"]] == [
        "retail_pipeline.definitions"
    ]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (True, WorkerStatus.RUNNING),
        (False, WorkerStatus.NOT_FOUND),
        (DagsterUserCodeUnreachableError("Could not reach user code server. gRPC Error code: UNAVAILABLE"), "FAILED"),
        (DagsterUserCodeUnreachableError("User code server request timed out"), "RUNNING"),
    ],
    ids=["it runs", "the server does not know it", "the server is gone", "the server is busy"],
)
def test_a_run_is_alive_as_long_as_its_code_server_does_not_deny_it(
    monkeypatch: pytest.MonkeyPatch, answer: bool | Exception, status: WorkerStatus | str
) -> None:
    client = Mock(spec=DagsterGrpcClient)
    if isinstance(answer, Exception):
        client.can_cancel_execution.side_effect = answer
    else:
        client.can_cancel_execution.return_value = serialize_value(CanCancelExecutionResult(can_cancel=answer))
    launcher = LocalRunLauncher()
    monkeypatch.setattr(launcher, "_get_grpc_client_for_termination", lambda _: client)
    health = launcher.check_run_worker_health(dg.DagsterRun(job_name="talk", run_id="1"))
    assert health.status == WorkerStatus(status)


def test_a_run_is_dead_when_nobody_listens_at_its_code_server(
    configured: Path,
) -> None:
    gone = json.dumps({"host": "localhost", "socket": str(configured / "gone")})
    with retail_instance() as instance:
        run = instance.create_run_for_job(talk, tags={".dagster/grpc_info": gone})
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_launcher.check_run_worker_health(run).status is WorkerStatus.FAILED


@pytest.mark.usefixtures("configured")
def test_a_run_in_a_command_s_own_process_is_left_alone() -> None:
    with retail_instance() as instance:
        run = instance.create_run_for_job(talk)
        assert instance.run_launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
