"""Brings the schema up to date, with the bookkeeping of the Supabase CLI so that either can apply the files.

A file that has been applied is never edited: a change is a new file.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import MigrationChanged, MigrationFailed
from retail_pipeline.warehouse.queries import sql_home

_LOCK = 0x7265_7461_696C  # "retail": one process migrates, the others wait and find nothing left to do
_FILE_NAME = re.compile(r"^(\d{14})_([a-z0-9_]+)\.sql$")
# Word for word what the Supabase CLI would create.
_BOOKKEEPING = """
CREATE SCHEMA IF NOT EXISTS supabase_migrations;
CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY);
ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[];
ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text;
"""


class Migration(NamedTuple):
    """One file: its 14-digit version, its name, and its text."""

    version: str
    name: str
    text: str

    @property
    def file_name(self) -> str:
        """As in the folder and in messages."""
        return f"{self.version}_{self.name}.sql"


def migrate(url: str, migrations_dir: Path | None = None) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; names of the files that were applied now.

    Safe to call from several processes at once.

    Raises:
        MigrationChanged: an applied file was edited; nothing is applied.
        MigrationFailed: a statement was refused; nothing of that file stands.
    """
    warehouse = Warehouse(url)
    return [migration.file_name for migration in _missing(warehouse, migrations_dir) if _apply(warehouse, migration)]


def pending(url: str, migrations_dir: Path | None = None) -> list[str]:
    """Names of the files that have not been applied; changes nothing.

    Raises:
        MigrationChanged: an applied file was edited.
    """
    return [migration.file_name for migration in _missing(Warehouse(url), migrations_dir)]


def read_migrations(migrations_dir: Path | None = None) -> list[Migration]:
    """The files in order of version; default: the project's own.

    Raises:
        MigrationFailed: a file name that the Supabase CLI would not accept, or a version that comes twice.
    """
    folder = migrations_dir or sql_home() / "migrations"
    migrations = sorted(_read(folder))
    versions = [migration.version for migration in migrations]
    if repeated := {version for version in versions if versions.count(version) > 1}:
        raise MigrationFailed(f"{folder} holds two migrations of version {', '.join(sorted(repeated))}; rename one.")
    return migrations


def _read(folder: Path) -> Iterator[Migration]:
    for path in folder.glob("*.sql"):
        found = _FILE_NAME.match(path.name)
        if not found:
            raise MigrationFailed(f"{path.name} is not named <14 digits>_<verb>_<object>.sql; rename it.")
        yield Migration(found[1], found[2], path.read_text(encoding="utf-8"))


def _missing(warehouse: Warehouse, migrations_dir: Path | None) -> list[Migration]:
    """What has not been applied, in one question: an embedded warehouse is opened every few seconds."""
    migrations = read_migrations(migrations_dir)
    with warehouse.transaction() as connection:
        applied = _applied(connection, migrations)
    return [migration for migration in migrations if not _stands(migration, applied)]


def _apply(warehouse: Warehouse, migration: Migration) -> bool:
    with warehouse.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if _stands(migration, _applied(connection, [migration])):
            return False
        connection.execute(_BOOKKEEPING)
        _run(connection, migration)
        connection.execute(
            "INSERT INTO supabase_migrations.schema_migrations (version, name, statements) VALUES (%s, %s, %s)",
            [migration.version, migration.name, [migration.text]],
        )
        _close_what_came_late(connection, migration)
    return True


def _close_what_came_late(connection: psycopg.Connection, migration: Migration) -> None:
    """A file that comes after those of higher version may bring a table that was not there to be protected."""
    late = connection.execute(
        "SELECT to_regprocedure('retail.protect_unprotected()') IS NOT NULL AND EXISTS"
        " (SELECT FROM supabase_migrations.schema_migrations WHERE version > %s)",
        [migration.version],
    ).fetchone()
    if late and late[0]:
        connection.execute("SELECT retail.protect_unprotected()")


def _run(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        connection.execute(sql.SQL(migration.text))
    except psycopg.Error as error:
        line = migration.text[: int(error.diag.statement_position or 1) - 1].count("\n") + 1
        raise MigrationFailed(
            f"{migration.file_name}, line {line}: {error.diag.message_primary or error}."
            " Nothing of this file was applied."
        ) from error


def _applied(connection: psycopg.Connection, migrations: Iterable[Migration]) -> dict[str, str]:
    """Which of these versions stand, each with the text that was applied; empty where that is not known."""
    found = connection.execute("SELECT to_regclass('supabase_migrations.schema_migrations') IS NOT NULL").fetchone()
    if found is None or not found[0]:
        return {}
    rows = connection.execute(
        "SELECT version, statements FROM supabase_migrations.schema_migrations WHERE version = ANY(%s)",
        [[migration.version for migration in migrations]],
    )
    return {version: "".join(statements or []) for version, statements in rows}


def _stands(migration: Migration, applied: Mapping[str, str]) -> bool:
    text = applied.get(migration.version)
    if text and text != migration.text and _essence(text) != _essence(migration.text):
        raise MigrationChanged(
            f"{migration.file_name} was edited after it had been applied. Restore the file (git checkout) and put the"
            " change into a new migration."
        )
    return text is not None


def _essence(text: str) -> str:
    """The Supabase CLI splits a file into statements and trims them: white space and semicolons say nothing."""
    return re.sub(r"[\s;]+", "", text)
