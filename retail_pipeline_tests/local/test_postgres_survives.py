"""What the embedded Postgres survives: processes that race, and processes that are killed."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from retail_pipeline.local.postgres import ensure_postgres
from retail_pipeline_tests.local.processes import (
    Client,
    clients,
    cluster_of,
    is_free,
    is_over,
    keepers_of,
    postmaster_of,
)
from retail_pipeline_tests.waiting import wait_until


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_eight_processes_that_race_on_an_empty_home_share_one_server(home: Path) -> None:
    with clients(home, 8) as racing:
        [url] = {client.ready() for client in racing}
        assert answers(url)
        assert len(keepers_of(home)) == 1


def test_the_server_outlives_the_first_client_and_ends_with_the_last(home: Path) -> None:
    with clients(home, 2) as [first, last]:
        url = first.ready()
        last.ready()
        first.leave()
        assert answers(url)
        last.leave()
        wait_until(lambda: is_over(home))


def test_a_killed_client_does_not_keep_the_server(home: Path) -> None:
    with clients(home) as [client]:
        client.ready()
        client.kill()
        wait_until(lambda: is_over(home))


def test_a_killed_server_comes_back_for_the_clients_it_had(home: Path) -> None:
    with clients(home) as [client]:
        url = client.ready()
        server = postmaster_of(home)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: answers(url))
        assert postmaster_of(home) != server


def test_a_killed_server_is_started_again_for_the_next_client(home: Path) -> None:
    with clients(home) as [client]:
        client.ready()
        os.kill(postmaster_of(home), signal.SIGKILL)
        with clients(home) as [second]:
            assert answers(second.ready())


def test_a_client_can_ask_for_the_server_again(home: Path) -> None:
    with ensure_postgres(home, fsync=False, linger_s=0.0) as handle:
        [keeper] = keepers_of(home)
        os.kill(keeper, signal.SIGTERM)
        wait_until(lambda: is_over(home))
        handle.ensure()
        assert answers(handle.url("retail"))


def test_a_killed_keeper_is_replaced_by_the_next_client_without_a_restart(home: Path) -> None:
    with clients(home) as [client]:
        client.ready()
        server = postmaster_of(home)
        kill_keeper(home)
        with clients(home) as [second]:
            assert answers(second.ready())
            assert postmaster_of(home) == server
            assert len(keepers_of(home)) == 1
            second.leave()
            client.leave()
            wait_until(lambda: is_over(home))


def test_a_killed_keeper_does_not_let_the_server_outlive_its_clients(home: Path) -> None:
    with clients(home) as [client]:
        client.ready()
        kill_keeper(home)
        assert not is_free(home, "server.lock")
        client.leave()
        wait_until(lambda: is_over(home))


def test_a_server_that_loses_its_keeper_and_then_its_life_is_started_again(home: Path) -> None:
    with clients(home) as [client]:
        client.ready()
        kill_keeper(home)
        os.kill(postmaster_of(home), signal.SIGKILL)
        with clients(home) as [second]:
            assert answers(second.ready())


def test_a_client_killed_while_it_starts_the_server_leaves_no_lock(home: Path) -> None:
    first = Client(home)
    wait_until((home / "postgres" / "start.lock").exists)
    first.kill()
    with clients(home) as [second]:
        assert answers(second.ready())


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_keeper_that_is_asked_to_stop_shuts_down_in_order(home: Path, sent: signal.Signals) -> None:
    with clients(home) as [client]:
        client.ready()
        [keeper] = keepers_of(home)
        os.kill(keeper, sent)
        wait_until(lambda: is_over(home))
        assert "database system is shut down" in (home / "postgres" / "server.log").read_text()


def test_ctrl_c_in_the_terminal_of_one_client_does_not_reach_the_server(home: Path) -> None:
    with clients(home, 2) as [first, second]:
        url = first.ready()
        second.ready()
        server = postmaster_of(home)
        os.killpg(first.process.pid, signal.SIGINT)
        first.process.wait()
        assert answers(url)
        assert postmaster_of(home) == server


def test_a_pid_file_that_names_somebody_else_does_not_block(home: Path) -> None:
    with clients(home) as [client]:
        client.ready()
    wait_until(lambda: is_over(home))
    names_this_process = f"{os.getpid()}\n{cluster_of(home) / 'data'}\n1\n5432\n{cluster_of(home) / 'socket'}\n\n"
    (cluster_of(home) / "data" / "postmaster.pid").write_text(names_this_process)
    (cluster_of(home) / "socket" / ".s.PGSQL.5432.lock").write_text(names_this_process)
    (cluster_of(home) / "socket" / ".s.PGSQL.5432").touch()
    with clients(home) as [second]:
        assert answers(second.ready())


def test_a_killed_initdb_leaves_nothing_that_looks_like_data(home: Path) -> None:
    with clients(home) as [client]:
        wait_until((home / "postgres" / "data.new" / "PG_VERSION").exists)
        [keeper] = keepers_of(home)
        os.killpg(keeper, signal.SIGKILL)
        assert not (home / "postgres" / "data").exists()
        assert answers(client.ready())
        assert not (home / "postgres" / "data.new").exists()


def kill_keeper(home: Path) -> None:
    [keeper] = keepers_of(home)
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: is_free(home, "keeper.lock"))
