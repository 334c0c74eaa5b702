"""Damage to every kind of object is told in words, and the repair brings it back to no difference at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from retail_pipeline.warehouse import schema_description as schema
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline.warehouse.schema_diff import SchemaObject, differences, not_carried
from retail_pipeline.warehouse.schema_repair import repair

HARMLESS = {
    "a table is gone": ("DROP TABLE retail.revisions", "missing table: retail.revisions"),
    "a column is gone": (
        "ALTER TABLE retail.stores DROP COLUMN capacity CASCADE",
        "missing column: capacity of retail.stores",
    ),
    "a default is gone": (
        "ALTER TABLE retail.revisions ALTER COLUMN changed_at DROP DEFAULT",
        "missing default: changed_at of retail.revisions\n  now()",
    ),
    "a default is another": (
        "ALTER TABLE retail.revisions ALTER COLUMN changed_at SET DEFAULT '2026-01-01Z'",
        "different default: changed_at",
    ),
    "an extra default": ("ALTER TABLE retail.stores ALTER COLUMN country SET DEFAULT 'PT'", "extra default: country"),
    "NULL is let in": ("ALTER TABLE retail.stores ALTER COLUMN name DROP NOT NULL", "missing not null: name of"),
    "NULL is refused": ("ALTER TABLE retail.revisions ALTER COLUMN run_id SET NOT NULL", "extra not null: run_id"),
    "numbers are given no more": (
        "ALTER TABLE retail.revisions ALTER COLUMN revision_id DROP IDENTITY",
        "missing identity: revision_id",
    ),
    "a primary key is gone": (
        "ALTER TABLE retail.stores DROP CONSTRAINT stores_pkey CASCADE",
        "missing constraint: stores_pkey of retail.stores\n  PRIMARY KEY (store_id)",
    ),
    "a foreign key points less": (
        "ALTER TABLE retail.lines DROP CONSTRAINT lines_sensor_id_fkey",
        "missing foreign key: lines_sensor_id_fkey",
    ),
    "a check is another": (
        (
            "ALTER TABLE retail.stores DROP CONSTRAINT stores_capacity_check;"
            "ALTER TABLE retail.stores ADD CONSTRAINT stores_capacity_check CHECK (capacity > 1)"
        ),
        "different constraint: stores_capacity_check",
    ),
    "an index is gone": ("DROP INDEX retail.sensors_by_store", "missing index: retail.sensors_by_store"),
    "an index is another": (
        "DROP INDEX retail.sensors_by_store; CREATE INDEX sensors_by_store ON retail.sensors (organization_id)",
        "different index: retail.sensors_by_store",
    ),
    "row security is off": ("ALTER TABLE retail.stores DISABLE ROW LEVEL SECURITY", "found:    DISABLE ROW LEVEL"),
    "row security is not forced": ("ALTER TABLE retail.lines NO FORCE ROW LEVEL SECURITY", "found:    ENABLE ROW"),
    "a policy is gone": ("DROP POLICY writers ON retail.lines", "missing policy: writers of retail.lines"),
    "a policy is wide open": (
        "ALTER POLICY readers ON retail.hourly_analytics USING (true)",
        "found:    AS PERMISSIVE FOR SELECT TO authenticated USING (true)",
    ),
    "an extra policy": ("CREATE POLICY everybody ON retail.stores USING (true)", "extra policy: everybody"),
    "a grant is gone": ("REVOKE SELECT ON retail.stores FROM authenticated", "missing grant: TABLE retail.stores TO"),
    "an extra grant": ("GRANT SELECT ON retail.stores TO anon", "extra grant: TABLE retail.stores TO anon"),
    "an extra grant on a column": ("GRANT SELECT (name) ON retail.stores TO anon", "SELECT (name)"),
    "a grant that may be passed on": (
        "GRANT SELECT ON retail.stores TO authenticated WITH GRANT OPTION",
        "found:    SELECT WITH GRANT OPTION",
    ),
    "an extra grant on the schema": ("GRANT USAGE ON SCHEMA retail TO anon", "extra grant: SCHEMA retail TO anon"),
    "an extra grant on a function": (
        "GRANT EXECUTE ON FUNCTION retail.protect_unprotected() TO PUBLIC",
        "extra grant: FUNCTION retail.protect_unprotected() TO PUBLIC",
    ),
    "tables to come are granted to somebody": (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA retail GRANT SELECT, INSERT ON TABLES TO anon",
        "IN SCHEMA retail: TABLES TO anon\n  INSERT, SELECT",
    ),
    "a table belongs to somebody else": (
        "GRANT USAGE, CREATE ON SCHEMA retail TO anon; ALTER TABLE retail.revisions OWNER TO anon",
        "extra other owner: TABLE retail.revisions OWNER TO",
    ),
    "a function belongs to somebody else": (
        "GRANT USAGE, CREATE ON SCHEMA retail TO anon; ALTER FUNCTION retail.readable_stores(text) OWNER TO anon",
        "belongs to anon",
    ),
    "a comment is gone": ("COMMENT ON COLUMN retail.stores.name IS NULL", "missing comment: COLUMN retail.stores.name"),
    "a comment is another": ("COMMENT ON TABLE retail.stores IS 'it''s'", "different comment: TABLE retail.stores"),
    "a view is gone": ("DROP VIEW retail.store_hours CASCADE", "missing view: retail.store_hours"),
    "a view is another": (
        (
            "CREATE OR REPLACE VIEW retail.pipeline_status WITH (security_invoker = false) AS"
            " SELECT health.store_id, stores.name AS store_name, health.organization_id, health.stage, health.status,"
            " health.findings, health.detail, health.checked_at, health.run_id FROM retail.pipeline_health AS health"
            " INNER JOIN retail.stores AS stores ON health.store_id = stores.store_id"
        ),
        "found:    WITH (security_invoker=false)",
    ),
    "a function is gone": (
        "DROP FUNCTION retail.readable_stores(text) CASCADE",
        "missing function: retail.readable_stores(text)",
    ),
    "a function is another": (
        (
            "CREATE OR REPLACE FUNCTION retail.readable_stores(least_role text) RETURNS text[] LANGUAGE sql STABLE"
            " SECURITY DEFINER SET search_path = '' AS $$ SELECT array_agg(store_id) FROM retail.stores $$"
        ),
        "different function: retail.readable_stores(text)",
    ),
}
DESTRUCTIVE = {
    "an extra table": ("CREATE TABLE retail.mine (id int PRIMARY KEY, note text)", "extra table: retail.mine"),
    "an extra column": ("ALTER TABLE retail.stores ADD COLUMN mine text NOT NULL DEFAULT ''", "extra column: mine of"),
    "a column has another type": (
        "ALTER TABLE retail.sensors ALTER COLUMN retention_days TYPE bigint",
        "declared: integer\n  found:    bigint",
    ),
    "a column that views and policies read has another type": (
        (
            "DROP VIEW {views} CASCADE; DROP POLICY readers ON retail.hourly_analytics;"
            " ALTER TABLE retail.hourly_analytics ALTER COLUMN store_id TYPE varchar(40)"
        ),
        "found:    character varying(40)",
    ),
    "an extra constraint": ("ALTER TABLE retail.stores ADD CONSTRAINT mine CHECK (name <> '')", "extra constraint"),
    "an extra index": ("CREATE INDEX mine ON retail.stores (name)", "extra index: retail.mine"),
    "an extra view": ("CREATE VIEW retail.mine AS SELECT store_id FROM retail.stores", "extra view: retail.mine"),
    "an extra function": ("CREATE FUNCTION retail.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "retail.mine()"),
    "an extra trigger": (
        (
            "CREATE TRIGGER mine BEFORE UPDATE ON retail.stores FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
        "extra trigger: mine of retail.stores",
    ),
    "an extra type": ("CREATE TYPE retail.mine AS ENUM ('a', 'b')", "extra type: retail.mine\n  AS ENUM ('a', 'b')"),
    "an extra sequence": ("CREATE SEQUENCE retail.mine", "extra sequence: retail.mine"),
}


@pytest.fixture
def connection(migrated: str) -> Iterator[psycopg.Connection]:
    """A migrated database in a transaction of which nothing stays."""
    with psycopg.connect(migrated) as connection:
        yield connection
        connection.rollback()


def damage(connection: psycopg.Connection, statements: str) -> None:
    views = connection.execute(
        "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class"
        " WHERE relnamespace = 'retail'::regnamespace AND relkind = 'v'"
    ).fetchone()
    connection.execute(statements.replace("{views}", views[0]).encode())


def test_the_declaration_is_what_the_migrations_make(connection: psycopg.Connection) -> None:
    compared = schema.compare(connection)

    assert not compared.drift, "run `make schema` and commit sql/schema.jsonl: " + "; ".join(map(str, compared.drift))
    assert len({one.kind for one in compared.live}) == 15


@pytest.mark.parametrize(("statements", "words"), HARMLESS.values(), ids=HARMLESS)
def test_damage_is_told_and_repaired(connection: psycopg.Connection, statements: str, words: str) -> None:
    damage(connection, statements)
    compared = schema.compare(connection)
    mending = compared.repair(allow_destructive=False)

    assert words in "\n".join(map(str, not_carried(compared.drift)))
    assert mending.withheld == []
    schema.apply(connection, mending.statements)
    assert schema.compare(connection).drift == []


@pytest.mark.parametrize(("statements", "words"), DESTRUCTIVE.values(), ids=DESTRUCTIVE)
def test_what_would_lose_something_waits_for_leave(connection: psycopg.Connection, statements: str, words: str) -> None:
    damage(connection, statements)
    compared = schema.compare(connection)
    told = "\n".join(map(str, not_carried(compared.drift)))
    careful = compared.repair(allow_destructive=False)

    assert words in told
    assert len(careful.withheld) == 1
    schema.apply(connection, careful.statements)
    again = schema.compare(connection)
    assert again.repair(allow_destructive=False).withheld == careful.withheld
    schema.apply(connection, again.repair(allow_destructive=True).statements)
    assert schema.compare(connection).drift == []


def test_a_repair_keeps_the_rows(url: str, connection: psycopg.Connection) -> None:
    assert connection.info.dbname in url  # the same database, filled with the small fleet
    connection.execute(
        "INSERT INTO retail.revisions (revision_id, table_name, row_key, column_name, store_id, organization_id)"
        " VALUES (41, 't', '{}', 'c', 'lisbon', 'acme')"
    )
    damage(
        connection,
        "ALTER TABLE retail.revisions ALTER COLUMN revision_id DROP IDENTITY;"
        "ALTER TABLE retail.sensors ALTER COLUMN interval_minutes TYPE bigint",
    )
    schema.apply(connection, schema.compare(connection).repair(allow_destructive=True).statements)

    connection.execute(
        "INSERT INTO retail.revisions (table_name, row_key, column_name, store_id, organization_id)"
        " VALUES ('t', '{}', 'c', 'lisbon', 'acme')"
    )
    assert connection.execute("SELECT revision_id FROM retail.revisions ORDER BY 1").fetchall() == [(41,), (42,)]
    assert connection.execute("SELECT interval_minutes FROM retail.sensors ORDER BY 1").fetchall() == [(30,), (60,)]


def test_an_empty_database_is_one_missing_schema_and_its_repair_makes_all_of_it(url: str, empty_url: str) -> None:
    with psycopg.connect(url) as connection:
        declared = schema.compare(connection).declared
    with psycopg.connect(empty_url) as connection:
        assert schema.describe(connection) == []
        connection.execute("CREATE SCHEMA auth")
        connection.execute("CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'")
        connection.execute("CREATE TABLE auth.users (id uuid PRIMARY KEY)")
        schema.apply(connection, repair(declared, [], allow_destructive=False).statements)
        assert schema.compare(connection).drift == []


def test_any_role_may_compare_and_one_that_sees_no_rows_is_told(connection: psycopg.Connection) -> None:
    for role, is_hidden in (("retail_pipeline", False), ("authenticated", True)):
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        compared = schema.compare(connection)
        assert (compared.drift, compared.is_hidden) == ([], is_hidden)


def test_a_table_that_is_gone_is_told_in_one_line() -> None:
    column = SchemaObject("column", "retail.x", "a", "text")
    table = SchemaObject("table", "retail.x", "retail.x", "")
    comment = SchemaObject("comment", "retail.x", "COLUMN retail.x.a", "words")

    assert [str(one) for one in not_carried(differences([table, column, comment], []))] == ["missing table: retail.x"]
    assert len(differences([table, column, comment], [])) == 3
    assert [one.subject for one in not_carried(differences([], [column, comment]))] == [column]


def test_the_declaration_is_written_an_object_a_line(tmp_path: Path, server, url: str) -> None:
    text = schema.declared_lines(schema.describe_migrations(server("postgres"), server))
    (tmp_path / "schema.jsonl").write_text(text, encoding="utf-8")

    assert len(schema.read_declared(tmp_path / "schema.jsonl")) == len(schema.read_declared())
    assert all(len(json.loads(line)) == 4 for line in text.splitlines())
    assert migrate(url) == []


def test_the_moment_of_a_repair_is_a_transaction(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE VIEW retail.mine AS SELECT capacity FROM retail.stores")
        connection.execute("ALTER TABLE retail.stores ADD COLUMN extra text")
        mending = schema.compare(connection).repair(allow_destructive=True)
        with pytest.raises(psycopg.Error), connection.transaction():
            schema.apply(connection, [*mending.statements, "SELECT 1 / 0"])
        assert schema.compare(connection).repair(allow_destructive=True) == mending
        connection.rollback()
