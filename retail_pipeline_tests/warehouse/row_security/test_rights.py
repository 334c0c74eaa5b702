"""Who sees and writes what: every role, table and operation, on tables that are stripped of all other rules."""

from typing import NamedTuple

import psycopg
import pytest

from retail_pipeline.warehouse.migrations import migrate, read_migrations
from retail_pipeline_tests.warehouse.row_security.members import (
    TABLES,
    USER,
    Grant,
    become,
    columns,
    fill,
    insertion,
    names,
    outcome,
    seen,
    undone,
)

OWNERS_ONLY = {"device_replies", "rejected_rows", "rejected_transactions"}
MANAGERS = {
    "collection_gaps",
    "derivation_attempts",
    "device_health",
    "incidents",
    "pipeline_health",
    "report_deliveries",
}
FIGURES = ("hourly_analytics", "daily_summaries", "store_hours", "store_days")
WRITERS = ("service_role", "retail_pipeline")
VIEWS = "SELECT relname FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind = 'v' ORDER BY 1"


class Reader(NamedTuple):
    """Somebody with a token, and what they should see."""

    grants: tuple[Grant, ...]
    viewer: set[str]
    manager: set[str]
    owner: set[str]


ALL_OF_ACME = {"lisbon", "pune"}
READERS = {
    "a stranger": Reader((), set(), set(), set()),
    "a viewer": Reader((Grant("acme", "viewer"),), ALL_OF_ACME, set(), set()),
    "a viewer of one store": Reader((Grant("acme", "viewer", "pune"),), {"pune"}, set(), set()),
    "a manager": Reader((Grant("acme", "manager"),), ALL_OF_ACME, ALL_OF_ACME, set()),
    "a manager of one store": Reader((Grant("acme", "manager", "lisbon"),), {"lisbon"}, {"lisbon"}, set()),
    "an owner": Reader((Grant("acme", "owner"),), ALL_OF_ACME, ALL_OF_ACME, ALL_OF_ACME),
    "an owner elsewhere": Reader((Grant("beta", "owner"),), {"porto"}, {"porto"}, {"porto"}),
    "manager here, viewer there": Reader(
        (Grant("acme", "manager", "pune"), Grant("beta", "viewer")), {"pune", "porto"}, {"pune"}, set()
    ),
    "one granted a store of others": Reader((Grant("acme", "viewer", "porto"),), set(), set(), set()),
}


@pytest.mark.parametrize("who", READERS)
def test_a_member_sees_their_stores_as_far_as_their_role_goes_and_writes_nothing(
    connection: psycopg.Connection, who: str
) -> None:
    tables = [table for table in names(connection, TABLES) if table != "memberships"]
    has_store = {table: "store_id" in columns(connection, table) for table in tables}
    reader = READERS[who]
    become(connection, "authenticated", reader.grants)
    expected = {
        table: reader.owner if table in OWNERS_ONLY else reader.manager if table in MANAGERS else reader.viewer
        for table in tables
        if has_store[table]
    }

    assert {table: seen(connection, table, "store_id") for table in expected} == expected
    assert seen(connection, "organizations", "organization_id") == {grant.organization for grant in reader.grants}
    of_all_stores = {grant.organization for grant in reader.grants if grant.store is None}
    assert seen(connection, "organization_reports", "organization_id") == of_all_stores
    managed = {one.organization for one in reader.grants if one.store is None and one.role in {"manager", "owner"}}
    assert seen(connection, "overview_deliveries", "organization_id") == managed
    for table in (*tables, "memberships"):
        writes = (
            f"DELETE FROM retail.{table}",
            f"INSERT INTO retail.{table} DEFAULT VALUES",
            f"TRUNCATE retail.{table}",
        )
        update = f"UPDATE retail.{table} SET organization_id = 'beta'"
        assert {outcome(connection, one) for one in (*writes, update)} == {"denied"}, table


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_who_shows_no_token_sees_nothing(connection: psycopg.Connection, role: str) -> None:
    tables, views = names(connection, TABLES), names(connection, VIEWS)
    connection.execute(f"SET LOCAL ROLE {role}".encode())

    found = [seen(connection, relation, "*") for relation in (*tables, *views)]

    assert set(map(str, found)) == ({"denied"} if role == "anon" else {"set()"})
    if role == "anon":
        attempts = (
            "INSERT INTO retail.{} DEFAULT VALUES",
            "UPDATE retail.{} SET organization_id = ''",
            "DELETE FROM retail.{}",
        )
        assert {outcome(connection, one.format(table)) for table in tables for one in attempts} == {"denied"}
        assert outcome(connection, "SELECT retail.readable_stores('viewer')") == "denied"


