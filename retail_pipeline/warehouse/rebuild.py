"""Counts rebuilt from stored replies: poll by poll into a temporary table, then settled against the table itself.

The merge is the one that collecting uses: what stands in the temporary table, collecting would have left.
"""

import datetime as dt
from collections.abc import Collection, Sequence

import polars as pl
import psycopg
from psycopg import sql

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames import schemas
from retail_pipeline.warehouse.statements import Target, qualified, removal
from retail_pipeline.warehouse.tables import COUNTS
from retail_pipeline.warehouse.write import merge, merge_query

_STANDING_ROWS = {
    "sensor_id": pl.String(),
    "store_id": pl.String(),
    "interval_start": schemas.UTC_TIME,
    "interval_end": schemas.UTC_TIME,
    "is_complete": pl.Boolean(),
    "collected_at": schemas.UTC_TIME,
}
_IN_SPAN = sql.SQL(
    "{side}.store_id = ANY({store_ids}::text[]) AND {side}.interval_start >= {start} AND {side}.interval_start < {end}"
)
_GONE = sql.SQL(
    "SELECT standing.* FROM {table} AS standing WHERE {in_span} AND standing.reply_id = ANY({reply_ids}::bigint[])"
    " AND NOT EXISTS (SELECT FROM {aside} AS rebuilt WHERE rebuilt.sensor_id = standing.sensor_id"
    " AND rebuilt.interval_start = standing.interval_start)"
)
# A row that another reply left stands unless it is older.
_REBUILT = sql.SQL(
    "SELECT {columns} FROM {aside} AS rebuilt WHERE {in_span} AND NOT EXISTS (SELECT FROM {table} AS standing"
    " WHERE standing.sensor_id = rebuilt.sensor_id AND standing.interval_start = rebuilt.interval_start"
    " AND standing.collected_at > rebuilt.collected_at AND standing.reply_id <> ALL({reply_ids}::bigint[]))"
)


def begin_rebuild(connection: psycopg.Connection, report: Report) -> None:
    """An empty table aside, gone with the transaction."""
    target = COUNTS[report][0]
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING ALL) ON COMMIT DROP").format(
            sql.Identifier(target.table), target.name
        )
    )


def rebuild_counts(connection: psycopg.Connection, report: Report, rows: pl.DataFrame) -> None:
    """What one poll brought, written aside as `tables.write_counts` would write it."""
    target, schema = COUNTS[report]
    merge(connection, _aside(target), schemas.conform(rows, schema), replaces_overlaps=True)


def settle_counts(
    connection: psycopg.Connection,
    report: Report,
    store_ids: Sequence[str],
    span: tuple[dt.datetime, dt.datetime],
    reply_ids: Collection[int],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the rows of stores that start in `span` what was rebuilt from the replies `reply_ids`.

    Rows that these replies left and a new reading does not give are removed; rows of other replies stay where they are
    newer. Figures of complete rows that change or go leave a row in `revisions`.

    Returns:
        The keys (sensor_id, interval_start) of rows written, and of rows removed.
    """
    target, schema = COUNTS[report]
    names = {"table": target.name, "aside": _aside(target).name, "reply_ids": sorted(reply_ids)}
    key_types = {name: schema[name] for name in target.key}
    doomed = _GONE.format(in_span=_in_span("standing", store_ids, *span), **names)
    gone = connection.execute(removal(target, doomed)).fetchall()
    columns = qualified("rebuilt", list(schema))
    rebuilt = _REBUILT.format(columns=columns, in_span=_in_span("rebuilt", store_ids, *span), **names)
    written = merge_query(connection, target._replace(newer_than=None), rebuilt, schema)
    return written, pl.DataFrame(gone, schema=key_types, orient="row")


def standing_rows(
    connection: psycopg.Connection, report: Report, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """`sensor_id`, `store_id`, bounds, `is_complete` and `collected_at` of what this transaction sees in the table."""
    in_span = _in_span("standing", store_ids, start, end)
    columns = qualified("standing", list(_STANDING_ROWS))
    table = COUNTS[report][0].name
    statement = sql.SQL("SELECT {} FROM {} AS standing WHERE {}").format(columns, table, in_span)
    return pl.DataFrame(connection.execute(statement).fetchall(), schema=_STANDING_ROWS, orient="row")


def _aside(target: Target) -> Target:
    return target._replace(schema="pg_temp", revise=())


def _in_span(side: str, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> sql.Composed:
    return _IN_SPAN.format(side=sql.Identifier(side), store_ids=list(store_ids), start=start, end=end)
