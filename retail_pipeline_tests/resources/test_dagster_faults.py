"""What Dagster's own records say to fail, from runs and freshness states as Dagster writes them."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test

from retail_pipeline.automation.stores import has_unfinished_runs
from retail_pipeline.resources.dagster_faults import PAGE, SETTLED, TOLD_OTHERWISE, failed_jobs, stale_assets
from retail_pipeline.resources.recent_runs import LOCATION

JOBS = ("a_job", "b_job")
KEYS = [dg.AssetKey("raw_sensor_counts"), dg.AssetKey("hourly_analytics")]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@dg.op
def work(context: dg.OpExecutionContext) -> None:
    match context.run.tags.get("how"):
        case "bug":
            raise KeyError("shop-9")
        case "said":
            raise dg.Failure("the figures of shop-1 could not be derived", allow_retries=False)
        case "devices":
            raise dg.Failure("shop-1 is down", metadata={"shop-1-door": "unreachable", **TOLD_OTHERWISE})


@dg.job
def a_job() -> None:
    work()


@dg.job
def b_job() -> None:
    work()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def run(instance: dg.DagsterInstance, how: str = "", job: dg.JobDefinition = a_job) -> str:
    return job.execute_in_process(instance=instance, tags={"how": how}, raise_on_error=False).run_id


def test_a_job_fails_as_long_as_its_last_run_did(instance: dg.DagsterInstance) -> None:
    run(instance)
    assert failed_jobs(instance, JOBS, None, now()) == []

    first = run(instance, "bug")
    run(instance, job=b_job)
    [fault] = failed_jobs(instance, JOBS, None, now())
    assert (fault.kind, fault.subject, fault.cause) == ("run", "a_job", "KeyError")
    assert fault.detail == f"KeyError: 'shop-9' (run {first[:8]})"
    assert fault.since <= now()

    run(instance)
    assert failed_jobs(instance, JOBS, None, now()) == []


def test_a_failure_that_was_said_is_told_in_its_words(instance: dg.DagsterInstance) -> None:
    run(instance, "said")

    [fault] = failed_jobs(instance, JOBS, None, now())
    assert fault.detail.startswith("the figures of shop-1 could not be derived (run ")


def test_a_run_that_failed_for_its_devices_is_told_as_these(instance: dg.DagsterInstance) -> None:
    run(instance, "bug")
    run(instance, "devices")

    assert failed_jobs(instance, JOBS, None, now()) == []


def test_a_run_whose_process_died_is_told_with_what_the_monitor_said(instance: dg.DagsterInstance) -> None:
    lost = instance.create_run_for_job(a_job)
    instance.report_run_failed(lost, "its process is gone")

    [fault] = failed_jobs(instance, JOBS, None, now())
    assert (fault.cause, fault.detail) == ("lost", f"its process is gone (run {lost.run_id[:8]})")


def test_a_failure_of_yesterday_is_history(instance: dg.DagsterInstance) -> None:
    run(instance, "bug")

    assert failed_jobs(instance, JOBS, None, now() + dt.timedelta(hours=25)) == []


def told_where(instance: dg.DagsterInstance) -> list[str]:
    return [one for one in ("north", "south") if failed_jobs(instance, JOBS, one, now())]


def test_a_command_s_run_belongs_to_the_location_that_it_named_or_to_every(instance: dg.DagsterInstance) -> None:
    run(instance, "bug")
    assert told_where(instance) == ["north", "south"]

    a_job.execute_in_process(instance=instance, tags={LOCATION: "south"})
    assert told_where(instance) == ["north"]


def run_of(instance: dg.DagsterInstance, location: str, status: dg.DagsterRunStatus, job: str = "a_job") -> None:
    server = GrpcServerCodeLocationOrigin(host=location, port=4000, location_name=location)
    create_run_for_test(
        instance,
        job,
        status=status,
        remote_job_origin=RemoteRepositoryOrigin(server, "__repository__").get_job_origin(job),
        job_code_origin=dg.reconstructable(a_job).get_python_origin(),
    )


def test_a_failure_stands_however_many_runs_of_others_come_after_it(instance: dg.DagsterInstance) -> None:
    run_of(instance, "north", dg.DagsterRunStatus.FAILURE)
    for _ in range(2 * PAGE + 1):
        run_of(instance, "south", dg.DagsterRunStatus.SUCCESS)
        run_of(instance, "north", dg.DagsterRunStatus.SUCCESS, "b_job")
    assert told_where(instance) == ["north"]

    run_of(instance, "north", dg.DagsterRunStatus.SUCCESS)
    assert told_where(instance) == []


def test_a_run_of_another_location_is_told_there_and_keeps_nobody_else_waiting(instance: dg.DagsterInstance) -> None:
    run_of(instance, "south", dg.DagsterRunStatus.FAILURE)
    run_of(instance, "south", dg.DagsterRunStatus.STARTED)

    assert told_where(instance) == ["south"]
    assert [has_unfinished_runs(instance, location, "a_job") for location in ("north", "south")] == [False, True]


def report(instance: dg.DagsterInstance, state: FreshnessState, at: dt.datetime) -> None:
    instance._report_runless_asset_event(
        FreshnessStateChange(
            key=KEYS[0],
            new_state=state,
            previous_state=FreshnessState.UNKNOWN,
            state_change_timestamp=at.timestamp(),
        )
    )


def test_a_table_is_stale_when_its_freshness_has_failed_for_a_while(instance: dg.DagsterInstance) -> None:
    since = now()
    assert stale_assets(instance, KEYS, since) == []

    report(instance, FreshnessState.WARN, since)
    report(instance, FreshnessState.FAIL, since)
    assert stale_assets(instance, KEYS, since + SETTLED / 2) == []
    [fault] = stale_assets(instance, KEYS, since + 2 * SETTLED)
    assert (fault.kind, fault.subject, fault.since) == ("freshness", "raw_sensor_counts", since)

    report(instance, FreshnessState.PASS, since)
    assert stale_assets(instance, KEYS, since + 2 * SETTLED) == []
