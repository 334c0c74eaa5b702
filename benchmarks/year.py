"""A database that holds a year of a fleet, in the order in which it would have come: hour by hour, all stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg

from benchmarks.fleet import DAY
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate

USER = "00000000-0000-0000-0000-000000000001"
"""Who may read all stores of the fleet, as a member."""

_FILL = {
    "raw_sensor_counts": """
    INSERT INTO retail.raw_sensor_counts
    SELECT sensor_id, store_id, organization_id, at, at + interval '1 hour', n, n, 0, 0, 0, 0, n * 5, n * 4, n * 6,
        n * 5, true, 1, at + interval '2 hours'
    FROM generate_series(%(first)s, %(end)s - interval '1 hour', interval '1 hour') AS hours (at)
    CROSS JOIN LATERAL (SELECT extract(hour FROM at)::int * 3) AS people (n)
    CROSS JOIN (SELECT * FROM retail.sensors ORDER BY sensor_id) AS devices
    """,
    "hourly_analytics": """
    INSERT INTO retail.hourly_analytics (
        store_id, organization_id, hour_start, hour_end, local_date, local_hour, trading_day, entries, exits, net_flow,
        passers_by, capture_rate, occupancy_max, is_business_hour, business_share, completeness, quality, is_complete,
        run_id, input_version
    )
    SELECT store_id, organization_id, at, at + interval '1 hour', at::date, extract(hour FROM at), at::date, n, n, 0,
        n * 9, 0.1, n, true, 1, 1, 'A', true, 'bench', at
    FROM generate_series(%(first)s, %(end)s - interval '1 hour', interval '1 hour') AS hours (at)
    CROSS JOIN LATERAL (SELECT extract(hour FROM at)::int * 3) AS people (n)
    CROSS JOIN (SELECT * FROM retail.stores ORDER BY store_id) AS stores
    """,
    "daily_summaries": """
    INSERT INTO retail.daily_summaries (
        store_id, organization_id, trading_day, day_start, day_end, entries, exits, net_flow, passers_by, capture_rate,
        peak_hour, open_hours, hours_expected, hours_reported, hours_lost, completeness, is_complete,
        entries_52_weeks_ago, change_52_weeks, run_id, input_version
    )
    SELECT store_id, organization_id, at::date, at, at + interval '1 day', 800, 800, 0, 7200, 0.1, 17, 10, 24, 24, 0, 1,
        true, 790, 1.3, 'bench', at
    FROM generate_series(%(first)s, %(end)s - interval '1 day', interval '1 day') AS days (at)
    CROSS JOIN (SELECT * FROM retail.stores ORDER BY store_id) AS stores
    """,
}
_GRANT = "INSERT INTO retail.memberships (user_id, organization_id, role) VALUES (%s, 'acme', 'viewer')"
_INDEXES = """
SELECT pg_index.indexrelid::regclass::text, pg_constraint.conname, pg_get_constraintdef(pg_constraint.oid),
    pg_get_indexdef(pg_index.indexrelid)
FROM pg_index LEFT JOIN pg_constraint ON pg_constraint.conindid = pg_index.indexrelid AND pg_constraint.contype = 'p'
WHERE pg_index.indrelid = %s::regclass
"""


def fill(url: str, fleet: Fleet, days: int) -> None:
    """Migrate the database, and put the fleet and its figures of the `days` before `DAY` into it."""
    migrate(url)
    with Warehouse(url).transaction() as connection:
        sync_fleet(connection, fleet, DAY)
    with psycopg.connect(url, autocommit=True) as connection:
        # Every row names a store that is there: asking the keys' triggers for each would only take longer.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        for table, statement in _FILL.items():
            with _without_indexes(connection, f"retail.{table}"):
                connection.execute(statement.encode(), {"first": DAY - timedelta(days=days), "end": DAY})
        connection.execute(_GRANT, [USER])
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _without_indexes(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Made from all rows at once, an index takes a fraction of what it takes row by row."""
    restored = []
    for index, key, key_definition, definition in connection.execute(_INDEXES, [table]).fetchall():
        dropped = f"ALTER TABLE {table} DROP CONSTRAINT {key}" if key else f"DROP INDEX {index}"
        restored.append(f"ALTER TABLE {table} ADD CONSTRAINT {key} {key_definition}" if key else definition)
        connection.execute(dropped.encode())
    yield
    for statement in restored:
        connection.execute(statement.encode())
