"""The job that keeps house: what is older than it is kept leaves the warehouse, and Dagster's own records."""

import datetime as dt
from collections.abc import Iterable

import dagster as dg

from retail_pipeline.assets.common import utc_now
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.automation.jobs import KEEP_HOUSE
from retail_pipeline.resources.dagster_records import FirstKeys, remove_old_runs
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.settings import read_settings
from retail_pipeline.steps.keep_house import Housework, KeepRefusedError, keep_house

RUNS_TAKE = dt.timedelta(minutes=30)
"""The longest that removing runs takes in a night."""

_COLUMNS = dg.TableSchema(
    columns=[dg.TableColumn("table"), dg.TableColumn("organization"), dg.TableColumn("rows", "int")]
)
UNSERVED = (
    "%s: no code location serves it and no fleet file declares it, so its rows are kept for ever. Remove them with "
    "`retail-pipeline forget --organization %s`, or declare it again."
)
_GOES_ON = {True: "yes", False: "no: the rest is removed in the next nights"}


def make_house_job(partitions: Partitions, assets: Iterable[dg.AssetsDefinition]) -> dg.JobDefinition:
    """The job of this code location, which has these assets."""
    first_keys = _first_keys(assets)

    @dg.op(description="Remove the rows that are older than their organisation keeps them, in short transactions.")
    def remove_old_rows(context: dg.OpExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres) -> None:
        """Remove them, and say how many of which table and organisation."""
        try:
            with warehouse.open() as opened:
                done = keep_house(
                    fleet.load(),
                    opened,
                    first_hour=partitions.start,
                    first_day=partitions.first_day,
                    clock=utc_now,
                )
        except KeepRefusedError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        for one in done.unserved:
            context.log.warning(UNSERVED, one, one)
        context.add_output_metadata(_told(done))

    @dg.op(description="Remove Dagster's old runs; what is the last word on a partition, table or check stays.")
    def remove_runs(context: dg.OpExecutionContext) -> None:
        """Remove them, and say how many."""
        now, days = utc_now(), read_settings().runs_kept_days
        origin = context.run.remote_job_origin
        location = origin.location_name if origin else None
        done = remove_old_runs(context.instance, now - dt.timedelta(days=days), first_keys, location, now + RUNS_TAKE)
        context.add_output_metadata(
            {
                "runs_removed": done.runs,
                "events_removed": done.events,
                "log_files_removed": done.log_files,
                "finished": _GOES_ON[done.is_finished],
            }
        )

    @dg.job(name=KEEP_HOUSE, description="Remove what is older than it is kept: rows, and Dagster's own records.")
    def house() -> None:
        remove_old_rows()
        remove_runs()

    return house


def _first_keys(assets: Iterable[dg.AssetsDefinition]) -> FirstKeys:
    return {key: _first_key(one.partitions_def) for one in assets for key in one.keys}


def _first_key(partitions: dg.PartitionsDefinition | None) -> str | None:
    """Where the keys of hours or days begin; None without them."""
    if not isinstance(partitions, dg.MultiPartitionsDefinition):
        return None
    times = [one.partitions_def for one in partitions.partitions_defs]
    [first] = [one.start.strftime(one.fmt) for one in times if isinstance(one, dg.TimeWindowPartitionsDefinition)]
    return first


def _told(done: Housework) -> dict[str, dg.MetadataValue | int | str]:
    records = [
        dg.TableRecord({"table": table, "organization": organization, "rows": rows})
        for (table, organization), rows in sorted(done.removed.items())
    ]
    return {
        "rows_removed": done.removed.total(),
        "removed": dg.MetadataValue.table(records, schema=_COLUMNS),
        "finished": _GOES_ON[done.is_finished],
    }
