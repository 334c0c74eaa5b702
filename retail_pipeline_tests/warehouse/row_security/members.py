"""Rows of three stores in two organizations, those who read them, and what they get."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg

STORES = {"lisbon": "acme", "pune": "acme", "porto": "beta"}
USER = "00000000-0000-0000-0000-000000000001"
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"
_KEYS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_index
INNER JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
WHERE indrelid = %s::regclass AND indisprimary AND attidentity = ''
"""
_VALUE_OF = {
    "text": "'x{}'",
    "timestamp with time zone": "timestamptz '2026-01-01' + {} * interval '1 hour'",
    "date": "date '2026-01-01' + {}",
    "uuid": "gen_random_uuid()",
}


class Grant(NamedTuple):
    """A membership: the role, and the only store of it."""

    organization: str
    role: str
    store: str | None = None


def names(connection: psycopg.Connection, statement: str) -> list[str]:
    return [str(name) for (name,) in connection.execute(statement.encode())]


def columns(connection: psycopg.Connection, table: str) -> set[str]:
    found = connection.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass", [f"retail.{table}"])
    return {name for (name,) in found}


def fill(connection: psycopg.Connection, table: str) -> None:
    has = columns(connection, table)
    keys = dict(connection.execute(_KEYS, [f"retail.{table}"]).fetchall())
    rows = list(STORES.items()) if "store_id" in has else [(one, one) for one in sorted(set(STORES.values()))]
    for n, (store, organization) in enumerate(rows):
        values = {name: _VALUE_OF.get(kind, "{}").format(n) for name, kind in keys.items()}
        values |= {name: f"'{value}'" for name, value in (("store_id", store), ("organization_id", organization))}
        values = {name: value for name, value in values.items() if name in has}
        connection.execute(insertion(table, values))


def insertion(table: str, values: dict[str, str]) -> bytes:
    return f"INSERT INTO retail.{table} ({', '.join(values)}) VALUES ({', '.join(values.values())})".encode()


def become(connection: psycopg.Connection, role: str, grants: tuple[Grant, ...] = ()) -> None:
    for organization, name, store in grants:
        connection.execute(
            "INSERT INTO retail.memberships (user_id, organization_id, role, store_id) VALUES (%s, %s, %s, %s)",
            [USER, organization, name, store],
        )
    connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [json.dumps({"sub": USER})])
    connection.execute(f"SET LOCAL ROLE {role}".encode())


@contextmanager
def undone(connection: psycopg.Connection) -> Iterator[None]:
    with connection.transaction(force_rollback=True):
        yield


def outcome(connection: psycopg.Connection, statement: str) -> str | int:
    """`denied`, or the number of rows."""
    try:
        with undone(connection):
            return connection.execute(statement.encode()).rowcount
    except psycopg.errors.InsufficientPrivilege:
        return "denied"


def seen(connection: psycopg.Connection, relation: str, column: str) -> set[str] | str:
    try:
        with undone(connection):
            return {name for (name,) in connection.execute(f"SELECT {column} FROM retail.{relation}".encode())}
    except psycopg.errors.InsufficientPrivilege:
        return "denied"
