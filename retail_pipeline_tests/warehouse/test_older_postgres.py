"""The older server that the warehouse is tested on: 15 where it is installed, 16 out of a wheel where it is not."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from retail_pipeline.local.place import Account
from retail_pipeline.warehouse import schema_description
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import temporary_home
from retail_pipeline_tests.older_postgres import (
    is_15_installed,
    older_postgres,
    older_programs,
    older_version,
    within_reach,
)


@pytest.fixture
def home() -> Iterator[Path]:
    home = temporary_home()
    yield home
    shutil.rmtree(home)


def test_every_test_of_the_warehouse_ran_on_the_oldest_server_that_supabase_may_run() -> None:
    if not is_15_installed():
        pytest.skip(f"PostgreSQL 15 is not installed: the warehouse was tested on {older_version()} instead")
    told = subprocess.run([older_programs() / "postgres", "--version"], capture_output=True, text=True, check=True)

    assert " 15." in told.stdout


def test_where_15_is_not_installed_16_serves_out_of_its_wheel(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_POSTGRES_15", str(tmp_path))
    with older_postgres(home, fsync="off") as url_of:
        migrate(url_of("postgres"))
        with Warehouse(url_of("postgres")).transaction() as connection:
            assert connection.info.server_version // 10_000 == older_version() == 16
            assert schema_description.compare(connection).drift == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url_of("postgres"))


def test_a_wheel_in_a_folder_that_its_account_cannot_enter_is_copied_with_its_libraries(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_POSTGRES_15", str(tmp_path))
    monkeypatch.setattr(Account, "can_enter", lambda *_: False)
    installed = older_programs()

    copied = within_reach(installed, Account(65534, 65534), home)

    assert copied.is_relative_to(home)
    assert within_reach(installed, None, home) == installed
    told = subprocess.run([copied / "initdb", "--version"], capture_output=True, text=True, check=True)
    assert " 16." in told.stdout
