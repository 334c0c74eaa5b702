"""The clock of the pipeline, all in UTC. One run a tick for the whole fleet.

Collections begin 2 min 5 s after the tick: by the device's own clock a row is final two minutes after its end, so the
hour that just ended is final at the first poll.
"""

import datetime as dt

import dagster as dg

from retail_pipeline.assets.common import NOT_BEFORE, utc_now
from retail_pipeline.assets.live_counters import NOT_AFTER
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import day_range, hour_rectangle, request_of_due_days
from retail_pipeline.automation.stores import add_stores, ordered_stores
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.report_receivers import report_receivers
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.due_pages import due_overviews, due_reports
from retail_pipeline.steps.live_counters import asks_of_counters
from retail_pipeline.steps.report_delivery import due_deliveries
from retail_pipeline.steps.summarise import due_days
from retail_pipeline.warehouse.report_deliveries import Kind

ROWS_ARE_FINAL = dt.timedelta(minutes=2, seconds=5)
BEFORE_A_POLL = dt.timedelta(seconds=90)
"""A device is asked by one process at a time: a reading lasts seconds, and a poll begins later than this."""
UNTIL_THE_NEXT = dt.timedelta(minutes=5)
"""How late a reading may begin where no poll is near."""
HOUR = dt.timedelta(hours=1)
RUNNING = dg.DefaultScheduleStatus.RUNNING


def make_schedules(partitions: Partitions) -> list[dg.ScheduleDefinition]:
    """Polls every half hour, live readings, days, health, outlook, morning reports, and once a day what is old."""
    polls = [_collection(partitions), _live()]
    return [*polls, _aggregation(partitions), _health(), _plan(), _reports(partitions), _overviews(), _house()]


def _collection(partitions: Partitions) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="collect_sensor_data_schedule",
        job_name=jobs.COLLECT_SENSORS,
        cron_schedule="*/30 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="On the hour: lines and regions of the hour that ended. At half past: lines of the open hour.",
    )
    def collect(context: dg.ScheduleEvaluationContext, fleet: FleetFile) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time.astimezone(dt.UTC)
        add_stores(context.instance, partitions, fleet.load())
        stores = ordered_stores(context.instance, partitions)
        if not stores:
            return dg.SkipReason("The fleet file declares no store.")
        on_the_hour = tick.minute == 0
        hour = tick - HOUR if on_the_hour else tick.replace(minute=0)
        assets = ["raw_sensor_counts", "regional_counts"] if on_the_hour else ["raw_sensor_counts"]
        return dg.RunRequest(
            run_key=f"collect-{tick.isoformat()}",
            asset_selection=[partitions.key(asset) for asset in assets],
            tags={**hour_rectangle(hour, hour, stores), NOT_BEFORE: (tick + ROWS_ARE_FINAL).isoformat()},
        )

    return collect


def _live() -> dg.ScheduleDefinition:
    @dg.schedule(
        name="read_live_counters_schedule",
        job_name=jobs.LIVE,
        cron_schedule="*/5 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="Who is inside now, where devices show it; over before the next poll of reports begins.",
    )
    def read_live(context: dg.ScheduleEvaluationContext, fleet: FleetFile) -> dg.RunRequest | dg.SkipReason:
        tick = context.scheduled_execution_time.astimezone(dt.UTC)
        if not asks_of_counters(fleet.load(), tick):
            return dg.SkipReason("No device declares counters or live.")
        patience = BEFORE_A_POLL if tick.minute % 30 == 0 else UNTIL_THE_NEXT
        return dg.RunRequest(run_key=f"live-{tick.isoformat()}", tags={NOT_AFTER: (tick + patience).isoformat()})

    return read_live


def _aggregation(partitions: Partitions) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="run_analytics_aggregation_schedule",
        job_name=jobs.AGGREGATE,
        cron_schedule="5 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="Today so far, days that ended, and days whose counts changed: the warehouse says which.",
    )
    def aggregate(
        context: dg.ScheduleEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.RunRequest | dg.SkipReason:
        with warehouse.open() as opened:
            due = due_days(fleet.load(), opened, partitions.start, utc_now())
        return request_of_due_days(
            due,
            ordered_stores(context.instance, partitions),
            "Every day is up to date with its counts.",
            run_key=f"aggregate-{context.scheduled_execution_time.isoformat()}",
        )

    return aggregate


def _health() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="pipeline_health_schedule",
        job_name=jobs.HEALTH,
        cron_schedule="15 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="Every check, and one row per stage and store in pipeline_health.",
    )


def _reports(partitions: Partitions) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="make_reports_schedule",
        job_name=jobs.REPORT,
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="At 08:00 of each store's morning the page of the day that ended, anew when it changed; sent once.",
    )
    def report(
        context: dg.ScheduleEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.RunRequest | dg.SkipReason:
        declared, now = fleet.load(), utc_now()
        with warehouse.open() as opened:
            made = due_reports(declared, opened, now)
            sent = due_deliveries(declared, opened, report_receivers(declared), now)
        return request_of_due_days(
            [*made, *sent],
            ordered_stores(context.instance, partitions),
            "No report is due: none of the stores has a morning, or all of theirs are made and sent.",
            run_key=f"report-{context.scheduled_execution_time.isoformat()}",
        )

    return report


def _overviews() -> dg.ScheduleDefinition:
    @dg.schedule(
        name="make_overviews_schedule",
        job_name=jobs.OVERVIEW,
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="When a day is over in all stores of an organization: its overview, anew if it changed, sent once.",
    )
    def overview(
        context: dg.ScheduleEvaluationContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.RunRequest | dg.SkipReason:
        declared, now = fleet.load(), utc_now()
        with warehouse.open() as opened:
            made = due_overviews(declared, opened, now)
            sent = due_deliveries(declared, opened, report_receivers(declared), now, Kind.OVERVIEW)
        due = [*made, *sent]
        if not due:
            return dg.SkipReason("No overview is due: no day has ended in every store, or all are made and sent.")
        tags = day_range([day for _, day in due])
        return dg.RunRequest(run_key=f"overview-{context.scheduled_execution_time.isoformat()}", tags=tags)

    return overview


def _plan() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="plan_ahead_schedule",
        job_name=jobs.PLAN,
        cron_schedule="20 * * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="Staffing for the next 14 days and heat maps, from the last weeks of every store.",
    )


def _house() -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="keep_house_schedule",
        job_name=jobs.KEEP_HOUSE,
        cron_schedule="50 3 * * *",
        execution_timezone="UTC",
        default_status=RUNNING,
        description="Once a day, between polls: rows and runs that are older than they are kept.",
    )
