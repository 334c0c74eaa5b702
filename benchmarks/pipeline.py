"""The whole pipeline in one process: its jobs through a real Dagster instance on Postgres, and the same work without.

Everything stands as `dagster dev` has it, except that runs are executed here and not each in a process of its own.
"""

import datetime as dt
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from zoneinfo import ZoneInfo

import dagster as dg
import psycopg
import yaml

from benchmarks.collect import fetch
from benchmarks.fleet import HOUR, declared
from benchmarks.ground import fresh_database, own_home, own_postgres
from benchmarks.idle import Told, idle_definitions, told_by
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import day_rectangle, hour_rectangle
from retail_pipeline.automation.stores import add_stores
from retail_pipeline.definitions import build_defs, current_partitions
from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.load import load_fleet
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline.resources.sensor_apis import SensorApis
from retail_pipeline.steps.collect import collect
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import CHECKS, evaluate, record_health
from retail_pipeline.steps.summarise import summarise_days
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_EVENING = 22
"""The hour that ended last, by the clock of the stores: an hour costs more the later in its day it is."""
_OF_AN_HOUR = {
    "interval_start": ("raw_sensor_counts", "virtual_region_occupancy"),
    "hour_start": ("hourly_analytics", "zone_hours", "zone_flows", "queue_alerts"),
}


class ManyHosts(SensorApis):
    """Devices that share an address, which the devices of a real fleet do not."""

    def fetch(self, asks: Sequence[Ask]) -> Iterator[Answer | None]:
        """See `SensorApis`."""
        return fetch(asks)


