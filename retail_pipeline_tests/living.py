"""The whole pipeline at a chosen time: simulated devices, Postgres for warehouse and Dagster, and a clock to be moved.

Schedules and sensors are asked as the daemon asks them, and what they request is executed in this process.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import psycopg
import pytest
import time_machine
import yaml
from dagster._core.test_utils import MockedRunLauncher

from retail_pipeline.automation.stores import add_stores
from retail_pipeline.definitions import build_defs, current_partitions
from retail_pipeline.fleet.load import load_fleet
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import utc

HOUR = dt.timedelta(hours=1)
START = utc("2026-11-20 12:40")
"""A Friday: 06:40 in Chicago, 12:40 in Lisbon, 18:10 in Pune."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
LAUNCHER = {"module": MockedRunLauncher.__module__, "class": MockedRunLauncher.__name__}
LINES = {1: {"role": "entrance", "from": "outside", "to": "hall"}, 4: {"role": "passers_by"}}


def device(name: str, **declared: Any) -> dict[str, Any]:
    """A door without credentials."""
    return {"id": name, "url": f"http://sensor.example/{name}", "lines": LINES, **declared}


def store(name: str, zone: str, *doors: dict[str, Any]) -> dict[str, Any]:
    """A store with a zone `hall`; its only door is `<name>-door` unless declared otherwise."""
    return {
        "id": name,
        "organization": "acme",
        "name": name.title(),
        "timezone": zone,
        "opening_hours": {"mon-sun": "09:00-19:00"},
        "sensors": list(doors) or [device(f"{name}-door")],
        "zones": {"hall": {"kind": "entrance", "name": "Hall"}},
    }


# Not in the order of the alphabet: ranges follow the order in which stores were added.
STORES = [
    store("pune", "Asia/Kolkata"),
    store(
        "lisbon",
        "Europe/Lisbon",
        device("lisbon-door", reports=["lines", "regions"], regions={1: "hall"}),
        device("lisbon-yard"),
    ),
    store("chicago", "America/Chicago"),
]


