"""Fixtures for every part: an embedded Postgres for the session, a fresh database for a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

from retail_pipeline.local import postgres as embedded
from retail_pipeline.local.locks import exclusive
from retail_pipeline.local.postgres import PostgresHandle, ensure_postgres, leave_postgres
from retail_pipeline.warehouse.migrations import migrate

if TYPE_CHECKING:
    from retail_pipeline_tests.living import Living

settings.register_profile("untimed", deadline=None)  # how long a case takes is no property of the code
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres_home() -> Iterator[Path]:
    """A value for `RETAIL_HOME`: the home of `postgres`, a server of this test process's own; gone afterwards."""
    home = temporary_home()
    yield home
    leave_postgres(home)
    if (home / "postgres").exists():
        for _, lease in embedded._servers.values():  # Dagster's storage keeps its share until the process ends
            lease.close()
        with exclusive(home / "postgres" / "keeper.lock"):
            shutil.rmtree(home)
    else:
        home.rmdir()


@pytest.fixture(scope="session")
def postgres(postgres_home: Path) -> Iterator[PostgresHandle]:
    """A running Postgres without fsync, with the databases `retail` and `dagster`."""
    with ensure_postgres(postgres_home, fsync=False, linger_s=0.0) as handle:
        yield handle


@pytest.fixture
def database_url(postgres: PostgresHandle) -> Iterator[str]:
    """The libpq URL of an empty database, dropped afterwards whoever is still connected."""
    with fresh_database(postgres) as url:
        yield url


@contextmanager
def fresh_database(postgres: PostgresHandle, template: str = "template0") -> Iterator[str]:
    """The same for fixtures of a wider scope, and as a copy of another database that nobody uses."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        yield postgres.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def shared_url(postgres: PostgresHandle) -> str:
    """A migrated database for the tests of this process; see `emptied_url`."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE shared_{os.getpid()} TEMPLATE template0 STRATEGY file_copy".encode())
    migrate(postgres.url(f"shared_{os.getpid()}"))
    return postgres.url(f"shared_{os.getpid()}")


@pytest.fixture
def emptied_url(shared_url: str) -> str:
    """The libpq URL of a migrated database without a row; quicker than one of the test's own."""
    with psycopg.connect(shared_url) as connection:
        connection.execute("TRUNCATE retail.organizations RESTART IDENTITY CASCADE")
    return shared_url


@pytest.fixture(scope="module")
def life(postgres: PostgresHandle, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Living"]:
    """A pipeline that has never run, shared by the tests of a module, which move its clock forwards."""
    from retail_pipeline_tests.living import empty_database, living  # Dagster loads in seconds

    admin = postgres.url("postgres")
    home = tmp_path_factory.mktemp("living")
    with (
        empty_database(admin, postgres.url) as url,
        empty_database(admin, postgres.url) as dagster_url,
        living(url, dagster_url, home) as pipeline,
    ):
        yield pipeline


def temporary_home() -> Path:
    """A folder outside pytest's own, which as root no other account can enter."""
    home = Path(tempfile.mkdtemp(prefix="retail-tests-"))
    home.chmod(0o711)
    return home
