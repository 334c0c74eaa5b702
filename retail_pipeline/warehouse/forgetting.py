"""Everything that belongs to one organisation: counted, and removed in one transaction, or nothing of it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple, cast

import psycopg
from psycopg import sql

from retail_pipeline.warehouse.connection import Connection
from retail_pipeline.warehouse.errors import WarehouseError
from retail_pipeline.warehouse.locks import fleet_lock, store_locks, wait_for_devices
from retail_pipeline.warehouse.queries import query

_LONGEST = "3600s"
_OF_STORES = "store_id = ANY(%(stores)s)"
_CONDITIONS = {
    (True, False): sql.SQL("organization_id = %(organization)s"),
    (True, True): sql.SQL(f"(organization_id = %(organization)s OR (organization_id IS NULL AND {_OF_STORES}))"),
    (False, True): sql.SQL(_OF_STORES),
}
"""What belongs to it, by whether a table names the organisation and the store."""


class StillShared(WarehouseError):  # noqa: N818, as the others
    """A store or device has figures of another organisation, where it was before; whoever wrote the fleet file acts."""


class _Table(NamedTuple):
    name: str
    names_organization: bool
    names_store: bool

    @property
    def its_rows(self) -> sql.Composed:
        """FROM the table WHERE a row belongs to %(organization)s, whose stores are %(stores)s."""
        condition = _CONDITIONS[self.names_organization, self.names_store]
        return sql.SQL("FROM {} WHERE {}").format(sql.Identifier("retail", self.name), condition)


def declared_until(connection: Connection, organization_id: str) -> tuple[bool, bool]:
    """Whether the organisation was ever declared here, and whether a fleet file still declares it."""
    found = connection.execute(
        "SELECT valid_to IS NULL FROM retail.organizations WHERE organization_id = %s", [organization_id]
    ).fetchone()
    return found is not None, found is not None and found[0]


def last_served(connection: Connection, organization_id: str) -> dt.datetime:
    """When anybody last asked a device of the organisation, or declared it."""
    [(at,)] = connection.execute(
        "SELECT greatest(max(organizations.valid_from), max(health.last_ok_at), max(health.last_error_at))"
        " FROM retail.organizations LEFT JOIN retail.device_health AS health USING (organization_id)"
        " WHERE organization_id = %s",
        [organization_id],
    )
    return cast("dt.datetime", at)


def stores_of(connection: Connection, organization_id: str) -> list[str]:
    """Ids of its stores, in order."""
    rows = connection.execute(
        "SELECT store_id FROM retail.stores WHERE organization_id = %s ORDER BY store_id", [organization_id]
    )
    return [store_id for (store_id,) in rows]


def rows_of(connection: Connection, organization_id: str) -> dict[str, int]:
    """How many rows of each table belong to it, tables that refer to others first."""
    values = _values(connection, organization_id)
    return {table.name: _count(connection, table, values) for table in _tables(connection)}


def remove_all_of(connection: Connection, organization_id: str) -> dict[str, int]:
    """Remove them in the caller's transaction, while nobody asks its devices or derives its stores; rows by table.

    Raises:
        StillShared: another organisation's figures point at a store or device of it.
        RuntimeError: rows are left, so nothing may be committed; a developer acts.
    """
    connection.execute("SELECT set_config('statement_timeout', %s, true)", [_LONGEST])
    _exclude_others(connection, organization_id)
    tables, values = _tables(connection), _values(connection, organization_id)
    removed = {table.name: _count(connection, table, values) for table in tables}
    try:
        for table in tables:
            connection.execute(sql.SQL("DELETE {}").format(table.its_rows), values)
    except psycopg.errors.ForeignKeyViolation as error:
        raise StillShared(
            f"A store or device of {organization_id} has figures of another organization, where it stood before: "
            f"{error.diag.message_detail}. Declare it there again in the fleet file, then forget {organization_id}."
        ) from error
    left = {table.name: rows for table in tables if (rows := _count(connection, table, values))}
    if left:
        raise RuntimeError(f"rows of {organization_id} are left: {left}")
    return removed


def _exclude_others(connection: Connection, organization_id: str) -> None:
    fleet_lock(connection)
    devices = connection.execute(
        "SELECT sensor_id FROM retail.sensors WHERE organization_id = %s", [organization_id]
    ).fetchall()
    wait_for_devices(connection, [sensor_id for (sensor_id,) in devices])
    store_locks(connection, stores_of(connection, organization_id))


def _values(connection: Connection, organization_id: str) -> dict[str, object]:
    """Its stores are named before they go: what is left of them is found afterwards too."""
    return {"organization": organization_id, "stores": stores_of(connection, organization_id)}


def _count(connection: Connection, table: _Table, values: Mapping[str, object]) -> int:
    [(rows,)] = connection.execute(sql.SQL("SELECT count(*) {}").format(table.its_rows), values).fetchall()
    return int(rows)


def _tables(connection: Connection) -> list[_Table]:
    """Tables that hold rows of organisations or stores, each after those that refer to it."""
    found: Mapping[str, tuple[_Table, set[str]]] = {
        row[0]: (_Table(*row[:3]), set(row[3])) for row in connection.execute(query("owned_tables"))
    }
    order: Iterator[str] = iter(TopologicalSorter({name: refers for name, (_, refers) in found.items()}).static_order())
    return [found[name][0] for name in order if name in found]
