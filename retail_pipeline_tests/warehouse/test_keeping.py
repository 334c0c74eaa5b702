"""Old rows leave in short transactions: the right ones, and without anybody waiting for it."""

from collections import Counter
from typing import Any

import psycopg
import pytest
from psycopg import sql

from retail_pipeline.fleet.keeping import RULES, Age
from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse import keeping, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.keeping import KeptFrom, limits, move_kept_since
from retail_pipeline_tests.warehouse.builders import (
    DAY,
    HOUR,
    LISBON,
    NOON,
    PUNE,
    day_row,
    days,
    fleet_of,
    raw,
    raw_row,
)

RAW, DAILY = (rule for rule in RULES if rule.table in {"raw_sensor_counts", "daily_summaries"})
MIDNIGHT = NOON.replace(hour=0)
PUNE_ROW: dict[str, Any] = {"sensor_id": "pune-door", "store_id": "pune", "organization_id": "beta"}


def count(warehouse: Warehouse, *rows: dict[str, Any]) -> None:
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(*rows))


def remove(warehouse: Warehouse, **kept: KeptFrom) -> Counter[str]:
    return sum(keeping.remove_old(warehouse, RAW, kept), Counter())


def standing(url: str, table: str = "raw_sensor_counts", column: str = "interval_start") -> list[tuple[Any, Any]]:
    with psycopg.connect(url) as connection:
        return connection.execute(f"SELECT store_id, {column} FROM retail.{table} ORDER BY 1, 2".encode()).fetchall()


@pytest.fixture
def two_owners(warehouse: Warehouse) -> Warehouse:
    """Ten days of hourly counts of a store of `acme` and of one of `beta`."""
    with warehouse.transaction() as connection:
        two = fleet_of(LISBON, {**PUNE, "organization": "beta"}, organizations=("acme", "beta"))
        sync_fleet(connection, two, NOON + HOUR)
    times = [MIDNIGHT - n * HOUR for n in range(1, 241)]
    count(warehouse, *(raw_row(time) for time in times), *(raw_row(time, **PUNE_ROW) for time in times))
    return warehouse


def test_rows_before_the_limit_of_their_store_leave_and_are_counted_by_owner(two_owners: Warehouse, url: str) -> None:
    limit = MIDNIGHT - 3 * DAY
    removed = remove(two_owners, lisbon=KeptFrom(limit.date(), limit), pune=KeptFrom(limit.date(), limit - 5 * DAY))

    assert removed == {"acme": 7 * 24, "beta": 2 * 24}
    left = standing(url)
    assert min(time for store, time in left if store == "lisbon") == limit
    assert min(time for store, time in left if store == "pune") == limit - 5 * DAY
    assert len(left) == 3 * 24 + 8 * 24


def test_a_store_without_a_limit_keeps_everything(two_owners: Warehouse, url: str) -> None:
    assert remove(two_owners, lisbon=KeptFrom(MIDNIGHT.date(), MIDNIGHT)) == {"acme": 240}
    assert {store for store, _ in standing(url)} == {"pune"}


def test_batches_end_where_the_rows_do(two_owners: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "BATCH", 7)
    batches = list(keeping.remove_old(two_owners, RAW, {"lisbon": KeptFrom(MIDNIGHT.date(), MIDNIGHT)}))

    assert max(batch.total() for batch in batches) == 7
    assert sum(batches, Counter()) == {"acme": 240}


def test_days_leave_by_their_local_date(warehouse: Warehouse, url: str) -> None:
    with warehouse.transaction() as connection:
        tables.write_daily(connection, days(*(day_row(NOON.date() - n * DAY) for n in range(100))))
    kept = {"lisbon": KeptFrom(NOON.date() - 9 * DAY, NOON)}

    assert sum(keeping.remove_old(warehouse, DAILY, kept), Counter()) == {"acme": 90}
    assert standing(url, "daily_summaries", "trading_day")[0] == ("lisbon", NOON.date() - 9 * DAY)


def test_a_row_that_somebody_writes_is_not_waited_for(two_owners: Warehouse, url: str) -> None:
    kept = {"lisbon": KeptFrom(MIDNIGHT.date(), MIDNIGHT)}
    with psycopg.connect(url) as writer:
        writer.execute(
            "UPDATE retail.raw_sensor_counts SET line1_in = 9 WHERE store_id = 'lisbon' AND interval_start < %s",
            [MIDNIGHT - 9 * DAY],
        )
        assert sum(keeping.remove_old(two_owners, RAW, kept), Counter()) == {"acme": 9 * 24}
    assert sum(keeping.remove_old(two_owners, RAW, kept), Counter()) == {"acme": 24}


