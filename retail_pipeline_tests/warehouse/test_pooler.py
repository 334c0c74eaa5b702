"""Writing and reading through a pooler in transaction mode, as Supabase's is: every transaction may meet another server
connection, so nothing may be prepared and no setting may outlive its transaction.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import psycopg
import pytest
from polars.testing import assert_frame_equal
from psycopg.conninfo import conninfo_to_dict

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.waiting import wait_until
from retail_pipeline_tests.warehouse.builders import DAY, HOUR, NOON, raw, raw_row

PGBOUNCER = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
PORT = 6432


@pytest.fixture
def pooled(url: str) -> Iterator[str]:
    """The database through PgBouncer, on a Unix socket, with two server connections."""
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
        pool_mode = transaction
        default_pool_size = 2
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


def test_migrating_writing_and_reading_work_through_a_transaction_pooler(pooled: str) -> None:
    warehouse = Warehouse(pooled)
    assert migrate(pooled) == []

    def write_and_read(n: int) -> None:
        rows = raw(*(raw_row(NOON + hour * HOUR, line1_in=hour) for hour in range(8)))
        for _ in range(4):
            with warehouse.transaction() as connection:
                tables.write_counts(connection, Report.LINES, rows)
            assert_frame_equal(reads.raw_counts(warehouse, ["lisbon"], NOON, NOON + DAY), rows)
            assert reads.raw_counts(warehouse, [f"nowhere {n}"], NOON, NOON + DAY).is_empty()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write_and_read, range(6)))