@pytest.mark.parametrize("role", WRITERS)
def test_writers_write_every_row_and_may_not_more(connection: psycopg.Connection, role: str) -> None:
    tables = [table for table in names(connection, TABLES) if table != "memberships"]
    rows = {table: 3 if "store_id" in columns(connection, table) else 2 for table in tables}
    become(connection, role)

    assert {table: outcome(connection, f"SELECT FROM retail.{table}") for table in tables} == rows
    assert {
        table: outcome(connection, f"UPDATE retail.{table} SET organization_id = organization_id") for table in tables
    } == rows
    assert {table: outcome(connection, f"DELETE FROM retail.{table}") for table in tables} == rows
    for table in tables:
        with undone(connection):
            connection.execute(f"DELETE FROM retail.{table}".encode())
            fill(connection, table)
        assert outcome(connection, f"TRUNCATE retail.{table}") == "denied"
        with pytest.raises(psycopg.errors.InsufficientPrivilege), undone(connection):
            connection.execute(f"ALTER TABLE retail.{table} DISABLE ROW LEVEL SECURITY".encode())
    assert outcome(connection, "CREATE TABLE retail.mine (id int)") == "denied"
    assert outcome(connection, "SELECT retail.protect_unprotected()") == "denied"


def test_memberships_are_granted_by_the_application_and_not_by_the_pipeline(connection: psycopg.Connection) -> None:
    grant = insertion("memberships", {"user_id": f"'{USER}'", "organization_id": "'acme'", "role": "'viewer'"})
    connection.execute(grant)
    attempts = [grant.decode(), "UPDATE retail.memberships SET role = 'owner'", "DELETE FROM retail.memberships"]

    with undone(connection):
        become(connection, "retail_pipeline")
        assert {outcome(connection, one) for one in ["SELECT FROM retail.memberships", *attempts]} == {"denied"}
    connection.execute("SET LOCAL ROLE service_role")
    assert [outcome(connection, one) for one in attempts[1:]] == [1, 1]
    assert seen(connection, "memberships", "organization_id") == {"acme"}


@pytest.mark.parametrize(("role", "rows"), [("viewer", 1), ("owner", 2)])
def test_a_user_sees_their_own_grants_and_an_owner_all_of_the_organization(
    connection: psycopg.Connection, role: str, rows: int
) -> None:
    for organization in ("acme", "beta"):
        other = {"user_id": "gen_random_uuid()", "organization_id": f"'{organization}'", "role": "'viewer'"}
        connection.execute(insertion("memberships", other))
    become(connection, "authenticated", (Grant("acme", role),))

    assert outcome(connection, "SELECT FROM retail.memberships") == rows


def test_a_view_shows_what_its_tables_would(connection: psycopg.Connection) -> None:
    views = names(connection, VIEWS)
    connection.execute("UPDATE retail.lines SET sensor_id = store_id, line = 1, valid_to = NULL")
    connection.execute("UPDATE retail.raw_sensor_counts SET sensor_id = store_id")
    connection.execute("UPDATE retail.stores SET timezone = 'UTC', valid_to = NULL")
    become(connection, "authenticated", (Grant("acme", "viewer", "pune"),))

    shown = {view: seen(connection, view, "store_id") for view in views}

    assert set().union(*(found if isinstance(found, set) else {found} for found in shown.values())) == {"pune"}
    assert shown["line_counts"] == shown["store_hours"] == shown["store_days"] == {"pune"}
    assert shown["pipeline_status"] == set()


