"""Every test of the warehouse runs on the embedded server and on an older one, PostgreSQL 15 where it is installed."""

import shutil
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.older_postgres import UrlOf, older_postgres, older_version
from retail_pipeline_tests.warehouse.builders import NOON, small_fleet

_EMPTY_ALL = """
DO $$
BEGIN
    EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(oid::regclass::text, ', ') || ' RESTART IDENTITY'
        FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind = 'r'
    );
END $$
"""


@pytest.fixture(scope="session", params=["embedded", f"postgresql-{older_version()}"])
def server(request: pytest.FixtureRequest) -> Iterator[UrlOf]:
    """The URL of a database on a server of this session's own."""
    if request.param == "embedded":
        yield request.getfixturevalue("postgres").url
        return
    home = temporary_home()
    with older_postgres(home, fsync="off") as url_of:
        yield url_of
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def migrated(server: UrlOf) -> Iterator[str]:
    """A migrated database that the tests share; see `url`."""
    with Session(server, f"shared_{uuid4().hex}") as url:
        migrate(url)
        yield url


@pytest.fixture
def url(migrated: str) -> str:
    """A migrated database that holds the small fleet, declared at noon, and nothing else."""
    with Warehouse(migrated).transaction() as connection:
        connection.execute(_EMPTY_ALL)
        sync_fleet(connection, small_fleet(), NOON)
    return migrated


@pytest.fixture
def empty_url(server: UrlOf) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    with Session(server, f"test_{uuid4().hex}", drop=True) as url:
        yield url


@pytest.fixture
def warehouse(url: str) -> Warehouse:
    """The warehouse on such a database."""
    return Warehouse(url)


class Session:
    """A database that is created, and dropped afterwards when asked to."""

    def __init__(self, server: UrlOf, name: str, *, drop: bool = False) -> None:
        self.admin, self.name, self.drop = server("postgres"), name, drop
        self.url = server(name)

    def __enter__(self) -> str:
        self._run(f"CREATE DATABASE {self.name} TEMPLATE template0")
        return self.url

    def __exit__(self, *_: object) -> None:
        if self.drop:
            self._run(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement.encode())
