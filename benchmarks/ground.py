"""Where the benchmarks write: an embedded Postgres of their own, synced to the disk, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.postgres import PostgresHandle, ensure_postgres, leave_postgres
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.older_postgres import UrlOf, older_postgres


@contextmanager
def own_home() -> Iterator[Path]:
    """A value for `RETAIL_HOME`, removed afterwards with what it holds."""
    home = Path(tempfile.mkdtemp(prefix="retail-bench-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        leave_postgres(home)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def own_postgres(*, fsync: bool | None = None) -> Iterator[PostgresHandle]:
    """A server as `dagster dev` starts it; `fsync` is off where only reading is measured."""
    with own_home() as home, ensure_postgres(home, fsync=fsync, linger_s=0.0) as handle:
        yield handle


@contextmanager
def own_older_postgres() -> Iterator[UrlOf]:
    """PostgreSQL 15, which Supabase may run, or where it is not installed 16; for reading, not synced to the disk."""
    with own_home() as home, older_postgres(home, fsync="off") as url_of:
        yield url_of


@contextmanager
def fresh_database(url_of: UrlOf) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(url_of("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        yield url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def warehouse_of(fleet: Fleet, postgres: PostgresHandle) -> Iterator[tuple[str, Warehouse]]:
    """URL and warehouse of a migrated database that knows the fleet and holds no counts."""
    from benchmarks.fleet import DAY  # noqa: PLC0415

    with fresh_database(postgres.url) as url:
        migrate(url)
        warehouse = Warehouse(url)
        with warehouse.transaction() as connection:
            sync_fleet(connection, fleet, DAY)
        yield url, warehouse
