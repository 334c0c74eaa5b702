"""Keeps the fleet tables in step with the fleet file. What leaves the file is closed (`valid_to`), never deleted.

Organizations, stores and sensors have one row each; lines, regions and zones one row per declaration.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import polars as pl
import psycopg
from psycopg import sql

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.warehouse.locks import fleet_lock
from retail_pipeline.warehouse.statements import Target
from retail_pipeline.warehouse.write import copy_into_temp, drop_temp

ORGANIZATIONS = Target("organizations", ("organization_id",), ("name",))
STORES = Target(
    "stores",
    ("store_id",),
    (
        *("organization_id", "name", "timezone", "country", "day_starts_at", "live_since", "capacity"),
        "target_conversion_rate",
    ),
)
SENSORS = Target(
    "sensors",
    ("sensor_id",),
    ("store_id", "organization_id", "timezone", "interval_minutes", "retention_days", "reports", "is_active"),
)
LINES = Target(
    "lines", ("sensor_id", "line"), ("store_id", "organization_id", "role", "from_area", "to_area", "is_inverted")
)
REGIONS = Target("regions", ("sensor_id", "region"), ("store_id", "organization_id", "zone"))
ZONES = Target("zones", ("store_id", "zone"), ("organization_id", "kind", "name"))


class FleetChanges(NamedTuple):
    """Ids of the stores that are declared now and were not before, and the other way round; both sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


def sync_fleet(connection: psycopg.Connection, fleet: Fleet, now: dt.datetime) -> FleetChanges:
    """Declare what the fleet file declares. Cheap when nothing changed, and safe from several processes at once.

    What lies outside `fleet.scope` is left alone, so that code locations which serve a part of the organizations do not
    close each other's stores.
    """
    fleet_lock(connection)
    scope = fleet.scope
    before = _declared_stores(connection, scope)
    for target, rows in _declared_once(fleet):
        _write_current(connection, target, rows, now, scope)
    for target, rows in _declared_in_versions(fleet):
        _write_versions(connection, target, rows, now, scope)
    after = set(fleet.store_ids)
    return FleetChanges(added=tuple(sorted(after - before)), removed=tuple(sorted(before - after)))


def _declared_stores(connection: psycopg.Connection, scope: Collection[str] | None) -> set[str]:
    statement = sql.SQL("SELECT store_id FROM retail.stores WHERE valid_to IS NULL AND {}").format(_within(scope))
    return {store_id for (store_id,) in connection.execute(statement)}


def _write_current(
    connection: psycopg.Connection, target: Target, rows: pl.DataFrame, now: dt.datetime, scope: Collection[str] | None
) -> None:
    """One row per id: changed in place, and begun anew when it comes back."""
    columns = target.key + target.compare
    copy_into_temp(connection, target, rows.select(columns).sort(target.key))
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} AS standing ({columns}, valid_from)"
            " SELECT {columns}, {now} FROM incoming ORDER BY {key}"
            " ON CONFLICT ({key}) DO UPDATE SET {updates}, valid_to = NULL, valid_from ="
            " CASE WHEN standing.valid_to IS NULL THEN standing.valid_from ELSE excluded.valid_from END"
            " WHERE standing.valid_to IS NOT NULL OR ROW({standing}) IS DISTINCT FROM ROW({excluded})"
        ).format(
            table=target.name,
            columns=_names(columns),
            now=now,
            key=_names(target.key),
            updates=sql.SQL(", ").join(
                sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in target.compare
            ),
            standing=_names(target.compare, "standing"),
            excluded=_names(target.compare, "excluded"),
        )
    )
    _close_absent(connection, target, (), now, scope)
    drop_temp(connection)