def test_every_table_and_view_is_protected_by_the_migration_that_makes_it(connection: psycopg.Connection) -> None:
    open_tables = names(
        connection,
        "SELECT relname FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind IN ('r', 'p') AND NOT"
        " (relrowsecurity AND (relforcerowsecurity OR relname IN ('stores', 'memberships'))"
        " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'writers'))",
    )
    assert not open_tables, f"end the migration with SELECT retail.protect('retail.{open_tables[0]}', 'viewer');"
    open_views = names(
        connection,
        "SELECT relname FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind = 'v' AND NOT"
        " ('security_invoker=true' = ANY (reloptions) AND has_table_privilege('authenticated', oid, 'SELECT'))",
    )
    assert not open_views, f"{open_views}: end the migration with SELECT retail.protect_unprotected();"


@pytest.mark.parametrize("name", ["late", "rejected_late"])
def test_a_table_whose_migration_comes_late_is_protected_with_it(empty_url: str, tmp_path, name: str) -> None:
    migrate(empty_url)
    version = f"{int(read_migrations()[-1].version) - 1}"
    (tmp_path / f"{version}_create_late.sql").write_text(
        f"CREATE TABLE retail.{name} (store_id text, organization_id text)"
    )
    migrate(empty_url, tmp_path)

    with psycopg.connect(empty_url) as connection:
        connection.execute(f"INSERT INTO retail.{name} SELECT 'pune', 'acme'".encode())
        become(connection, "authenticated")
        assert seen(connection, name, "store_id") == set()
        connection.execute("RESET ROLE")
        [condition] = names(connection, f"SELECT qual FROM pg_policies WHERE tablename = '{name}' AND cmd = 'SELECT'")
    assert ("owner" if name.startswith("rejected") else "viewer") in condition


def test_who_is_granted_an_organization_and_a_store_of_it_sees_each_store_once(connection: psycopg.Connection) -> None:
    become(connection, "authenticated", (Grant("acme", "viewer"), Grant("acme", "manager", "pune")))
    for relation in ("stores", *FIGURES):
        found = connection.execute(f"SELECT store_id FROM retail.{relation} ORDER BY store_id".encode()).fetchall()
        assert found == [("lisbon",), ("pune",)]


def test_a_store_that_changed_hands_is_seen_by_its_new_owner_without_its_past(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE retail.stores SET organization_id = 'beta', timezone = 'UTC' WHERE store_id = 'pune'")
    with undone(connection):
        become(connection, "authenticated", (Grant("acme", "viewer"),))
        assert [seen(connection, one, "store_id") for one in ("stores", *FIGURES)] == [{"lisbon"}] * 5
    become(connection, "authenticated", (Grant("beta", "viewer"),))
    assert seen(connection, "stores", "store_id") == {"porto", "pune"}
    assert [seen(connection, one, "store_id") for one in FIGURES] == [{"porto"}] * 4


def test_grants_go_with_their_user(empty_url: str) -> None:
    migrate(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute(
            "INSERT INTO retail.organizations (organization_id, name, valid_from) VALUES ('acme', 'Acme', now())"
        )
        connection.execute("SET LOCAL ROLE service_role")
        grant = insertion("memberships", {"user_id": f"'{USER}'", "organization_id": "'acme'", "role": "'viewer'"})
        with pytest.raises(psycopg.errors.ForeignKeyViolation), undone(connection):
            connection.execute(grant)
        connection.execute("INSERT INTO auth.users (id) VALUES (%s)", [USER])
        connection.execute(grant)
        connection.execute("DELETE FROM auth.users")
        assert outcome(connection, "SELECT FROM retail.memberships") == 0


@pytest.mark.parametrize(
    "before",
    [
        "CREATE TABLE auth.users (id text PRIMARY KEY)",
        "CREATE TABLE auth.users (id uuid)",
        "CREATE TABLE auth.users (uid uuid PRIMARY KEY)",
    ],
    ids=["numbered otherwise", "without a key", "named otherwise"],
)
def test_users_who_are_kept_in_another_way_are_left_alone(empty_url: str, before: str) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE SCHEMA auth")
        connection.execute("CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid'")
        connection.execute(before.encode())
    migrate(empty_url)

    with psycopg.connect(empty_url) as connection:
        keys = "SELECT conname FROM pg_constraint WHERE conrelid = 'retail.memberships'::regclass AND contype = 'f'"
        assert "memberships_user_id_fkey" not in names(connection, keys)
