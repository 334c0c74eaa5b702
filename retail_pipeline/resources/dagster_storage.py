"""Where Dagster keeps its own records: the classes that `dagster.yaml` names. Nothing of the pipeline's data.

Daemon, webserver and their supervisor load this module, the event log, and no other of the package: they stay light.
"""

import gc
import logging
import os
import re
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from signal import SIGINT
from typing import Any

import dagster as dg
from dagster._core.instance import InstanceRef
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import event

from retail_pipeline.local.locks import exclusive
from retail_pipeline.local.place import private_folder
from retail_pipeline.local.postgres import PostgresHandle, postgres_of
from retail_pipeline.resources.event_log import EventLog
from retail_pipeline.settings import ConfigurationError, read_settings

# What is loaded by now, Dagster above all, stays to the end. To search it for garbage again and again, while the
# pipeline's code is loaded and built, takes a tenth of that process's start.
gc.freeze()

_LOG = logging.getLogger(__name__)
CONFIG_FILE = "dagster.yaml"
EVENTS_AT_ONCE = "DAGSTER_EVENT_BATCH_SIZE"
"""Dagster's own switch: events that belong together are stored so many at a time, instead of each by itself."""

ASK_LATE = {"api", "code-server"}
"""Commands of `dagster` that load code first while a new server starts, as `dev` does. Others wait and fail with it."""


class DagsterStorage(DagsterPostgresStorage):
    """Runs, events and schedules in Postgres, by `DAGSTER_POSTGRES_URL` or else on the embedded server."""

    def __init__(
        self,
        postgres_url: str,
        inst_data: ConfigurableClassData | None = None,
        ready: Future[None] | None = None,
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables=ready is None, inst_data=inst_data)
        self._event_log_storage = events = EventLog(postgres_url)
        # Runs and schedules would open a connection for each statement: a tick of the daemon has thirty.
        self._run_storage._engine = self._schedule_storage._engine = events.engine  # noqa: SLF001
        os.environ.setdefault(EVENTS_AT_ONCE, "500")
        if ready:
            event.listen(events.engine, "do_connect", lambda *_: ready.result())

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing: the environment decides, so that one `dagster.yaml` serves a laptop and a server."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, object]
    ) -> "DagsterStorage":
        """Open the storage; the embedded server is started when it is not running."""
        del config_value
        if url := external_url():
            return cls(url, inst_data)
        server = postgres_of(_home())
        ready = ThreadPoolExecutor(1).submit(_make_ready, server, _home() / "dagster_tables.lock")
        if sys.argv[1:2] == ["dev"]:
            ready.add_done_callback(_end_where_it_failed)
        elif not ASK_LATE.intersection(sys.argv[1:2]):
            ready.result()
        return cls(server.sqlalchemy_url("dagster"), inst_data, ready)


def _make_ready(server: PostgresHandle, one_at_a_time: Path) -> None:
    """Start the embedded server, and make Dagster's tables in it."""
    server.ensure()
    # The first of several processes makes them, and the others find them.
    with exclusive(one_at_a_time):
        DagsterPostgresStorage(server.sqlalchemy_url("dagster"))


def _end_where_it_failed(ready: Future[None]) -> None:
    """End `dagster dev` as Ctrl-C does. It never asks itself, and its webserver and daemon end only at its word."""
    if error := ready.exception():
        _LOG.error("%s", error)
        os.kill(os.getpid(), SIGINT)


class ComputeLogs(LocalComputeLogManager):
    """What steps print, under `RETAIL_HOME`: a second start still shows the logs of the first."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing, as for `DagsterStorage`."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, object]
    ) -> "ComputeLogs":
        """The logs of this home."""
        del config_value
        return cls(base_dir=str(_home() / "compute_logs"), inst_data=inst_data)


class Artifacts(LocalArtifactStorage):
    """Files that Dagster keeps beside its database, under `RETAIL_HOME`."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing, as for `DagsterStorage`."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, object]
    ) -> "Artifacts":
        """The files of this home."""
        del config_value
        return cls(base_dir=str(_home() / "dagster"), inst_data=inst_data)


RECORDS: Mapping[str, object] = {
    "storage": {"custom": {"module": __name__, "class": "DagsterStorage", "config": {}}},
    "compute_logs": {"module": __name__, "class": "ComputeLogs", "config": {}},
    "local_artifact_storage": {"module": __name__, "class": "Artifacts", "config": {}},
    "telemetry": {"enabled": False},
}
"""What `dagster.yaml` says about records, for a command outside a checkout; a test holds the two together."""


def external_url() -> str | None:
    """The SQLAlchemy URL of Dagster's database as `DAGSTER_POSTGRES_URL` names it; None: the embedded server's.

    The driver is always stated: SQLAlchemy 2.1 reads `postgresql://` as psycopg 3, whose JSON dagster-postgres cannot
    write.

    Raises:
        ConfigurationError: DAGSTER_POSTGRES_URL is no URL of Postgres.
    """
    url = os.environ.get("DAGSTER_POSTGRES_URL")
    if not url:
        return None
    from retail_pipeline.resources.dagster_url import dagster_url_problems  # noqa: PLC0415 - only a URL needs psycopg

    if problems := list(dagster_url_problems()):
        raise ConfigurationError("\n".join(problems))
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg2://", url)


def retail_instance() -> AbstractContextManager[dg.DagsterInstance]:
    """The Dagster instance that `dagster dev` would use here: a command's runs show in the same UI.

    `DAGSTER_HOME` decides when set, then `dagster.yaml` in the working directory, then the same records without a file.
    """
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    base = _home()
    has_file = Path(CONFIG_FILE).exists()
    ref = InstanceRef.from_dir(
        str(base), config_dir=str(Path.cwd()) if has_file else None, overrides=None if has_file else dict(RECORDS)
    )
    return dg.DagsterInstance.from_ref(ref)


def _home() -> Path:
    return private_folder(read_settings().home.absolute())
