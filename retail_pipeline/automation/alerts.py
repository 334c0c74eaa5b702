"""The Dagster sensor that tells people: a message when something begins to fail, and one when it is over."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from retail_pipeline.assets.common import utc_now
from retail_pipeline.fleet.load import FleetError
from retail_pipeline.local.shared import SharedServerError
from retail_pipeline.resources.alert_receivers import alert_receivers, known_secrets
from retail_pipeline.resources.dagster_faults import failed_jobs, stale_assets
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.recent_runs import location_of
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.settings import read_settings
from retail_pipeline.steps.alerts.faults import Fault, current_faults, undelivered_reports
from retail_pipeline.steps.alerts.standstill import goes_on, stands_still
from retail_pipeline.steps.alerts.telling import GIVEN_UP_AFTER, Memory, Receiver, note_faults, tell
from retail_pipeline.steps.health import STAGES
from retail_pipeline.warehouse.errors import WarehouseError
from retail_pipeline.warehouse.report_deliveries import waiting as waiting_reports
from retail_pipeline.warehouse.status import device_states, latest_inspections

NOBODY = "RETAIL_ALERT_URLS is not set: nobody is told of failures."


def make_alert_sensor() -> dg.SensorDefinition:
    """On by default; without a receiver it only says that there is none."""

    @dg.sensor(
        name="alert_people",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells RETAIL_ALERT_URLS what fails, and when it is over: devices, checks, tables, runs, reports.",
    )
    def alert(
        context: dg.SensorEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.SensorResult | dg.SkipReason:
        receivers = alert_receivers()
        if not receivers:
            return dg.SkipReason(NOBODY)
        location = read_settings().location or ""
        memory = Memory.model_validate_json(context.cursor) if context.cursor else Memory()
        try:
            memory, said = _tick(context, location, fleet, warehouse, receivers, memory)
        except (WarehouseError, SharedServerError, FleetError) as error:
            memory = stands_still(location, receivers, memory, str(error), known_secrets(), utc_now())
            said = [f"Nothing can be known: {error}"]
        return dg.SensorResult(skip_reason=dg.SkipReason("; ".join(said)), cursor=memory.model_dump_json())

    return alert


def _tick(
    context: dg.SensorEvaluationContext,
    location: str,
    fleet: FleetFile,
    warehouse: SupabasePostgres,
    receivers: Sequence[Receiver],
    memory: Memory,
) -> tuple[Memory, list[str]]:
    now, declared = utc_now(), fleet.load()
    told_by_dagster = _told_by_dagster(context, context.repository_def, now) if context.repository_def else []
    with warehouse.open() as opened:
        devices = device_states(opened, declared.store_ids)
        inspections = latest_inspections(opened, declared.store_ids, STAGES)
        organizations = [one.id for one in declared.organizations]
        waiting = waiting_reports(opened, declared.store_ids, now - GIVEN_UP_AFTER, organizations)
        faults = [
            *current_faults(declared, devices, inspections, told_by_dagster, now),
            *undelivered_reports(waiting),
        ]
        note_faults(opened, location, faults, known_secrets(), now)
        memory = goes_on(location, receivers, memory, now)
        return tell(opened, location, declared, receivers, memory, now)


def _told_by_dagster(
    context: dg.SensorEvaluationContext, repository: dg.RepositoryDefinition, now: dt.datetime
) -> list[Fault]:
    graph = repository.asset_graph
    watched = [key for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy]
    return [
        *failed_jobs(context.instance, repository.job_names, location_of(context), now),
        *stale_assets(context.instance, watched, now),
    ]
