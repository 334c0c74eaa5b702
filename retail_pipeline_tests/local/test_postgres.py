import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from retail_pipeline.local.postgres import PostgresHandle, ensure_postgres
from retail_pipeline.local.shared import SharedServerError
from retail_pipeline_tests.local.processes import (
    CLIENT,
    Client,
    a_home,
    clients,
    cluster_of,
    is_over,
    keepers_of,
    modes_above,
    postmaster_of,
)
from retail_pipeline_tests.waiting import wait_until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="is about what root does")


def setting(handle: PostgresHandle, name: str) -> str:
    with psycopg.connect(handle.url("retail")) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


def started(home: Path) -> PostgresHandle:
    return ensure_postgres(home, fsync=False, linger_s=0.0)


def test_both_databases_are_there(home: Path) -> None:
    with started(home) as handle:
        for database in ("retail", "dagster"):
            with psycopg.connect(handle.url(database)) as connection:
                assert connection.info.dbname == database


def test_a_missing_database_is_made_again(home: Path) -> None:
    with started(home) as handle:
        with psycopg.connect(handle.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE dagster")
        with started(home), psycopg.connect(handle.url("dagster")) as connection:
            assert connection.info.dbname == "dagster"


def test_sqlalchemy_is_told_the_driver(home: Path) -> None:
    with started(home) as handle:
        engine = sqlalchemy.create_engine(handle.sqlalchemy_url("dagster"))
        with engine.connect() as connection:
            assert connection.execute(sqlalchemy.text("SELECT current_database()")).scalar() == "dagster"
        engine.dispose()
        assert engine.driver == "psycopg2"


def test_a_port_in_the_environment_does_not_lead_astray(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    with started(home) as handle, psycopg.connect(handle.url("retail")) as connection:
        assert connection.info.port == 5432


def test_nothing_listens_on_the_network(home: Path) -> None:
    with started(home) as handle:
        assert setting(handle, "listen_addresses") == ""


@pytest.mark.parametrize(("variable", "fsync"), [(None, "on"), ("off", "off")])
def test_data_are_safe_unless_a_test_says_otherwise(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, fsync: str
) -> None:
    if variable:
        monkeypatch.setenv("RETAIL_POSTGRES_FSYNC", variable)
    with ensure_postgres(home, linger_s=0.0) as handle:
        assert setting(handle, "fsync") == fsync


def test_one_process_has_one_share_however_often_it_asks(home: Path) -> None:
    first, second = started(home), started(home)
    server = postmaster_of(home)
    first.close()
    first.close()
    second.ensure()
    assert postmaster_of(home) == server
    second.close()
    wait_until(lambda: is_over(home))


def test_a_share_can_be_taken_again_after_it_was_given_back(home: Path) -> None:
    started(home).close()
    with started(home) as handle:
        assert setting(handle, "timezone") == "UTC"


def test_data_outlive_the_server(home: Path) -> None:
    with started(home) as handle, psycopg.connect(handle.url("retail")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    wait_until(lambda: is_over(home))
    with started(home) as handle, psycopg.connect(handle.url("retail")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_home_that_was_removed_is_made_anew(home: Path) -> None:
    with started(home):
        shutil.rmtree(home / "postgres")
        with started(home) as handle:
            assert setting(handle, "fsync") == "off"


def test_two_commands_in_a_row_meet_the_same_server(home: Path) -> None:
    with clients(home, linger_s=30.0) as [first]:
        first.ready()
        server = postmaster_of(home)
        first.leave()
        with clients(home) as [second]:
            second.ready()
            assert postmaster_of(home) == server
        [keeper] = keepers_of(home)
        os.kill(keeper, signal.SIGTERM)  # nobody wants to wait half a minute


def test_a_path_too_long_for_a_socket_is_no_obstacle() -> None:
    with a_home(name="a-very-long-name-" * 12) as home, started(home) as handle:
        assert setting(handle, "unix_socket_directories") in handle.url("retail")
        shutil.rmtree((cluster_of(home) / "socket_at").read_text().strip(), ignore_errors=True)


def test_a_path_of_many_alphabets_is_no_obstacle() -> None:
    with a_home(name="café & 100% 店?") as home, started(home) as handle:
        assert setting(handle, "timezone") == "UTC"


def test_what_cannot_start_says_why(home: Path) -> None:
    with started(home):
        pass
    wait_until(lambda: is_over(home))
    (cluster_of(home) / "data" / "PG_VERSION").write_text("7\n")
    with pytest.raises(SharedServerError, match="incompatible"):
        started(home)


def test_no_mode_above_the_server_s_folder_changes_and_none_below_is_open(home: Path) -> None:
    before = modes_above(home)
    with started(home):
        assert modes_above(home) == before
        below = [each for name in ("data", "socket") for each in (home / "postgres" / name).iterdir()]
        assert {(home / "postgres" / name).stat().st_mode & 0o777 for name in ("data", "socket")} == {0o700}
        assert {each.stat().st_mode & 0o077 for each in below} == {0}
        assert {each.stat().st_mode & 0o077 for each in (home / "postgres").iterdir() if each.is_file()} == {0}


@AS_ROOT
def test_root_serves_a_home_that_is_closed_to_others_from_a_system_folder() -> None:
    with a_home(mode=0o700) as home:
        before = modes_above(home)
        with started(home) as handle:
            assert setting(handle, "data_directory") == str(cluster_of(home) / "data")
            assert not cluster_of(home).is_relative_to(home)
            assert modes_above(home) == before


@AS_ROOT
def test_root_serves_a_user_s_home_as_that_user_and_does_not_shut_the_user_out(home: Path) -> None:
    shutil.chown(home, "nobody")
    with started(home):
        assert (home / "postgres" / "data").owner() == "nobody"
    wait_until(lambda: is_over(home))
    client = Client(home, user="nobody")
    assert client.ready().startswith("postgresql://")
    client.leave()


@AS_ROOT
def test_a_user_s_server_needs_no_root(home: Path) -> None:
    shutil.chown(home, "nobody")
    client = Client(home, user="nobody")
    assert client.ready().startswith("postgresql://")
    assert (home / "postgres").stat().st_mode & 0o077 == 0
    client.leave()


FORKING_CLIENT = CLIENT.replace(
    "sys.stdin.read()",
    "import os\nif os.fork() == 0:\n    sys.stdin.read()\n    os._exit(0)\nhandle.close()\nos._exit(0)",
)


def test_a_forked_child_has_a_share_of_its_own(home: Path) -> None:
    parent = Client(home, code=FORKING_CLIENT)
    assert parent.ready().startswith("postgresql://")
    parent.process.wait()
    server = postmaster_of(home)
    with started(home):
        assert postmaster_of(home) == server
    assert not is_over(home)
    parent.leave()
    wait_until(lambda: is_over(home))
