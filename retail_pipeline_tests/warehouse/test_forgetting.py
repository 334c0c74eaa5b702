"""Forgetting an organisation: no table is forgotten, and nothing of anybody else is touched."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from retail_pipeline.steps.forget import ForgetRefusedError, forget
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.forgetting import StillShared, remove_all_of
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.warehouse.builders import DOOR, HOUR, LISBON, NOON, fleet_of
from retail_pipeline_tests.warehouse.conftest import Session, UrlOf

PORTO = {**LISBON, "id": "porto", "name": "Porto", "organization": "beta", "sensors": [{**DOOR, "id": "porto-door"}]}
BOTH = fleet_of(LISBON, PORTO, organizations=("acme", "beta"))
ONLY_BETA = fleet_of(PORTO, organizations=("beta",))
TABLES = """
SELECT table_name::text FROM information_schema.tables
WHERE table_schema = 'retail' AND table_type = 'BASE TABLE' ORDER BY 1
"""
# What a row needs is read off the catalogue, so that a table of tomorrow gets its rows too.
NEEDED = """
SELECT attname, format_type(atttypid, NULL), attidentity = 'd'
FROM pg_attribute
WHERE
    attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
    AND (attnotnull OR attname IN ('organization_id', 'store_id', 'sensor_id'))
    AND (NOT atthasdef OR attname IN ('organization_id', 'store_id', 'sensor_id'))
"""
VALUES = {
    "timestamp with time zone": "timestamptz '2026-03-02 12:00Z'",
    "date": "date '2026-03-02'",
    "uuid": "(SELECT id FROM auth.users)",
    "boolean": "true",
    "jsonb": "'{}'",
    "text[]": "'{}'",
    "time without time zone": "'00:00'",
}


@pytest.fixture
def full(server: UrlOf) -> Iterator[str]:
    """A database with a row of each of two organisations in every table; only foreign keys hold there."""
    with Session(server, f"test_{uuid4().hex}", drop=True) as url:
        migrate(url)
        with psycopg.connect(url) as connection:
            sync_fleet(connection, BOTH, NOON)
            drop_checks(connection)
            connection.execute("INSERT INTO auth.users (id) VALUES (gen_random_uuid())")
            for (table,) in connection.execute(TABLES).fetchall():
                if table not in {"organizations", "stores", "sensors", "lines", "regions", "zones"}:
                    for organization, store in (("acme", "lisbon"), ("beta", "porto")):
                        fill(connection, table, {"organization_id": organization, "store_id": store})
        yield url


def drop_checks(connection: psycopg.Connection) -> None:
    checks = connection.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE connamespace = 'retail'::regnamespace AND contype = 'c'"
    ).fetchall()
    for table, name in checks:
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())


def fill(connection: psycopg.Connection, table: str, owner: dict[str, str]) -> None:
    given = {**{name: f"'{value}'" for name, value in owner.items()}, "sensor_id": f"'{owner['store_id']}-door'"}
    if table == "rejected_rows":
        given["reply_id"] = f"(SELECT reply_id FROM retail.device_replies WHERE store_id = '{owner['store_id']}')"
    needed = connection.execute(NEEDED, [f"retail.{table}"]).fetchall()
    values = {
        name: given.get(name) or (f"'{owner['store_id']}'" if kind == "text" else VALUES.get(kind, "1"))
        for name, kind, is_identity in needed
        if not is_identity or name in given
    }
    columns = sql.SQL(", ").join(map(sql.Identifier, values))
    rows = sql.SQL(", ".join(values.values()))
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier("retail", table), columns, rows)
    )


def rows_naming(url: str, *owners: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that names an organisation, store or device, whole, by table."""
    found = {}
    with psycopg.connect(url) as connection:
        for (table,) in connection.execute(TABLES).fetchall():
            text = f"SELECT (t.*)::text FROM retail.{table} AS t ORDER BY 1"
            rows = [row for row in connection.execute(text.encode()).fetchall() if any(one in row[0] for one in owners)]
            if rows:
                found[table] = rows
    return found


def leave(url: str) -> Warehouse:
    """`acme` is no longer declared."""
    warehouse = Warehouse(url)
    with warehouse.transaction() as connection:
        sync_fleet(connection, ONLY_BETA, NOON + HOUR)
    return warehouse