class Pipeline:
    """A fleet, its warehouse and its Dagster, with hours to collect that end with the last whole one."""

    def __init__(
        self, url: str, dagster_url: str, instance: dg.DagsterInstance, fleet: Fleet, now: dt.datetime, hours: int
    ) -> None:
        self.url, self.dagster_url, self.instance, self.fleet = url, dagster_url, instance, fleet
        self.warehouse = Warehouse(url)
        self.now = now
        last = self.now.replace(minute=0, second=0, microsecond=0) - HOUR
        self.hours = [last - ago * HOUR for ago in range(hours)][::-1]
        clock = ZoneInfo(evening_zone(now))
        self.days = [hour.astimezone(clock).date() for hour in self.hours]
        self.partitions = current_partitions(self.now)
        self.definitions = build_defs(now=self.now, resources={"sensor_apis": ManyHosts()})
        self.told: dict[str, Told] = {}
        add_stores(instance, self.partitions, fleet)

    def empty(self) -> None:
        """Leaves no row in the warehouse but the fleet's."""
        with psycopg.connect(self.url) as connection:
            connection.execute("TRUNCATE retail.organizations RESTART IDENTITY CASCADE")
        with self.warehouse.transaction() as connection:
            sync_fleet(connection, self.fleet, self.now)

    def forget_last_hour(self) -> None:
        """Leaves the warehouse as it stands an hour after the last poll."""
        with psycopg.connect(self.url) as connection:
            for column, tables in _OF_AN_HOUR.items():
                for table in tables:
                    connection.execute(f"DELETE FROM retail.{table} WHERE {column} >= %s".encode(), [self.hours[-1]])

    def settle(self) -> None:
        """Let the server know what its tables hold, as autovacuum does within a minute of a fleet that runs."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ANALYZE")

    def by_dagster(self) -> None:
        """Collected, derived, summed up and checked, by four runs."""
        for job, tags in self._runs():
            self.told[job] = told_by(self.run(job, tags, may_fail=job == jobs.HEALTH))

    def one_partition(self) -> None:
        """An hour of a store by runs of its own."""
        rectangle = hour_rectangle(self.hours[-1], self.hours[-1], self.fleet.store_ids[:1])
        self.run(jobs.COLLECT_SENSORS, rectangle)
        self.run(jobs.CALCULATE_REGIONS, rectangle)

    def run(
        self, job: str, tags: Mapping[str, str], *, only: Sequence[str] = (), may_fail: bool = False
    ) -> dg.ExecuteInProcessResult:
        """Execute a job here, or `only` these of its assets.

        Raises:
            RuntimeError: it failed; the figure would be of less work.
        """
        keys = [self.partitions.key(asset) for asset in only]
        return self._execute(self.definitions.resolve_job_def(job), tags, keys, may_fail=may_fail)

    def _execute(
        self,
        job: dg.JobDefinition,
        tags: Mapping[str, str],
        only: Sequence[dg.AssetKey] = (),
        *,
        may_fail: bool = False,
    ) -> dg.ExecuteInProcessResult:
        ended = job.execute_in_process(
            instance=self.instance,
            tags=tags,
            asset_selection=list(only) or None,
            raise_on_error=False,
            run_config=QUIET,
        )
        if not ended.success and not may_fail:
            failed = [
                event.step_failure_data.error_display_string for event in ended.all_events if event.is_step_failure
            ]
            raise RuntimeError(f"{job.name} failed: {failed[:1]}")
        return ended

    def without_dagster(self) -> None:
        """The same work by the same steps."""
        with self.warehouse.reading() as warehouse:
            self._work(warehouse)

    def _work(self, warehouse: Warehouse) -> None:
        hours = dict.fromkeys(self.fleet.store_ids, self.hours)
        days = {store_id: set(self.days) for store_id in self.fleet.store_ids}
        for report in Report:
            collect(self.fleet, warehouse, fetch, report, hours, self.now)
        derive_hours(self.fleet, warehouse, hours, self.now, "bench")
        since = self.partitions.start
        summarise_days(self.fleet, warehouse, days, self.now, "bench", due_only=False, since=since)
        outcomes = evaluate(self.fleet, warehouse, None, self.now)
        record_health(self.fleet, warehouse, outcomes, self.now, "bench")

    def checks_of_runs(self) -> None:
        """The checks that each run evaluates of its tables, but for the last run, which evaluates them all."""
        for tables in (("raw_sensor_counts", "regional_counts"), jobs.DERIVED, ("daily_summaries",)):
            keys = [key for key, check in CHECKS.items() if check.table in tables]
            with self.warehouse.reading() as warehouse:
                evaluate(self.fleet, warehouse, keys, self.now)

    def only_events(self) -> None:
        """The runs of `by_dagster` once more, of bodies that do nothing: what Dagster takes for itself."""
        for job, tags in self._runs():
            self._execute(self._idle.resolve_job_def(job), tags)

    @property
    def events(self) -> int:
        """Partitions and checks of which the runs of `by_dagster` told last."""
        return sum(len(events) for told in self.told.values() for events in told.values())

    @cached_property
    def _idle(self) -> dg.Definitions:
        return idle_definitions(self.definitions, self.partitions, self.told)

    def _runs(self) -> list[tuple[str, Mapping[str, str]]]:
        """The jobs of `by_dagster`, with the partitions of each."""
        rectangle = hour_rectangle(self.hours[0], self.hours[-1], self.fleet.store_ids)
        days = day_rectangle(self.days[0], self.days[-1], self.fleet.store_ids)
        return [
            (jobs.COLLECT_SENSORS, rectangle),
            (jobs.CALCULATE_REGIONS, rectangle),
            (jobs.AGGREGATE, days),
            (jobs.HEALTH, {}),
        ]


@contextmanager
def environment(given: Mapping[str, object]) -> Iterator[None]:
    """This process's environment with these variables, and no others that name a fleet, a place or an instance."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("RETAIL_") or name == "DAGSTER_HOME"]:
        del os.environ[name]
    os.environ |= {name: str(value) for name, value in given.items()}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def evening_zone(now: dt.datetime) -> str:
    """The zone in which the hour that ended last was `_EVENING`: figures do not depend on when they are taken."""
    ahead = (_EVENING + 1 - now.hour) % 24
    return f"Etc/GMT{24 - ahead if ahead > 12 else -ahead:+d}"  # which counts westwards


@contextmanager
def pipeline(stores: int, devices: int, base_url: str, hours: int) -> Iterator[Pipeline]:
    """A pipeline that has never run, on databases of its own."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    now = dt.datetime.now(dt.UTC)
    with (
        own_home() as home,
        own_postgres() as postgres,
        fresh_database(postgres.url) as url,
        fresh_database(postgres.url) as dagster_url,
    ):
        path = home / "fleet.yaml"
        path.write_text(yaml.safe_dump(declared(stores, devices, base_url, evening_zone(now))))
        migrate(url)
        given = {
            "RETAIL_FLEET": path,
            "RETAIL_DATABASE_URL": url,
            "RETAIL_HOME": home,
            "DAGSTER_POSTGRES_URL": dagster_url,
        }
        with environment(given), retail_instance() as instance:
            yield Pipeline(url, dagster_url, instance, load_fleet(path), now, hours)
