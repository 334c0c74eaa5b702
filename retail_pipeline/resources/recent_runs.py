"""The last runs, from Dagster's own records, in the monitor's words; and whose a run is."""

import datetime as dt
import logging

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from retail_pipeline.steps.status_report import RunStatus

_LOG = logging.getLogger(__name__)
BY_HAND = "__ASSET_JOB"
LOCATION = "retail/location"
"""Tag of runs that a command line started: the `RETAIL_LOCATION` of its environment."""

NO_JOB = "(assets, without a job)"
RECORDS_ARE_AWAY = (SQLAlchemyError, DagsterPostgresException, OSError, dg.DagsterError)
"""What Dagster raises when its database can't be reached."""


def recent_runs(instance: dg.DagsterInstance, limit: int = 8) -> list[RunStatus] | None:
    """The newest runs first; None when Dagster's database cannot be read, which is no reason to show nothing."""
    try:
        records = instance.get_run_records(limit=limit)
    except RECORDS_ARE_AWAY as error:
        _LOG.info("Dagster's records can't be read: %s", type(error).__name__)
        return None
    return [_run(record) for record in records]


def _run(record: dg.RunRecord) -> RunStatus:
    seconds = record.end_time - record.start_time if record.start_time and record.end_time else None
    return RunStatus(
        run_id=record.dagster_run.run_id,
        job=shown_job(record.dagster_run),
        status=record.dagster_run.status.value.lower(),
        started_at=dt.datetime.fromtimestamp(record.start_time, dt.UTC) if record.start_time else None,
        seconds=None if seconds is None else round(seconds, 1),
    )


def location_of(context: dg.SensorEvaluationContext) -> str | None:
    """The code location that a Dagster sensor belongs to, as Dagster names it; None where there is no workspace."""
    origin = context.code_location_origin
    return origin.location_name if origin else None


def is_run_of(run: dg.DagsterRun, location: str | None) -> bool:
    """Whether the run is of this code location; a command line's run is of the one that it named, or of all."""
    origin = run.remote_job_origin
    named = origin.location_name if origin else run.tags.get(LOCATION)
    return named is None or location is None or named == location


def shown_job(run: dg.DagsterRun) -> str:
    """The name of the job; assets that were requested as such, by hand or by their conditions, have none."""
    return NO_JOB if run.job_name.startswith(BY_HAND) else run.job_name
