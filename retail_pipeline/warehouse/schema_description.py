"""What the migrations declare, and what stands in a database, in the same words.

The declaration is `sql/schema.jsonl`, written from the migrations (`make schema`) and held to them by a test: on
Supabase nobody can make a scratch database to compare with.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline.warehouse.queries import query, sql_home
from retail_pipeline.warehouse.schema_diff import Difference, SchemaObject, differences
from retail_pipeline.warehouse.schema_repair import Repair, repair

_HIDES_ALL = """
SELECT NOT EXISTS (
    SELECT FROM pg_roles WHERE rolname IN ('retail_pipeline', 'service_role') AND pg_has_role(oid, 'USAGE')
)
FROM pg_class
WHERE relnamespace = to_regnamespace('retail') AND relname = 'stores' AND row_security_active(oid)
"""


@dataclass(frozen=True)
class Comparison:
    """The two descriptions; views are declared in the words of the server that was asked."""

    declared: Sequence[SchemaObject]
    live: Sequence[SchemaObject]
    is_hidden: bool
    """Whether row level security hides every row from the role that asked."""

    @property
    def drift(self) -> list[Difference]:
        """How the live schema differs from the declared one."""
        return differences(self.declared, self.live)

    def repair(self, *, allow_destructive: bool) -> Repair:
        """The SQL that makes the live schema the declared one."""
        return repair(self.declared, self.live, allow_destructive=allow_destructive)


def compare(connection: psycopg.Connection) -> Comparison:
    """Hold the database against the declaration. Changes nothing; any role may ask."""
    live = describe(connection)
    standing = set(live)
    declared = [one if one in standing else _in_its_words(connection, one) for one in read_declared()]
    return Comparison(declared, live, is_hidden=_hides_all(connection))


def describe(connection: psycopg.Connection) -> list[SchemaObject]:
    """Every object of schema `retail`; none when there is no such schema. Sets the search path of the transaction."""
    connection.execute("SELECT set_config('search_path', '', true)")
    return sorted(SchemaObject(*map(str, row)) for row in connection.execute(query("describe_schema").encode()))


def read_declared(path: Path | None = None) -> list[SchemaObject]:
    """What the migrations declare."""
    lines = (path or declared_path()).read_text(encoding="utf-8").splitlines()
    return [SchemaObject(*json.loads(line)) for line in lines]


def describe_migrations(admin_url: str, url_of: Callable[[str], str]) -> list[SchemaObject]:
    """What the migrations make of an empty database: one is created for it, and dropped."""
    scratch = f"declared_{uuid4().hex}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(scratch)))
        try:
            migrate(url_of(scratch))
            with Warehouse(url_of(scratch)).transaction() as connection:
                return describe(connection)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(scratch)))


def declared_lines(described: Iterable[SchemaObject]) -> str:
    """The text of the declaration: an object a line, so that two branches that add tables merge."""
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in described)


def declared_path() -> Path:
    """The file that ships with the migrations."""
    return sql_home() / "schema.jsonl"


def apply(connection: psycopg.Connection, statements: Sequence[str]) -> None:
    """Run the repair in the caller's transaction.

    Raises:
        psycopg.Error: a statement was refused; nothing of the transaction stands.
    """
    connection.execute("SELECT set_config('check_function_bodies', 'off', true)")
    for statement in statements:
        connection.execute(sql.SQL(statement))


def _in_its_words(connection: psycopg.Connection, declared: SchemaObject) -> SchemaObject:
    """Versions of Postgres print the same view differently: a passing twin of it is printed by this one."""
    if declared.kind != "view":
        return declared
    head, _, body = declared.definition.partition("\n")
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL(f"CREATE TEMPORARY VIEW declared_view AS {body}"))
            row = connection.execute("SELECT pg_get_viewdef('pg_temp.declared_view'::regclass)").fetchone()
    except psycopg.Error:
        return declared
    return declared._replace(definition=f"{head}\n{row[0]}") if row else declared


def _hides_all(connection: psycopg.Connection) -> bool:
    row = connection.execute(_HIDES_ALL).fetchone()
    return row is not None and bool(row[0])
