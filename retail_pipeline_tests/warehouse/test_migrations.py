from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import MigrationChanged, MigrationFailed
from retail_pipeline.warehouse.migrations import migrate, pending, read_migrations

FIRST = "20260101000000_create_things.sql"
SECOND = "20260102000000_create_more.sql"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FIRST).write_text("CREATE TABLE things (id int);\nCREATE TABLE others (id int);\n")
    return tmp_path


def test_all_files_are_applied_in_order_and_once(empty_url: str) -> None:
    names = [migration.file_name for migration in read_migrations()]
    assert pending(empty_url) == names
    assert migrate(empty_url) == names
    assert migrate(empty_url) == []
    assert pending(empty_url) == []


def test_the_bookkeeping_is_that_of_the_supabase_cli(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    with Warehouse(empty_url).transaction() as connection:
        rows = connection.execute("SELECT version, name, statements FROM supabase_migrations.schema_migrations")
        assert rows.fetchall() == [("20260101000000", "create_things", [(folder / FIRST).read_text()])]


def test_what_the_supabase_cli_applied_is_not_applied_again(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    split = ["CREATE TABLE things (id int)", "CREATE TABLE others (id int)"]
    with Warehouse(empty_url).transaction() as connection:
        connection.execute("UPDATE supabase_migrations.schema_migrations SET statements = %s", [split])
    assert migrate(empty_url, folder) == []


def test_a_version_without_statements_counts_as_applied(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    with Warehouse(empty_url).transaction() as connection:
        connection.execute("UPDATE supabase_migrations.schema_migrations SET statements = NULL")
    assert pending(empty_url, folder) == []


def test_an_edited_file_is_refused_by_name_and_nothing_after_it_runs(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    (folder / FIRST).write_text("CREATE TABLE things (id bigint);")
    (folder / SECOND).write_text("CREATE TABLE more (id int);")
    with pytest.raises(MigrationChanged, match=rf"{FIRST} was edited .* new migration"):
        migrate(empty_url, folder)
    with pytest.raises(MigrationChanged):
        pending(empty_url, folder)
    assert not exists(empty_url, "more")


def test_a_file_that_fails_leaves_nothing_and_says_where(empty_url: str, folder: Path) -> None:
    (folder / SECOND).write_text("CREATE TABLE more (id int);\nCREATE TABLE things (id int);\n")
    with pytest.raises(MigrationFailed, match=rf"{SECOND}, line \d+: .*already exists"):
        migrate(empty_url, folder)
    assert exists(empty_url, "things")
    assert not exists(empty_url, "more")
    assert pending(empty_url, folder) == [SECOND]


def test_two_processes_may_migrate_at_once(empty_url: str) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        applied = [name for names in pool.map(migrate, [empty_url] * 2) for name in names]
    assert sorted(applied) == [migration.file_name for migration in read_migrations()]


def test_a_file_name_that_the_supabase_cli_would_not_accept_is_refused(folder: Path) -> None:
    (folder / "more.sql").write_text("")
    with pytest.raises(MigrationFailed, match=r"more\.sql is not named"):
        read_migrations(folder)


def test_two_files_of_one_version_are_refused(folder: Path) -> None:
    (folder / "20260101000000_create_more.sql").write_text("")
    with pytest.raises(MigrationFailed, match="two migrations of version 20260101000000"):
        read_migrations(folder)


def exists(url: str, table: str) -> bool:
    with Warehouse(url).transaction() as connection:
        row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    return bool(row and row[0])
