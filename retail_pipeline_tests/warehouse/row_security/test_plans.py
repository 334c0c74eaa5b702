"""How the server finds what a member may see: by which index, and asking once who they are."""

import psycopg
import pytest

from retail_pipeline_tests.warehouse.row_security.members import Grant, become


@pytest.mark.parametrize(
    ("table", "start"),
    [
        ("hourly_analytics", "hour_start"),
        ("raw_sensor_counts", "interval_start"),
        ("regional_counts", "interval_start"),
    ],
)
def test_a_year_of_a_store_is_found_by_its_index_and_the_memberships_are_asked_for_once(
    connection: psycopg.Connection, table: str, start: str
) -> None:
    keys = "store_id, organization_id" if table == "hourly_analytics" else "store_id, organization_id, sensor_id"
    connection.execute(
        f"INSERT INTO retail.{table} ({keys}, {start}) SELECT {keys.replace('sensor_id', 'store_id')}, hour_start"
        " FROM retail.stores CROSS JOIN"
        " generate_series(timestamptz '2025-01-01', '2025-12-31 23:00', '1 hour') AS hour (hour_start)".encode()
    )
    connection.execute(f"ANALYZE retail.{table}".encode())
    become(connection, "authenticated", (Grant("acme", "viewer"), Grant("beta", "viewer")))

    row = connection.execute(
        f"EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM retail.{table} WHERE store_id = 'pune'"
        f" AND {start} >= '2025-01-01' AND {start} < '2026-01-01'".encode()
    ).fetchone()
    nodes = list(flat(row[0][0]["Plan"]))

    # Stores, the first organization, all organizations; the last only where the first is not the one.
    once = [node["Actual Loops"] for node in nodes if node.get("Parent Relationship") == "InitPlan"]
    assert len(once) == 3
    assert max(once) == 1
    assert not any(node.get("Parent Relationship") == "SubPlan" for node in nodes)
    assert any("store_id" in node.get("Index Cond", "") for node in nodes)
    assert not any(node["Node Type"] == "Seq Scan" for node in nodes)


@pytest.mark.parametrize(
    ("figures", "view", "start"),
    [
        ("entries, exits, entries_best, quality", "store_hours", "hour_start"),
        ("entries, entries_52_weeks_ago, change_52_weeks", "store_days", "trading_day"),
    ],
)
def test_a_chart_of_a_stores_hours_or_days_is_drawn_from_the_key_alone(
    connection: psycopg.Connection, figures: str, view: str, start: str
) -> None:
    chart = f"SELECT {start}, {figures} FROM retail.{view} WHERE store_id = 'pune'"
    nodes = planned_by_index(connection, f"{chart} AND {start} >= '2025-01-01' ORDER BY {start}")

    assert [node["Node Type"] for node in nodes if node.get("Relation Name")] == ["Index Only Scan"]


def test_figures_of_all_stores_come_out_of_one_index_in_the_order_of_the_stores(connection: psycopg.Connection) -> None:
    figures = "SELECT entries, capture_rate, peak_hour, quality FROM retail.store_days"
    nodes = planned_by_index(connection, f"{figures} WHERE trading_day = '2026-01-01' ORDER BY store_id")

    assert [node["Node Type"] for node in nodes if node.get("Relation Name")] == ["Index Only Scan"]
    assert not any(node["Node Type"] == "Sort" for node in nodes)


@pytest.mark.parametrize(("column", "tables"), [("entries", {"days"}), ("store_name", {"days", "stores"})])
def test_a_view_asks_for_the_store_only_where_its_name_is_wanted(
    connection: psycopg.Connection, column: str, tables: set[str]
) -> None:
    nodes = planned(connection, f"SELECT {column} FROM retail.store_days WHERE trading_day = '2026-01-01'")
    assert {node["Alias"] for node in nodes if node.get("Relation Name")} == tables


def planned_by_index(connection: psycopg.Connection, query: str) -> list[dict[str, object]]:
    """For a viewer, as with more rows than these tables hold."""
    connection.execute("SET LOCAL enable_seqscan = off")
    connection.execute("SET LOCAL enable_bitmapscan = off")
    become(connection, "authenticated", (Grant("acme", "viewer"),))
    return planned(connection, query)


def planned(connection: psycopg.Connection, query: str) -> list[dict[str, object]]:
    row = connection.execute(f"EXPLAIN (FORMAT json) {query}".encode()).fetchone()
    return list(flat(row[0][0]["Plan"]))


def flat(node):
    yield node
    for below in node.get("Plans", ()):
        yield from flat(below)
