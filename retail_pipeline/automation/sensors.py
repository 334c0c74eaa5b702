"""Dagster sensors: the fleet file is followed, missed hours are recovered, ended days are summed up."""

import datetime as dt

import dagster as dg

from retail_pipeline.assets.common import utc_now
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.automation import jobs
from retail_pipeline.automation.alerts import make_alert_sensor
from retail_pipeline.automation.rectangles import hour_rectangle, request_of_due_days
from retail_pipeline.automation.stores import (
    UNFINISHED,
    add_stores,
    has_unfinished_runs,
    ordered_stores,
    remove_stores,
)
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.recent_runs import location_of
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.settings import read_settings
from retail_pipeline.steps.recover import Recovery, close_lost_gaps, open_gaps, plan_recovery, recovered_hours
from retail_pipeline.steps.summarise import due_days
from retail_pipeline.warehouse.fleet_tables import sync_fleet

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
RUNNING = dg.DefaultSensorStatus.RUNNING
RECOVERY = "retail/recovery"
FIRST_HOURS = "retail/first_hours"
STORE = "retail/store"
COLLECTED = ("raw_sensor_counts", "regional_counts")


def make_sensors(partitions: Partitions) -> list[dg.SensorDefinition]:
    """All Dagster sensors, on by default."""
    derived = dg.AssetSelection.assets(*(partitions.key(name) for name in jobs.DERIVED))
    return [
        _sync_fleet(partitions),
        _recover_missed_hours(partitions),
        _catch_up_days(partitions),
        make_alert_sensor(),
        dg.AutomationConditionSensorDefinition(
            "derive_updated_hours", target=derived, default_status=RUNNING, minimum_interval_seconds=10
        ),
    ]


def _sync_fleet(partitions: Partitions) -> dg.SensorDefinition:
    @dg.sensor(
        name="sync_fleet",
        job_name=jobs.COLLECT_SENSORS,
        minimum_interval_seconds=15,
        default_status=RUNNING,
        description="Stores follow the fleet file without a restart; a new store's last day is asked for at once.",
    )
    def sync(
        context: dg.SensorEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.SensorResult | dg.SkipReason:
        declared = fleet.load()
        fingerprint = declared.fingerprint()
        if context.cursor != fingerprint:
            with warehouse.open() as opened, opened.transaction() as connection:
                sync_fleet(connection, declared, utc_now())
        added = add_stores(context.instance, partitions, declared)
        removed = remove_stores(context.instance, partitions, declared, location_of(context))
        if removed:
            context.log.info("No longer declared, partitions removed: %s", ", ".join(removed))
        return dg.SensorResult(run_requests=_first_hours(partitions, added), cursor=fingerprint)

    return sync


def _first_hours(partitions: Partitions, added: list[str]) -> list[dg.RunRequest]:
    if not added:
        return []
    now = utc_now()
    open_hour = now.replace(minute=0, second=0, microsecond=0)
    first = max(open_hour - 23 * HOUR, partitions.start)
    return [
        dg.RunRequest(
            run_key=f"first-{'-'.join(added)}-{open_hour.isoformat()}"[:250],
            asset_selection=[partitions.key(name) for name in COLLECTED],
            tags={**hour_rectangle(first, open_hour, added), FIRST_HOURS: partitions.mark},
        )
    ]


def _recover_missed_hours(partitions: Partitions) -> dg.SensorDefinition:
    @dg.sensor(
        name="recover_missed_hours",
        job_name=jobs.COLLECT_SENSORS,
        # A recovery takes seconds, and the next one waits for a tick: thirty days of history are twenty of them.
        minimum_interval_seconds=10,
        default_status=RUNNING,
        description="Asks again for exactly the hours that the ledger misses, nearest deadline first.",
    )
    def recover(
        context: dg.SensorEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.SensorResult | dg.SkipReason:
        now, declared = utc_now(), fleet.load()
        with warehouse.open() as opened:
            cursor = open_gaps(declared, opened, context.cursor, partitions.start, now)
            for lost in close_lost_gaps(opened, now, declared.scope):
                context.log.error(lost)
            under_way = context.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED, tags={RECOVERY: partitions.mark}))
            at_once = 0 if _asks_first_hours(context.instance, partitions) else read_settings().recovery_runs
            plan = plan_recovery(
                opened,
                now,
                stores_under_way={run.tags[STORE] for run in under_way},
                runs=at_once - len(under_way),
                since=partitions.start,
                until=now,
                scope=declared.scope,
            )
        known = set(ordered_stores(context.instance, partitions))
        requests = [_recovery_run(partitions, one, now) for one in plan if one.store_id in known]
        return dg.SensorResult(cursor=cursor, run_requests=requests)

    return recover


def _recovery_run(partitions: Partitions, one: Recovery, now: dt.datetime) -> dg.RunRequest:
    ten_minutes = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    return dg.RunRequest(
        run_key=f"recover-{one.store_id}-{one.first.isoformat()}-{one.last.isoformat()}-{ten_minutes.isoformat()}",
        asset_selection=[partitions.key(recovered_hours(report)) for report in one.reports],
        tags={
            **hour_rectangle(one.first, one.last, [one.store_id]),
            RECOVERY: partitions.mark,
            STORE: one.store_id,
        },
    )


def _asks_first_hours(instance: dg.DagsterInstance, partitions: Partitions) -> bool:
    """Whether the last day of new stores is asked for: what is older waits, people look at what is new."""
    return instance.get_runs_count(dg.RunsFilter(statuses=UNFINISHED, tags={FIRST_HOURS: partitions.mark})) > 0


def _catch_up_days(partitions: Partitions) -> dg.SensorDefinition:
    @dg.sensor(
        name="catch_up_days",
        job_name=jobs.AGGREGATE,
        minimum_interval_seconds=30,
        default_status=RUNNING,
        description="Sums up ended days as soon as their hours are there: after a first start, a recovery, a backfill.",
    )
    def catch_up(
        context: dg.SensorEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.RunRequest | dg.SkipReason:
        if has_unfinished_runs(context.instance, location_of(context), jobs.AGGREGATE):
            return dg.SkipReason("Days are being summed up already.")
        with warehouse.open() as opened:
            due = due_days(fleet.load(), opened, partitions.start, utc_now(), ended_only=True)
        stores = ordered_stores(context.instance, partitions)
        return request_of_due_days(due, stores, "Every ended day is up to date with its hours.")

    return catch_up
