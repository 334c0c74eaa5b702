"""Dagster as it is deployed: code locations, the daemon and workers as processes of their own, on two databases."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import yaml
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget

from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300.0
"""For processes that load Dagster on a machine with other work to do."""

LAUNCH = """
mutation ($params: ExecutionParams!) {
    launchPipelineExecution(executionParams: $params) {
        __typename
        ... on LaunchRunSuccess { run { runId } }
        ... on PythonError { message }
    }
}
"""


class Cluster:
    """A deployment on this machine; `home` is its DAGSTER_HOME and RETAIL_HOME."""

    def __init__(self, home: Path, url: str, environment: Mapping[str, str], instance: dg.DagsterInstance) -> None:
        self.home, self.url, self.environment, self.instance = home, url, environment, instance
        self.devices = ""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def workspace(self) -> Path:
        """The workspace file of webserver and daemon."""
        return self.home / "workspace.yaml"

    def declare(self, fleet: Mapping[str, object]) -> None:
        """Write the fleet file, whole in one moment: it is being read."""
        fresh = self.home / "fleet.new"
        fresh.write_text(json.dumps(fleet))
        fresh.replace(self.home / "fleet.yaml")

    def start(self, name: str, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """A process in a group of its own, its words in `<name>.log`."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command],
                env={**self.environment, **environment},
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.processes[name]

    def serve(self, locations: Mapping[str, str]) -> None:
        """A code server a location, which serves the organisations that it is mapped to."""
        entries = []
        for location, organizations in locations.items():
            socket = str(self.home / f"{location}.socket")
            command = ("-m", "dagster", "api", "grpc", "--socket", socket, "-m", "retail_pipeline.definitions")
            self.start(location, *command, RETAIL_LOCATION=location, RETAIL_ORGANIZATIONS=organizations)
            entries.append({"grpc_server": {"socket": socket, "location_name": location}})
        self.workspace.write_text(yaml.safe_dump({"load_from": entries}))
        for location in locations:
            self.await_that((self.home / f"{location}.socket").exists)

    def start_daemon(self) -> None:
        """Schedules, sensors, the queue and the run monitor."""
        self.start("daemon", "-m", "dagster._daemon", "run", "-w", str(self.workspace))

    def end(self, name: str) -> None:
        """Ask a process to end, which waits for its runs, and see that nothing is left of it."""
        process = self.processes.pop(name)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        kill(process)

    def launch(self, location: str, job: str, tags: Mapping[str, str] | None = None) -> str:
        """Ask for a run as the UI does; its id."""
        from dagster_graphql.test.utils import execute_dagster_graphql

        selector = {"repositoryLocationName": location, "repositoryName": "__repository__", "jobName": job}
        asked = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        params = {"selector": selector, "mode": "default", "executionMetadata": {"tags": asked}}
        with WorkspaceProcessContext(self.instance, WorkspaceFileTarget([str(self.workspace)])) as workspace:
            told = execute_dagster_graphql(workspace.create_request_context(), LAUNCH, {"params": params})
        launched = told.data["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def is_finished(self, run_id: str) -> bool:
        """Whether the run is over, well or not."""
        run = self.instance.get_run_by_id(run_id)
        return run is not None and run.is_finished

    def materialized(self, location: str, asset: str) -> set[str]:
        """Partitions that Dagster shows green."""
        return self.instance.get_materialized_partitions(dg.AssetKey([location, asset]))

    def await_that(self, condition: Callable[[], object]) -> None:
        """Wait for what other processes do; not so often that asking keeps them from it."""
        wait_until(condition, PATIENCE_S, poll_s=0.5)

    def is_up_to_date(self, store: str) -> bool:
        """Whether every expected hour of a store was collected, and every count has become an hourly figure."""
        [(hours,)] = self.sql(f"SELECT count(*) FROM retail.hourly_analytics WHERE store_id = '{store}'")
        [(underived,)] = self.sql(
            "SELECT count(*) FROM retail.raw_sensor_counts AS counts LEFT JOIN retail.hourly_analytics AS hours"
            " ON counts.store_id = hours.store_id AND counts.interval_start = hours.hour_start AND hours.is_complete"
            f" WHERE counts.store_id = '{store}' AND counts.is_complete AND hours.store_id IS NULL"
        )
        [(missing,)] = self.sql(
            "SELECT count(*) FROM retail.collection_gaps"
            f" WHERE store_id = '{store}' AND recovered_at IS NULL AND closed_as_lost_at IS NULL"
        )
        return bool(hours) and underived == missing == 0

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows out of the warehouse."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started, if there is anything left of them."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def live_since() -> str:
    """Yesterday: more than the first run asks for, so that there is something to recover, and little."""
    return str((dt.datetime.now(dt.UTC) - dt.timedelta(hours=26)).date())


@contextmanager
def cluster(
    home: Path,
    url: str,
    dagster_url: str,
    config: Path,
    changes: Mapping[str, object] | None = None,
    **also: str,
) -> Iterator[Cluster]:
    """A deployment by the Dagster configuration `config`, with `changes`; everything is ended afterwards.

    Its warehouse is migrated, its environment holds `also`, its fleet file is `fleet.yaml` in its home; hours
    older than three days do not exist.
    """
    migrate(url)
    (home / "dagster.yaml").write_text(json.dumps({**yaml.safe_load(config.read_text()), **(changes or {})}))
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("RETAIL_", "DAGSTER_", "PG"))}
    environment = {
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": dagster_url,
        "RETAIL_DATABASE_URL": url,
        "RETAIL_FLEET": str(home / "fleet.yaml"),
        "RETAIL_HOME": str(home),
        "RETAIL_HORIZON_DAYS": "3",
        "DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": "5",
        "PYTHONPATH": str(ROOT),
        **also,
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            made = Cluster(home, url, {**bare, **environment}, instance)
            try:
                yield made
            finally:
                for name in sorted(made.processes):  # the daemon first: it would go on asking the others
                    made.end(name)
