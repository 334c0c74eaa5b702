"""The schema as the migrations leave it: documented, closed to outsiders, and strict about what it holds."""

from typing import LiteralString

import polars as pl
import psycopg
import pytest

from retail_pipeline.frames import schemas
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.warehouse.builders import HOUR, NOON, raw, raw_row

OUTSIDERS = ("anon", "authenticated")
RELATIONS = "FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind IN"


def names(warehouse: Warehouse, statement: LiteralString) -> list[str]:
    with warehouse.transaction() as connection:
        return sorted(str(row[0]) for row in connection.execute(statement))


def test_every_table_and_view_says_what_a_row_is(warehouse: Warehouse) -> None:
    assert not names(warehouse, f"SELECT relname {RELATIONS} ('r', 'v') AND obj_description(oid, 'pg_class') IS NULL")


def test_every_column_of_every_table_is_explained(warehouse: Warehouse) -> None:
    assert not names(
        warehouse,
        "SELECT attrelid::regclass || '.' || attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        f" AND attrelid IN (SELECT oid {RELATIONS} ('r')) AND col_description(attrelid, attnum) IS NULL",
    )


def test_every_fact_names_its_organization(warehouse: Warehouse) -> None:
    without = names(
        warehouse,
        f"SELECT relname {RELATIONS} ('r') AND NOT EXISTS (SELECT FROM pg_attribute"
        " WHERE attrelid = pg_class.oid AND attname = 'organization_id')",
    )
    assert without == []


@pytest.mark.parametrize(
    ("table", "schema"),
    [
        ("raw_sensor_counts", schemas.RAW_SENSOR_COUNTS),
        ("regional_counts", schemas.REGIONAL_COUNTS),
        ("virtual_region_occupancy", schemas.VIRTUAL_REGION_OCCUPANCY),
        ("hourly_analytics", schemas.HOURLY_ANALYTICS),
        ("daily_summaries", schemas.DAILY_SUMMARIES),
        ("zone_occupancy_snapshots", schemas.SNAPSHOTS),
        *schemas.BY_ZONE.items(),
    ],
)
def test_tables_and_frames_name_the_same_columns(warehouse: Warehouse, table: str, schema: dict[str, object]) -> None:
    with warehouse.transaction() as connection:
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'retail' AND table_name = %s",
            [table],
        ).fetchall()
    assert {column for (column,) in columns} - {"run_id"} == set(schema)


def test_views_show_no_more_than_their_reader_may_see(warehouse: Warehouse) -> None:
    views = f"SELECT relname {RELATIONS} ('v')"
    assert names(warehouse, views) == names(warehouse, f"{views} AND 'security_invoker=true' = ANY(reloptions)")
    told = {"line_counts", "zone_counts", "store_hours", "store_days", "current_occupancy", "pipeline_status"}
    assert {*told, "store_journeys"} <= set(names(warehouse, views))


@pytest.fixture
def guarded(empty_url: str) -> Warehouse:
    """A database as Supabase has it: outside roles that by default get everything."""
    roles = ", ".join(OUTSIDERS)
    warehouse = Warehouse(empty_url)
    with warehouse.transaction() as connection:
        for role in OUTSIDERS:  # of the whole server: an earlier test may have made them
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$".encode()
            )
        connection.execute(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {roles}".encode())
        connection.execute(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO {roles}".encode())
        connection.execute(f"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {roles}".encode())
    migrate(empty_url)
    return warehouse


def test_what_a_database_grants_by_default_is_taken_back(guarded: Warehouse) -> None:
    assert len(names(guarded, f"SELECT relname {RELATIONS} ('r', 'v', 'S')")) > 20
    outside = "SELECT relname {} ('r', 'v', 'S') AND has_table_privilege('{}', oid, '{}')"
    assert not names(guarded, outside.format(RELATIONS, "anon", "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"))
    assert not names(guarded, outside.format(RELATIONS, "authenticated", "INSERT, UPDATE, DELETE, TRUNCATE"))


def test_a_table_that_is_opened_by_mistake_still_shows_no_row(guarded: Warehouse) -> None:
    with guarded.transaction() as connection:
        connection.execute("INSERT INTO retail.organizations VALUES ('acme', 'Acme', now())")
        connection.execute("GRANT USAGE ON SCHEMA retail TO anon; GRANT SELECT ON retail.organizations TO anon")
        connection.execute("SET ROLE anon")
        assert connection.execute("SELECT * FROM retail.organizations").fetchall() == []


@pytest.mark.parametrize(
    ("figures", "constraint"),
    [
        ({"line1_in": -1}, "line1_in"),
        ({"interval_end": NOON}, "interval"),
        ({"interval_end": NOON + HOUR + HOUR / 60}, "interval"),
        ({"sensor_id": "nobody"}, "sensor_id_fkey"),
        ({"store_id": "nowhere"}, "store_id_fkey"),
        ({"organization_id": "nobody"}, "organization_id_fkey"),
        ({"line4_out": None}, "line4_out"),
    ],
    ids=[
        "negative",
        "without length",
        "longer than an hour",
        "unknown device",
        "unknown store",
        "unknown owner",
        "NULL",
    ],
)
def test_an_impossible_count_is_refused(url: str, figures: dict[str, object], constraint: str) -> None:
    row = raw(raw_row()).with_columns(pl_literals(figures))
    with psycopg.connect(url) as connection, pytest.raises(psycopg.IntegrityError, match=constraint):
        insert(connection, row.row(0, named=True))


def pl_literals(figures: dict[str, object]) -> list[pl.Expr]:
    return [pl.lit(value).cast(schemas.RAW_SENSOR_COUNTS[name]).alias(name) for name, value in figures.items()]


def insert(connection: psycopg.Connection, row: dict[str, object]) -> None:
    columns, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    connection.execute(f"INSERT INTO retail.raw_sensor_counts ({columns}) VALUES ({values})".encode(), row)
