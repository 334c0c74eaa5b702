"""What Dagster knows to fail: jobs whose last run failed, tables that are out of date. In the words of alerts."""

import datetime as dt
from collections.abc import Iterable, Sequence

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState
from dagster._core.execution.plan.objects import StepFailureData

from retail_pipeline.resources.recent_runs import is_run_of, shown_job
from retail_pipeline.steps.alerts.faults import Fault, Kind

TOLD_OTHERWISE = {"told": "as the devices and checks that failed"}
"""Metadata of a `dg.Failure` that says what devices and checks say as well: the run is red, and no incident of its own.

Without it a device that is dead for days would be a failed run every half hour.
"""

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
LOOK_BACK = dt.timedelta(hours=24)
PAGE = 10
SETTLED = dt.timedelta(minutes=15)
"""After a laptop's sleep everything is out of date, until the first poll has come."""


def failed_jobs(
    instance: dg.DagsterInstance, jobs: Iterable[str], location: str | None, now: dt.datetime
) -> list[Fault]:
    """Those of `jobs` whose last finished run of the last 24 hours failed, unless its failure is told otherwise.

    `location` is the code location as Dagster names it, None for all.
    """
    found = (_last_finished(instance, job, location, now - LOOK_BACK) for job in jobs)
    return [fault for record in found if record and (fault := _fault(instance, record))]


def _last_finished(
    instance: dg.DagsterInstance, job: str, location: str | None, since: dt.datetime
) -> dg.RunRecord | None:
    """Other locations have jobs of the same name."""
    filters = dg.RunsFilter(job_name=job, statuses=FINISHED, updated_after=since)
    cursor = None
    while page := instance.get_run_records(filters, limit=PAGE, cursor=cursor):
        for record in page:
            if is_run_of(record.dagster_run, location):
                return record
        cursor = page[-1].dagster_run.run_id
    return None


def _fault(instance: dg.DagsterInstance, record: dg.RunRecord) -> Fault | None:
    run = record.dagster_run
    if run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    failures = [
        entry.dagster_event.step_failure_data
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        if entry.dagster_event
    ]
    own = [one for one in failures if not _is_told_otherwise(one)]
    if failures and not own:
        return None
    cause, detail = _words(own[0]) if own else ("lost", _ending(instance, run.run_id))
    ended = record.end_time or record.update_timestamp.timestamp()
    return Fault(
        kind=Kind.RUN,
        subject=shown_job(run),
        cause=cause,
        detail=f"{detail} (run {run.run_id[:8]})",
        since=dt.datetime.fromtimestamp(ended, dt.UTC),
    )


def _is_told_otherwise(failure: StepFailureData) -> bool:
    given = failure.user_failure_data.metadata if failure.user_failure_data else {}
    return TOLD_OTHERWISE.keys() <= given.keys()


def _words(failure: StepFailureData) -> tuple[str, str]:
    """Class of the error, and what it says, as raised in the step and not as Dagster wraps it."""
    if failure.user_failure_data and failure.user_failure_data.description:
        return "Failure", failure.user_failure_data.description
    error = failure.error
    while error and error.cause and error.cls_name == "DagsterExecutionStepExecutionError":
        error = error.cause
    if error is None:
        return "unknown", "a step failed"
    return error.cls_name or "unknown", error.message.strip()


def _ending(instance: dg.DagsterInstance, run_id: str) -> str:
    """Why a run without a failed step is red: its process died, or it never began."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    said = [entry.dagster_event.message for entry in entries if entry.dagster_event and entry.dagster_event.message]
    return said[-1] if said else "the run ended without a word"


def stale_assets(instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey], now: dt.datetime) -> list[Fault]:
    """Tables whose freshness policy has been failing for a quarter of an hour."""
    return [
        Fault(
            kind=Kind.FRESHNESS,
            subject=key.to_user_string(),
            cause="stale",
            detail="nothing was added for longer than its freshness policy allows: do schedules and sensors run?",
            since=record.updated_at,
        )
        for key, record in instance.get_freshness_state_records(keys).items()
        if record.freshness_state is FreshnessState.FAIL and record.updated_at <= now - SETTLED
    ]
