"""A backup as the README makes it, restored into an empty server, where the next collection goes on."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.place import programs
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.warehouse import schema_description
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.older_postgres import UrlOf, older_programs, older_version
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import HOUR, Played
from retail_pipeline_tests.warehouse.conftest import Session

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
NOW = utc("2026-11-20 12:32")
USER = "00000000-0000-0000-0000-000000000001"
TABLES = """
SELECT table_name::text FROM information_schema.tables
WHERE table_schema = 'retail' AND table_type = 'BASE TABLE' ORDER BY 1
"""


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    shops = (shop("lisbon", timezone="Europe/Lisbon"), shop("pune", door("pune-door"), timezone="Asia/Kolkata"))
    return fleet_of(*shops)


@pytest.fixture(scope="module")
def simulator(fleet: Fleet) -> Iterator[RunningSimulator]:
    with running_simulator(fleet) as running:
        yield running


@pytest.fixture
def played(fleet: Fleet, simulator: RunningSimulator, empty_url: str) -> Played:
    """A warehouse with a day of counts, what is derived of them, a reader, and a revision."""
    migrate(empty_url)
    played = Played(fleet, simulator, Warehouse(empty_url), empty_url)
    with played.warehouse.transaction() as connection:
        sync_fleet(connection, played.fleet, NOW - 100 * HOUR)
    played.collect(NOW)
    derive_hours(played.fleet, played.warehouse, {"lisbon": [NOW - 3 * HOUR]}, NOW, "a-run")
    played.sql(f"INSERT INTO auth.users (id) VALUES ('{USER}')")
    played.sql(f"INSERT INTO retail.memberships (user_id, organization_id, role) VALUES ('{USER}', 'acme', 'owner')")
    return played


@pytest.fixture
def restored(server: UrlOf, played: Played, tmp_path: Path) -> Iterator[str]:
    """An empty database into which the backup of the other was restored, by the README's commands."""
    with Session(server, f"test_{uuid4().hex}", drop=True) as url:
        run("pg_dump", played.url, tmp_path)
        migrate(url)
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO auth.users (id) VALUES (%s)", [USER])
        run("pg_restore", url, tmp_path)
        yield url


def run(program: str, url: str, folder: Path) -> None:
    """The line of the README that begins with `program`, with the tools of the server's own version."""
    [line] = re.findall(rf"^{program} .*$", README, re.MULTILINE)
    environment = {**os.environ, "RETAIL_DATABASE_URL": url}
    words = [os.path.expandvars(word) for word in shlex.split(line.replace("$RETAIL_DATABASE_URL", url))]
    done = subprocess.run(
        [str(tools(url) / program), *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def tools(url: str) -> Path:
    with psycopg.connect(url) as connection:
        version = connection.info.server_version // 10_000
    return older_programs() if version == older_version() else programs(None)


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as text."""
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(
                sql.SQL("SELECT (rows.*)::text FROM {} AS rows ORDER BY 1").format(sql.Identifier("retail", table))
            ).fetchall()
            for (table,) in connection.execute(TABLES)
        }


def test_every_row_is_there_again_and_the_schema_is_as_declared(played: Played, restored: str) -> None:
    rows = everything(restored)

    assert rows == everything(played.url)
    assert all(rows[table] for table in ("device_replies", "raw_sensor_counts", "hourly_analytics", "memberships"))
    with Warehouse(restored).transaction() as connection:
        assert schema_description.compare(connection).drift == []


def test_the_next_collection_goes_on_where_the_last_ended(played: Played, restored: str) -> None:
    later = Played(played.fleet, played.simulator, Warehouse(restored), restored)
    [(last_reply, rows)] = later.sql("SELECT max(reply_id), count(DISTINCT reply_id) FROM retail.device_replies")
    before = later.counts()

    later.collect(NOW + 2 * HOUR)

    [(first_new,)] = later.sql(f"SELECT min(reply_id) FROM retail.device_replies WHERE reply_id > {last_reply}")
    assert first_new == last_reply + 1
    assert rows == last_reply
    after = later.counts()
    assert after.height == before.height + 2 * 2
    assert before.join(after, on=["sensor_id", "interval_start"], how="anti").is_empty()


def test_who_could_read_can_read_and_who_could_not_can_not(restored: str) -> None:
    def seen(role: str, user: str) -> int:
        with psycopg.connect(restored) as connection:
            connection.execute("SELECT set_config('request.jwt.claim.sub', %s, true)", [user])
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            [(rows,)] = connection.execute("SELECT count(*) FROM retail.raw_sensor_counts").fetchall()
            return int(rows)

    assert seen("authenticated", USER) > 0
    assert seen("authenticated", USER.replace("1", "2")) == 0
    assert seen("retail_pipeline", "") == seen("authenticated", USER)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        seen("anon", USER)
