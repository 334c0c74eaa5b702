"""Postgres dies, hangs up or is full in the middle of the work: nothing half written, and the next attempt finishes."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.place import server_account
from retail_pipeline.local.postgres import PostgresHandle, ensure_postgres
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError, WarehouseUnreachable
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.faults.work import (
    CASES,
    Points,
    chosen,
    empty,
    end_state,
    expect,
    striking,
    work_through,
)
from retail_pipeline_tests.local.processes import a_home, postmaster_of

ATTEMPTS = 20


def finish(fleet: Fleet, warehouse: Warehouse, strike: Callable[[], None], points: list[int]) -> int:
    """Attempts until the work is done, the first of them struck at these points; how many failed."""
    failed = 0
    for at in [*points, *[None] * ATTEMPTS]:
        try:
            with striking(Points(strike, at)):
                work_through(fleet, warehouse)
        except WarehouseError:
            failed += 1
        else:
            if at is None:
                return failed
    raise AssertionError(f"not done after {failed} failed attempts")


def hang_up(url: str) -> None:
    """Cut every connection to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("seed", range(CASES))
def test_connections_cut_at_random_leave_the_same_end_state(
    seed: int, shared_url: str, fleet: Fleet, undisturbed
) -> None:
    wanted, points = undisturbed
    warehouse = empty(shared_url)
    expect(fleet, warehouse)

    assert finish(fleet, warehouse, lambda: hang_up(shared_url), chosen(seed, points)) > 0
    assert end_state(shared_url) == wanted


def test_a_connection_cut_in_the_middle_of_a_copy_leaves_no_row(
    shared_url: str, fleet: Fleet, undisturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = empty(shared_url)
    expect(fleet, warehouse)
    before = end_state(shared_url)
    write = psycopg.Copy.write

    def cut(copy: psycopg.Copy, rows: str) -> None:
        if rows.count("\n") < 50:  # the fleet's few rows
            return write(copy, rows)
        write(copy, rows[: len(rows) // 2])
        hang_up(shared_url)
        return write(copy, rows[len(rows) // 2 :])

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Copy, "write", cut)
        with pytest.raises(WarehouseError):
            work_through(fleet, warehouse)
    assert end_state(shared_url) == before
    work_through(fleet, warehouse)
    assert end_state(shared_url) == undisturbed[0]


def test_postgres_killed_under_load_comes_back_and_the_work_ends_as_if_it_had_not(fleet: Fleet, undisturbed) -> None:
    wanted, points = undisturbed
    with a_home() as home, ensure_postgres(home, fsync=True, linger_s=0.0) as server:
        url = server.url("retail")
        migrate(url)
        warehouse = Warehouse(url)
        expect(fleet, warehouse)

        def kill() -> None:
            os.kill(postmaster_of(home), signal.SIGKILL)

        broken = 0
        for at in chosen(7, points, 3):
            try:
                with striking(Points(kill, at)) as struck:
                    work_through(fleet, warehouse)
            except WarehouseError:
                broken += 1
            assert struck.passed >= at
            server.ensure()
        work_through(fleet, warehouse)
        # Not always three: who is about to connect waits until the keeper has the server back, and notices nothing.
        assert broken
        assert end_state(url) == wanted


@pytest.fixture
def small_disk(postgres: PostgresHandle, postgres_home: Path) -> Iterator[tuple[str, Path]]:
    """A migrated database on a file system of 64 MB, and where that is mounted."""
    place = temporary_home() / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be made here, so a full disk is not tested: {mounted.stderr.decode()}")
    with ExitStack() as after:
        after.callback(subprocess.run, ["umount", str(place)], check=True)
        data = place / "data"
        data.mkdir(mode=0o700)
        if account := server_account(postgres_home / "postgres"):
            os.chown(data, account.uid, account.gid)
        admin = after.enter_context(psycopg.connect(postgres.url("postgres"), autocommit=True))
        admin.execute(f"CREATE TABLESPACE small LOCATION '{data}'".encode())
        after.callback(admin.execute, b"DROP TABLESPACE small")
        admin.execute(b"CREATE DATABASE on_a_small_disk TEMPLATE template0 STRATEGY file_copy TABLESPACE small")
        after.callback(admin.execute, b"DROP DATABASE on_a_small_disk WITH (FORCE)")
        migrate(postgres.url("on_a_small_disk"))
        yield postgres.url("on_a_small_disk"), place


def test_a_full_disk_stops_the_work_says_so_and_is_forgotten_when_there_is_room(
    small_disk: tuple[str, Path], fleet: Fleet, undisturbed
) -> None:
    url, place = small_disk
    warehouse = Warehouse(url)
    expect(fleet, warehouse)
    before = end_state(url)
    ballast = place / "ballast"
    with ballast.open("wb") as file:
        room = os.statvfs(place)
        file.write(bytes(room.f_bavail * room.f_bsize - 16384))

    with pytest.raises(WarehouseUnreachable, match=r"No space left on device.*Free some space"):
        work_through(fleet, warehouse)
    assert end_state(url) == before
    ballast.unlink()
    work_through(fleet, warehouse)
    assert end_state(url) == undisturbed[0]