def test_no_table_keeps_a_row_of_it_and_no_row_of_others_changes(full: str) -> None:
    warehouse = leave(full)
    its, others = rows_naming(full, "acme", "lisbon"), rows_naming(full, "beta", "porto")
    with psycopg.connect(full) as connection:
        assert [*its] == [*others] == [table for (table,) in connection.execute(TABLES)]
    assert {"memberships", "device_replies", "rejected_rows", "revisions", "incidents", "kept_since"} <= its.keys()

    forgotten = forget(ONLY_BETA, warehouse, "acme", NOON + 2 * HOUR, apply=True)

    assert rows_naming(full, "acme", "lisbon") == {}
    assert rows_naming(full, "beta", "porto") == others
    assert forgotten.rows == {table: len(rows) for table, rows in its.items()}
    assert forgotten.stores == ("lisbon",)


def test_without_apply_the_same_rows_are_told_and_stand(full: str) -> None:
    warehouse = leave(full)
    before = rows_naming(full, "acme", "lisbon", "beta", "porto")

    told = forget(ONLY_BETA, warehouse, "acme", NOON + 2 * HOUR, apply=False)

    assert rows_naming(full, "acme", "lisbon", "beta", "porto") == before
    assert forget(ONLY_BETA, warehouse, "acme", NOON + 2 * HOUR, apply=True) == told


def test_rows_that_name_only_its_store_are_its(full: str) -> None:
    warehouse = leave(full)
    with warehouse.transaction() as connection:
        connection.execute("UPDATE retail.incidents SET organization_id = NULL")

    assert forget(ONLY_BETA, warehouse, "acme", NOON + 2 * HOUR, apply=True).rows["incidents"] == 1
    assert len(rows_naming(full, "porto")["incidents"]) == 1


@pytest.mark.parametrize(
    ("fleet", "organization", "words"),
    [
        (BOTH, "acme", "The fleet file declares acme: take it and its stores out first"),
        (ONLY_BETA, "acme", "acme has not left the fleet yet"),
        (ONLY_BETA, "acne", "The warehouse knows no organization acne."),
    ],
    ids=["declared", "not noticed yet", "unknown"],
)
def test_what_is_collected_for_is_not_forgotten(warehouse: Warehouse, fleet, organization: str, words: str) -> None:
    with warehouse.transaction() as connection:
        sync_fleet(connection, BOTH, NOON + HOUR)
    with pytest.raises(ForgetRefusedError, match=words):
        forget(fleet, warehouse, organization, NOON + 2 * HOUR, apply=True)


def test_whose_code_location_is_gone_is_forgotten_when_nobody_has_asked_for_a_day(warehouse: Warehouse) -> None:
    asked = NOON + 30 * HOUR
    with warehouse.transaction() as connection:
        sync_fleet(connection, BOTH, NOON)
        connection.execute(
            "INSERT INTO retail.device_health (sensor_id, store_id, organization_id, circuit, consecutive_failures,"
            " last_error_at) VALUES ('lisbon-door', 'lisbon', 'acme', 'closed', 1, %s)",
            [asked],
        )
    with pytest.raises(ForgetRefusedError, match="The fleet file declares acme"):
        forget(BOTH.only({"beta"}), warehouse, "acme", asked + 24 * HOUR, apply=True)
    with pytest.raises(ForgetRefusedError, match="try again after 2026-03-04 18:00 UTC, when nobody has asked"):
        forget(ONLY_BETA, warehouse, "acme", asked + 23 * HOUR, apply=True)

    assert forget(ONLY_BETA, warehouse, "acme", asked + 24 * HOUR, apply=True).rows["device_health"] == 1


def test_a_store_with_figures_of_another_owner_is_told_and_nothing_goes(full: str) -> None:
    warehouse = leave(full)
    with warehouse.transaction() as connection:
        connection.execute("UPDATE retail.hourly_analytics SET organization_id = 'beta' WHERE store_id = 'lisbon'")
    before = rows_naming(full, "acme", "lisbon", "beta", "porto")

    with pytest.raises(StillShared, match="Declare it there again in the fleet file, then forget acme"):
        forget(ONLY_BETA, warehouse, "acme", NOON + 2 * HOUR, apply=True)
    assert rows_naming(full, "acme", "lisbon", "beta", "porto") == before


def test_a_row_that_would_be_left_undoes_everything(full: str) -> None:
    warehouse = leave(full)
    before = rows_naming(full, "acme", "lisbon")
    with warehouse.transaction() as connection:
        connection.execute("CREATE RULE stays AS ON DELETE TO retail.heat_maps DO INSTEAD NOTHING")
        connection.execute("ALTER TABLE retail.heat_maps DROP CONSTRAINT heat_maps_store_id_fkey")
        connection.execute("ALTER TABLE retail.heat_maps DROP CONSTRAINT heat_maps_organization_id_fkey")

    with pytest.raises(RuntimeError, match=r"rows of acme are left: .'heat_maps': 1"), warehouse.transaction() as one:
        remove_all_of(one, "acme")
    assert rows_naming(full, "acme", "lisbon") == before
