"""What: the queries of dashboards through the readers' views, over a year of a fleet, as owner and as a member.

A member is bound by row level security, as over Supabase's REST interface. On the embedded server and on
PostgreSQL 15, or 16 where that is not installed.

Yardstick: the server's own time (EXPLAIN ANALYZE) to find the same rows by their key, out of the index alone; no query
that returns a figure can be under it. The time beside it is what a client waits for, 95 of 100 times.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from statistics import median, quantiles
from time import perf_counter

import psycopg

from benchmarks.fleet import DAY, made_fleet
from benchmarks.ground import fresh_database, own_older_postgres, own_postgres
from benchmarks.measure import ratio_of
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.older_postgres import UrlOf, older_version

_USER = "00000000-0000-0000-0000-000000000001"
_DAYS = 365
_ASKED = 100
_EXPLAINED = 20


@dataclass(frozen=True)
class Reading:
    """A query of a dashboard, and the same rows by key."""

    name: str
    query: str
    by_key: str


READINGS = (
    Reading(
        "a store's last 30 days by hour",
        "SELECT local_hour_start, entries_best, quality FROM retail.store_hours WHERE store_id = %(store)s"
        " AND hour_start >= %(end)s - interval '30 days' AND hour_start < %(end)s ORDER BY hour_start",
        "SELECT hour_start FROM retail.hourly_analytics WHERE store_id = %(store)s"
        " AND hour_start >= %(end)s - interval '30 days' AND hour_start < %(end)s ORDER BY hour_start",
    ),
    Reading(
        "all stores yesterday",
        "SELECT store_name, entries, capture_rate, peak_hour FROM retail.store_days"
        " WHERE trading_day = %(day)s ORDER BY store_id",
        "SELECT trading_day FROM retail.daily_summaries WHERE trading_day = %(day)s",
    ),
    Reading(
        "top ten of a week",
        "SELECT store_name, sum(entries) AS entries FROM retail.store_days"
        " WHERE trading_day > %(day)s - 7 AND trading_day <= %(day)s"
        " GROUP BY store_name ORDER BY entries DESC LIMIT 10",
        "SELECT trading_day FROM retail.daily_summaries WHERE trading_day > %(day)s - 7 AND trading_day <= %(day)s",
    ),
    Reading(
        "a store against last year",
        "SELECT trading_day, entries, entries_52_weeks_ago, change_52_weeks FROM retail.store_days"
        " WHERE store_id = %(store)s AND trading_day > %(day)s - 28 ORDER BY trading_day",
        "SELECT trading_day FROM retail.daily_summaries WHERE store_id = %(store)s AND trading_day > %(day)s - 28"
        " ORDER BY trading_day",
    ),
)
_FILL = (
    """
    INSERT INTO retail.raw_sensor_counts
    SELECT sensor_id, store_id, organization_id, at, at + interval '1 hour', n, n, 0, 0, 0, 0, n * 5, n * 4, n * 6,
        n * 5, true, 1, at + interval '2 hours'
    FROM retail.sensors, generate_series(%(first)s, %(end)s - interval '1 hour', interval '1 hour') AS hours (at),
        LATERAL (SELECT extract(hour FROM at)::int * 3) AS people (n)
    ORDER BY sensor_id, hours.at
    """,
    """
    INSERT INTO retail.hourly_analytics (
        store_id, organization_id, hour_start, hour_end, local_date, local_hour, trading_day, entries, exits, net_flow,
        passers_by, capture_rate, occupancy_max, is_business_hour, business_share, completeness, quality, is_complete,
        run_id, input_version
    )
    SELECT store_id, organization_id, at, at + interval '1 hour', at::date, extract(hour FROM at), at::date, n, n, 0,
        n * 9, 0.1, n, true, 1, 1, 'A', true, 'bench', at
    FROM retail.stores, generate_series(%(first)s, %(end)s - interval '1 hour', interval '1 hour') AS hours (at),
        LATERAL (SELECT extract(hour FROM at)::int * 3) AS people (n)
    ORDER BY hours.at, store_id
    """,
    """
    INSERT INTO retail.daily_summaries (
        store_id, organization_id, trading_day, day_start, day_end, entries, exits, net_flow, passers_by, capture_rate,
        peak_hour, open_hours, hours_expected, hours_reported, hours_lost, completeness, is_complete,
        entries_52_weeks_ago, change_52_weeks, run_id, input_version
    )
    SELECT store_id, organization_id, at::date, at, at + interval '1 day', 800, 800, 0, 7200, 0.1, 17, 10, 24, 24, 0, 1,
        true, 790, 1.3, 'bench', at
    FROM retail.stores, generate_series(%(first)s, %(end)s - interval '1 day', interval '1 day') AS days (at)
    ORDER BY days.at, store_id
    """,
    "INSERT INTO retail.memberships (user_id, organization_id, role) VALUES (%(user)s, 'acme', 'viewer')",
)


def run(sizes: Sizes) -> list[Figure]:
    """A figure per query and role, the slowest of the older server, and the slowest of all."""
    fleet = made_fleet(sizes.reader_stores, sizes.devices)
    with own_postgres() as postgres:
        figures = _on("embedded", postgres.url, fleet, sizes)
    with own_older_postgres() as url_of:
        figures.append(max(_on(f"PostgreSQL {older_version()}", url_of, fleet, sizes), key=lambda one: one.ours))
    slowest = max(figures, key=lambda one: one.ours)
    words = f"of 100 readers 95 wait no longer; the slowest is {slowest.what.removeprefix('read ')}"
    return [
        *figures,
        Figure("slowest of these", slowest.size, slowest.ours, words, 0.02, ratio_of([slowest.ours], [0.02]), 1),
    ]


def _on(server: str, url_of: UrlOf, fleet: Fleet, sizes: Sizes) -> list[Figure]:
    days = 30 if sizes.name == "small" else _DAYS
    size = f"{len(fleet.stores):,} stores x {days} days, {server}"
    with fresh_database(url_of) as url:
        _fill(url, fleet, days)
        with psycopg.connect(url, autocommit=True) as connection:
            return [
                _figure(connection, reading, role, fleet, size) for role in ("owner", "member") for reading in READINGS
            ]


def _fill(url: str, fleet: Fleet, days: int) -> None:
    migrate(url)
    with Warehouse(url).transaction() as connection:
        sync_fleet(connection, fleet, DAY)
    with psycopg.connect(url, autocommit=True) as connection:
        # Every row names a store that is there: asking the keys' triggers for each would only take longer.
        connection.execute("SET session_replication_role = replica")
        for statement in _FILL:
            connection.execute(statement.encode(), _values(days))
        connection.execute("VACUUM ANALYZE")


def _values(days: int) -> dict[str, object]:
    return {"first": DAY - timedelta(days=days), "end": DAY, "user": _USER}


def _become(connection: psycopg.Connection, role: str) -> None:
    connection.execute("RESET ROLE")
    claims = json.dumps({"sub": _USER, "role": "authenticated"})
    connection.execute("SELECT set_config('request.jwt.claims', %s, false)", [claims])
    if role == "member":
        connection.execute("SET ROLE authenticated")


def _figure(connection: psycopg.Connection, reading: Reading, role: str, fleet: Fleet, size: str) -> Figure:
    stores, chance = fleet.store_ids, Random(7)  # noqa: S311
    asked = [
        {"store": chance.choice(stores), "end": DAY - timedelta(days=d), "day": (DAY - timedelta(days=d)).date()}
        for d in (1 + n % 3 for n in range(_ASKED))
    ]
    waits = []
    _become(connection, role)
    for values in asked:
        started = perf_counter()
        rows = connection.execute(reading.query.encode(), values).fetchall()
        waits.append(perf_counter() - started)
        if not rows:
            raise RuntimeError(f"{reading.name} returns no row as {role}")
    ours = [_explained(connection, reading.query, values) for values in asked[:_EXPLAINED]]
    limit = _limit(connection, role)
    connection.execute("RESET ROLE")
    bound = [_explained(connection, reading.by_key, values) for values in asked[:_EXPLAINED]]
    words = f"its rows by key out of the index alone, on the server {median(bound) * 1000:.2f} ms; so counted it takes"
    p95 = quantiles(waits, n=20)[-1]
    return Figure(
        f"read {reading.name}, as {role}", size, p95, words, median(ours), ratio_of(ours, bound), 2, limit=limit
    )


def _limit(connection: psycopg.Connection, role: str) -> str:
    """What a query takes before its first row."""
    if role == "owner":
        return "figures are in the table, not in the index, and times are told in the store's zone"
    asked = median(_explained(connection, "SELECT retail.readable_stores('viewer')", {}) for _ in range(_EXPLAINED))
    return f"to ask once what the member may read takes {asked * 1000:.2f} ms"


def _explained(connection: psycopg.Connection, query: str, values: dict[str, object]) -> float:
    row = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}".encode(), values).fetchone()
    return float(row[0][0]["Execution Time"]) / 1000 if row else 0.0