def test_a_writer_does_not_wait_for_the_removal(two_owners: Warehouse, url: str) -> None:
    with two_owners.transaction() as removing, psycopg.connect(url) as writer:
        remove_statement, _ = keeping._statements(RAW)
        span = {"start": MIDNIGHT - 20 * DAY, "end": MIDNIGHT, "last": MIDNIGHT, "batch": 500}
        removing.execute(remove_statement, {"owner": ["lisbon"], "limit": [MIDNIGHT], **span})
        writer.execute("SET LOCAL lock_timeout = '1ms'")
        writer.execute("UPDATE retail.raw_sensor_counts SET line1_in = 9 WHERE store_id = 'pune'")
        tables.write_counts(writer, Report.LINES, raw(raw_row(NOON)))
        writer.rollback()
        removing.rollback()


def test_old_rows_are_found_along_the_brin_index(two_owners: Warehouse) -> None:
    remove_statement, _ = keeping._statements(RAW)
    span = {"start": MIDNIGHT - 9 * DAY, "end": MIDNIGHT - 8 * DAY, "last": MIDNIGHT, "batch": 500}
    with two_owners.transaction() as connection:
        # Of so few rows any index will do; what is asked here is whether this one can.
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("ALTER TABLE retail.raw_sensor_counts DROP CONSTRAINT raw_sensor_counts_pkey")
        connection.execute("DROP INDEX retail.raw_sensor_counts_by_store")
        plan = connection.execute(
            sql.SQL("EXPLAIN {}").format(remove_statement), {"owner": ["lisbon"], "limit": [MIDNIGHT], **span}
        ).fetchall()
        connection.rollback()

    assert "raw_sensor_counts_by_time" in str(plan)


def test_limits_are_whole_trading_days_of_each_store(warehouse: Warehouse) -> None:
    bar = {**LISBON, "id": "bar", "sensors": [], "zones": {}, "day_starts_at": "04:00"}
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet_of(LISBON, PUNE, bar), NOON + HOUR)
    at_two = NOON.replace(hour=2)
    found = limits(warehouse, {("acme", "raw_sensor_counts"): Age(days=60)}, at_two)

    first = (NOON - 60 * DAY).date()
    assert dict(found.select("store_id", "first_day").iter_rows()) == {
        "bar": first - DAY,  # 02:00 belongs to the evening before
        "lisbon": first,
        "pune": first,
    }
    assert dict(found.select("store_id", "since").iter_rows()) == {
        "bar": MIDNIGHT - 61 * DAY + 4 * HOUR,
        "lisbon": MIDNIGHT - 60 * DAY,
        "pune": MIDNIGHT - 60 * DAY - 5.5 * HOUR,
    }


def test_where_a_table_begins_never_moves_back(warehouse: Warehouse) -> None:
    for age in (Age(days=60), Age(days=80)):
        with warehouse.transaction() as connection:
            move_kept_since(connection, limits(warehouse, {("acme", "raw_sensor_counts"): age}, NOON), NOON)

    assert keeping.kept_since(warehouse, "raw_sensor_counts")["lisbon"].first_day == (NOON - 60 * DAY).date()
    assert keeping.kept_since(warehouse, "hourly_analytics") == {}


def test_every_table_of_the_schema_has_a_rule(url: str) -> None:
    with psycopg.connect(url) as connection:
        standing = connection.execute(
            "SELECT table_name::text FROM information_schema.tables"
            " WHERE table_schema = 'retail' AND table_type = 'BASE TABLE'"
        )
        columns = connection.execute(
            "SELECT table_name::text, column_name::text, data_type FROM information_schema.columns"
            " WHERE table_schema = 'retail'"
        )
        types = {(table, column): data_type for table, column, data_type in columns}
        assert sorted(rule.table for rule in RULES) == sorted(table for (table,) in standing)

    for rule in (one for one in RULES if one.kept_as):
        kind = "date" if rule.is_local_day else "timestamp with time zone"
        assert types[rule.table, str(rule.column)] == kind, rule
        assert {(rule.table, rule.owner), (rule.table, "organization_id")} <= set(types), rule
