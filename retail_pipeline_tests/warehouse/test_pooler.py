"""Writing and reading through poolers as Supabase's are. In transaction mode every transaction may meet another server
connection, so nothing may be prepared and no setting may outlive its transaction.
"""

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import psycopg
import pytest
from polars.testing import assert_frame_equal
from psycopg.conninfo import conninfo_to_dict

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.collect import collect
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.summarise import summarise_days
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseBusy
from retail_pipeline.warehouse.locks import device_locks, store_locks
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.devices.replies import line_row, lines_csv
from retail_pipeline_tests.waiting import wait_until
from retail_pipeline_tests.warehouse.builders import DAY, HOUR, NOON, TODAY, raw, raw_row, small_fleet

PGBOUNCER = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
PORT = 6432


@pytest.fixture(params=["transaction", "session"])
def pooled(request: pytest.FixtureRequest, url: str) -> Iterator[str]:
    """The database through PgBouncer, on a Unix socket; in transaction mode six server connections, shared."""
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed: the way through Supabase's pooler is not tested here")
    home = temporary_home()
    server = conninfo_to_dict(url)
    (home / "users").write_text(f'"{server["user"]}" ""\n')
    (home / "pgbouncer.ini").write_text(
        f"""[databases]
        * = host={server["host"]} port={server.get("port", 5432)} user={server["user"]}
        [pgbouncer]
        listen_addr =
        listen_port = {PORT}
        unix_socket_dir = {home}
        auth_type = trust
        auth_file = {home / "users"}
        pool_mode = {request.param}
        default_pool_size = {6 if request.param == "transaction" else 20}
        ignore_startup_parameters = extra_float_digits
        """.replace("        ", "")
    )
    as_user = {"user": "postgres"} if os.geteuid() == 0 else {}
    if as_user:
        shutil.chown(home, "postgres")
    pooler = subprocess.Popen(  # type: ignore[call-overload]
        [PGBOUNCER, "--quiet", str(home / "pgbouncer.ini")], stderr=subprocess.DEVNULL, cwd=home, **as_user
    )
    try:
        through = f"postgresql://{server['user']}@/{server['dbname']}?host={quote(str(home))}&port={PORT}"
        wait_until(lambda: answers(through))
        yield through
    finally:
        pooler.terminate()
        pooler.wait(30)
        shutil.rmtree(home)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_migrating_writing_and_reading_work_through_a_pooler(pooled: str) -> None:
    warehouse = Warehouse(pooled)
    assert migrate(pooled) == []

    def write_and_read(n: int) -> None:
        rows = raw(*(raw_row(NOON + hour * HOUR, line1_in=hour) for hour in range(8)))
        for _ in range(4):
            with warehouse.transaction() as connection:
                tables.write_counts(connection, Report.LINES, rows)
            assert_frame_equal(reads.raw_counts(warehouse, ["lisbon"], NOON, NOON + DAY), rows)
            assert reads.raw_counts(warehouse, [f"nowhere {n}"], NOON, NOON + DAY).is_empty()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_and_read, range(8)))
    assert left_behind(pooled) == [(0, 0, 0, "0", "0")] * 2


def left_behind(pooled: str) -> list[tuple[object, ...]]:
    """Of two server connections at once: statements prepared, temporary tables, advisory locks, and time-outs."""
    with psycopg.connect(pooled) as one, psycopg.connect(pooled) as other:
        return [
            connection.execute(
                "SELECT (SELECT count(*) FROM pg_prepared_statements WHERE name <> ''),"
                " (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'),"
                " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),"
                " current_setting('statement_timeout'), current_setting('lock_timeout')"
            ).fetchone()
            for connection in (one, other)
        ]


def test_whole_steps_of_several_writers_meet_in_one_pool(pooled: str) -> None:
    fleet, warehouse = small_fleet(), Warehouse(pooled)

    def fetch(asks: Sequence[Ask]) -> list[Answer]:
        return [answered(ask) for ask in asks]

    def work(n: int) -> None:
        now = NOON + dt.timedelta(minutes=40 + n)
        hours = {"lisbon": [NOON - HOUR]}
        collect(fleet, warehouse, fetch, Report.LINES, hours, now)
        derive_hours(fleet, warehouse, hours, now, f"run {n}")
        summarise_days(fleet, warehouse, {"lisbon": {TODAY}}, now, f"run {n}", due_only=False, since=NOON - DAY)

    # A run holds two connections at most: one with the locks of its devices, one that writes.
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))

    hourly = reads.hourly(warehouse, ["lisbon"], NOON - HOUR, NOON)
    assert hourly.select("entries", "exits").rows() == [(7, 3)]
    assert reads.daily(warehouse, ["lisbon"], TODAY, TODAY)["entries"].to_list() == [7 * 12]
    assert left_behind(pooled) == [(0, 0, 0, "0", "0")] * 2


def answered(ask: Ask) -> Reply:
    """Half a day of one device: seven in and three out at line 1, every hour until noon."""
    rows = [line_row(f"{NOON.replace(hour=hour):%Y/%m/%d %H:%M}", (7, 3)) for hour in range(12)]
    return Reply(ask, "http://sensor.example/1", 200, lines_csv(*rows).encode(), NOON + HOUR, 10.0)


def test_a_lock_is_one_transaction_s_whichever_server_connection_it_meets(pooled: str) -> None:
    warehouse = Warehouse(pooled, lock_timeout_s=0.05)
    with warehouse.transaction() as one, warehouse.transaction() as other:
        assert device_locks(one, ["lisbon-door", "pune-door"]) == {"lisbon-door", "pune-door"}
        assert device_locks(other, ["lisbon-door"]) == set()
        store_locks(one, ["lisbon"])
        with pytest.raises(psycopg.errors.LockNotAvailable), other.transaction():
            store_locks(other, ["lisbon"])
    with warehouse.transaction() as later:
        assert device_locks(later, ["lisbon-door"]) == {"lisbon-door"}


def test_a_read_that_takes_too_long_is_cut_off_and_leaves_no_limit_behind(
    pooled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retail_pipeline.warehouse.connection.query", lambda _: "SELECT pg_sleep(30)::text AS slept")
    with pytest.raises(WarehouseBusy):
        Warehouse(pooled, statement_timeout_s=0.05).read("any")
    assert left_behind(pooled) == [(0, 0, 0, "0", "0")] * 2


def test_a_server_connection_that_was_cut_is_replaced_at_the_next_try(pooled: str, url: str) -> None:
    warehouse = Warehouse(pooled)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert reads.raw_counts(warehouse, ["lisbon"], NOON, NOON + DAY).is_empty()