class Living:
    """A pipeline that lives between two ticks; `at` moves its clock, and that of its devices."""

    def __init__(
        self, home: Path, url: str, instance: dg.DagsterInstance, simulator: RunningSimulator, clock: Any
    ) -> None:
        self.home, self.url, self.instance, self.simulator, self._clock = home, url, instance, simulator, clock
        self.warehouse = Warehouse(url)

    @property
    def fleet(self) -> Fleet:
        """As declared now."""
        return load_fleet(self.home / "fleet.yaml")

    @property
    def defs(self) -> dg.Definitions:
        """As a code server would load it now."""
        return build_defs()

    def declare(self, stores: Sequence[Mapping[str, Any]], *also: str) -> None:
        """Write the fleet file, its devices the simulator's; `also` are organisations beside acme."""
        write_fleet(self.home, stores, self.simulator.base_url, also)

    def at(self, moment: dt.datetime) -> None:
        """Move the clock."""
        self._clock.move_to(moment)

    def know_stores(self) -> list[str]:
        """Give the declared stores their partitions; all of them, in Dagster's order."""
        partitions = current_partitions(dt.datetime.now(dt.UTC))
        add_stores(self.instance, partitions, self.fleet)
        return list(self.instance.get_dynamic_partitions("store"))

    def sense(self, name: str, cursor: str | None = None) -> Any:
        """What a Dagster sensor asks for now: an object with `run_requests`, `skip_message`, `cursor`."""
        defs = self.defs
        repository = defs.get_repository_def()
        with dg.build_sensor_context(
            instance=self.instance, cursor=cursor, repository_def=repository, resources=defs.resources
        ) as context:
            return repository.get_sensor_def(name).evaluate_tick(context)

    def tick(self, name: str, moment: dt.datetime) -> Any:
        """What a schedule asks for at a tick; the clock is moved there."""
        self.at(moment)
        defs = self.defs
        repository = defs.get_repository_def()
        with dg.build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=moment,
            repository_def=repository,
            resources=defs.resources,
        ) as context:
            return repository.get_schedule_def(name).evaluate_tick(context)

    def run(self, job: str, tags: Mapping[str, str], assets: Sequence[dg.AssetKey] | None = None) -> Any:
        """Execute a job in this process; the wait for the devices' last two minutes is left out."""
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            tags={name: value for name, value in tags.items() if name != "retail/not_before"},
            asset_selection=list(assets) if assets else None,
            raise_on_error=False,
            run_config=QUIET,
        )

    def grant(self, job: str, requests: Sequence[dg.RunRequest]) -> list[Any]:
        """Execute what a schedule or sensor asked for."""
        return [self.run(one.job_name or job, one.tags, one.asset_selection) for one in requests]

    def sql(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """Runs a statement; rows where it gives any."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def requests(self) -> dict[str, int]:
        """How often each device has been asked."""
        counts: dict[str, int] = self.simulator.asked()["counts"]
        return dict(counts)

    def materialized(self, asset: str) -> set[str]:
        """Partitions of an asset that Dagster shows green."""
        return self.instance.get_materialized_partitions(dg.AssetKey(asset))

    def open_gaps(self) -> list[tuple[Any, ...]]:
        """`sensor_id`, `report`, `hour_start`, `cause` of the ledger's open rows."""
        return self.sql(
            "SELECT sensor_id, report, hour_start, cause FROM retail.collection_gaps"
            " WHERE recovered_at IS NULL AND closed_as_lost_at IS NULL ORDER BY 1, 2, 3"
        )


@contextmanager
def living(url: str, dagster_url: str, home: Path, start: dt.datetime = START) -> Iterator[Living]:
    """A pipeline over three stores that has never run, on two empty databases."""
    write_fleet(home, STORES, "http://127.0.0.1:1")
    fleet = load_fleet(home / "fleet.yaml")
    with pytest.MonkeyPatch.context() as environment, running_simulator(fleet) as simulator:
        write_fleet(home, STORES, simulator.base_url)
        environment.setenv("RETAIL_FLEET", str(home / "fleet.yaml"))
        environment.setenv("RETAIL_DATABASE_URL", url)
        environment.setenv("RETAIL_HOME", str(home))
        environment.setenv("RETAIL_HORIZON_DAYS", "7")
        for name in ("RETAIL_LOCATION", "RETAIL_ORGANIZATIONS", "RETAIL_RECOVERY_RUNS"):
            environment.delenv(name, raising=False)
        migrate(url)
        with dagster_instance(home, dagster_url) as instance, time_machine.travel(start, tick=True) as clock:
            yield Living(home, url, instance, simulator, clock)


@contextmanager
def dagster_instance(home: Path, url: str) -> Iterator[dg.DagsterInstance]:
    """Dagster's records in a database; runs that are launched are only noted down."""
    storage = {"postgres_url": url.replace("postgresql:", "postgresql+psycopg2:", 1)}
    overrides = {"storage": {"postgres": storage}, "run_launcher": LAUNCHER, "telemetry": {"enabled": False}}
    with dg.instance_for_test(temp_dir=str(home), overrides=overrides) as instance:
        yield instance


def write_fleet(
    home: Path, stores: Sequence[Mapping[str, Any]], base_url: str, organizations: Sequence[str] = ()
) -> None:
    """The fleet file of `home`, its devices at a simulator; of acme and other `organizations`."""
    names = [{"id": one, "name": one.title()} for one in ("acme", *organizations)]
    declared = {"organizations": names, "stores": list(stores)}
    moved = pointed_at(Fleet.model_validate(declared), base_url)
    urls = {one.id: str(one.url) for each in moved.stores for one in each.sensors}
    placed = [{**each, "sensors": [{**one, "url": urls[one["id"]]} for one in each["sensors"]]} for each in stores]
    (home / "fleet.yaml").write_text(yaml.safe_dump({**declared, "stores": placed}))


@contextmanager
def empty_database(admin: str, url_of: Any) -> Iterator[str]:
    """The URL of a database that is dropped afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy".encode())
        yield url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def troubles(result: dg.ExecuteInProcessResult) -> list[str]:
    """What the failed steps of a run said; none when it succeeded."""
    failed = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return [(one.user_failure_data and one.user_failure_data.description) or one.error_display_string for one in failed]