def _write_versions(
    connection: psycopg.Connection, target: Target, rows: pl.DataFrame, now: dt.datetime, scope: Collection[str] | None
) -> None:
    """One row per declaration: what is declared otherwise ends, and begins again as declared now."""
    columns = target.key + target.compare
    copy_into_temp(connection, target, rows.select(columns).sort(target.key))
    _close_absent(connection, target, target.compare, now, scope)
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}, valid_from) SELECT {columns}, {now} FROM incoming ORDER BY {key}"
            " ON CONFLICT ({key}) WHERE valid_to IS NULL DO NOTHING"
        ).format(table=target.name, columns=_names(columns), now=now, key=_names(target.key))
    )
    drop_temp(connection)


def _close_absent(
    connection: psycopg.Connection,
    target: Target,
    same: Sequence[str],
    now: dt.datetime,
    scope: Collection[str] | None,
) -> None:
    """End the current rows that no incoming row equals in the key and the columns `same`.

    Keys are compared by `=`, which can be hashed: otherwise every row is held against every other.
    """
    connection.execute(
        sql.SQL(
            "UPDATE {table} AS standing SET valid_to = greatest({now}, standing.valid_from)"
            " WHERE standing.valid_to IS NULL AND {within} AND NOT EXISTS"
            " (SELECT FROM incoming WHERE ({incoming_key}) = ({standing_key})"
            " AND ROW({incoming}) IS NOT DISTINCT FROM ROW({standing}))"
        ).format(
            table=target.name,
            now=now,
            within=_within(scope),
            incoming_key=_names(target.key, "incoming"),
            standing_key=_names(target.key, "standing"),
            incoming=_names(same, "incoming"),
            standing=_names(same, "standing"),
        )
    )


def _within(scope: Collection[str] | None) -> sql.Composable:
    if scope is None:
        return sql.SQL("true")
    return sql.SQL("organization_id = ANY({})").format(sorted(scope))


def _names(names: Sequence[str], side: str | None = None) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(side, name) if side else sql.Identifier(name) for name in names)


def _declared_once(fleet: Fleet) -> Iterable[tuple[Target, pl.DataFrame]]:
    yield ORGANIZATIONS, _frame(ORGANIZATIONS, ((one.id, one.name) for one in fleet.organizations))
    yield (
        STORES,
        _frame(
            STORES,
            (
                (
                    *(s.id, s.organization, s.name, s.timezone, s.country, s.day_starts_at, s.live_since, s.capacity),
                    s.target_conversion_rate,
                )
                for s in fleet.stores
            ),
        ),
    )
    yield (
        SENSORS,
        _frame(
            SENSORS,
            (
                (
                    *(device.id, store.id, store.organization, device.timezone or store.timezone),
                    *(device.interval_minutes, device.retention_days),
                    "{" + ",".join(sorted(map(str, device.reports))) + "}",
                    device.active,
                )
                for store in fleet.stores
                for device in store.sensors
            ),
        ),
    )


def _declared_in_versions(fleet: Fleet) -> Iterable[tuple[Target, pl.DataFrame]]:
    devices = [(store, device) for store in fleet.stores for device in store.sensors]
    yield (
        LINES,
        _frame(
            LINES,
            (
                (d.id, n, s.id, s.organization, str(line.role), line.from_area, line.to_area, line.inverted)
                for s, d in devices
                for n, line in d.lines.items()
            ),
        ),
    )
    yield (
        REGIONS,
        _frame(REGIONS, ((d.id, n, s.id, s.organization, zone) for s, d in devices for n, zone in d.regions.items())),
    )
    yield (
        ZONES,
        _frame(
            ZONES,
            (
                (store.id, name, store.organization, str(zone.kind), zone.name)
                for store in fleet.stores
                for name, zone in store.zones.items()
            ),
        ),
    )


def _frame(target: Target, rows: Iterable[tuple[object, ...]]) -> pl.DataFrame:
    """CSV text is all that Postgres needs of these few rows: every column as text, NULL kept apart."""
    text = [[None if value is None else str(value) for value in row] for row in rows]
    return pl.DataFrame(text, schema=dict.fromkeys(target.key + target.compare, pl.String()), orient="row")
