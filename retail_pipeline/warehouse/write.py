"""Writes a frame into a table: only rows that differ, in one transaction, in order of their key.

Knows no table by name; `tables.py` does.
"""

import polars as pl
import psycopg
from psycopg import sql

from retail_pipeline.warehouse.errors import RepeatedKeys
from retail_pipeline.warehouse.queries import columns_of
from retail_pipeline.warehouse.statements import (
    EVERYWHERE,
    INCOMING,
    Target,
    differences,
    differing_rows,
    outside_frame,
    removal,
)

_SLICE_ROWS = 50_000
# No interval is longer than an hour (a constraint of the tables says so), which bounds the search in the index.
_OVERLAP = sql.SQL(
    "standing.sensor_id = incoming.sensor_id AND standing.interval_start < incoming.interval_end"
    " AND standing.interval_end > incoming.interval_start"
    " AND standing.interval_start > incoming.interval_start - interval '1 hour'"
    " AND standing.interval_start <> incoming.interval_start"
)
# A row that stands with the same bounds overlaps nothing, or it would not stand: most rows need no search.
_UNSETTLED = sql.SQL(
    "NOT EXISTS (SELECT FROM {} AS settled WHERE settled.sensor_id = incoming.sensor_id"
    " AND settled.interval_start = incoming.interval_start AND settled.interval_end = incoming.interval_end)"
)
_OLDER = sql.SQL("DELETE FROM incoming USING {} AS standing WHERE {} AND standing.{age} > incoming.{age}")


def merge(
    connection: psycopg.Connection, target: Target, frame: pl.DataFrame, *, replaces_overlaps: bool = False
) -> pl.DataFrame:
    """Insert what is new, update what differs, and leave the rest untouched, down to its bytes. Commits nothing.

    When a row is written, all columns of `frame` are. With `replaces_overlaps`, rows of the same device that overlap
    a newer row with other bounds are removed.

    Returns:
        The keys of rows that were inserted or updated; removed rows are not among them.

    Raises:
        RepeatedKeys: a key comes twice and no `newer_than` tells which row is meant.
    """
    rows = one_row_per_key(target, frame)
    if rows.is_empty():
        return rows.select(target.key)
    copy_into_temp(connection, target, rows)
    differing: sql.Composable = differing_rows(target, rows.columns, _span(target, rows))
    if replaces_overlaps and _overlaps_itself(rows):
        _remove_overlapped_incoming(connection, target)
        _remove_overlapped(connection, target)
    elif replaces_overlaps:
        differing = _leave_in_temp(connection, differing)
        _remove_overlapped(connection, target)
    changed = _write_differences(connection, target, rows.schema, differing)
    drop_temp(connection)
    return changed


def merge_query(
    connection: psycopg.Connection, target: Target, rows: sql.Composable, schema: pl.Schema
) -> pl.DataFrame:
    """Merge the rows of a SELECT, which never leave the server; they have the columns of `schema`, and no key twice."""
    connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS {}").format(INCOMING, rows))
    changed = _write_differences(connection, target, schema, differing_rows(target, list(schema)))
    drop_temp(connection)
    return changed


def prune(
    connection: psycopg.Connection, target: Target, frame: pl.DataFrame, slices: pl.DataFrame, *, start_column: str
) -> pl.DataFrame:
    """Remove the rows of the `slices` (store_id, start, end) whose key is not in `frame`; keys of what was removed.

    A zone that left the fleet file leaves rows behind in the days that are recomputed; this takes them out.
    """
    if slices.is_empty():
        return frame.select(target.key).clear()
    copy_into_temp(connection, target, frame.select(target.key).unique().sort(target.key))
    statement = removal(target, outside_frame(target, start_column))
    removed = connection.execute(statement, columns_of(slices, ("store_id", "start", "end"))).fetchall()
    drop_temp(connection)
    return pl.DataFrame(removed, schema=frame.select(target.key).schema, orient="row").sort(target.key)


def drop_temp(connection: psycopg.Connection) -> None:
    """Make room for the next frame of the same transaction."""
    connection.execute("DROP TABLE incoming")


def copy_into_temp(connection: psycopg.Connection, target: Target, rows: pl.DataFrame) -> None:
    """Put the rows into the temporary table `incoming`; NULL and empty text stay apart: only the latter is quoted."""
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            INCOMING, columns, target.name
        )
    )
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(INCOMING, columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in rows.with_columns(_arrays(rows.schema)).iter_slices(_SLICE_ROWS):
            copy.write(part.write_csv(include_header=False))


def _arrays(schema: pl.Schema) -> list[pl.Expr]:
    """Lists of numbers as Postgres writes arrays."""
    return [
        pl.format("{{{}}}", pl.col(name).cast(pl.List(pl.String())).list.join(",")).alias(name)
        for name, dtype in schema.items()
        if isinstance(dtype, pl.List)
    ]


def one_row_per_key(target: Target, frame: pl.DataFrame) -> pl.DataFrame:
    """Sorted by key: two writers lock rows in the same order. Of rows that only time tells apart, the newest."""
    if target.newer_than:
        by_age = frame.sort(*target.key, target.newer_than)
        return by_age.unique(subset=target.key, keep="last", maintain_order=True)
    if repeated := frame.height - frame.n_unique(target.key):
        raise RepeatedKeys(f"{repeated} rows for retail.{target.table} repeat a key ({', '.join(target.key)}).")
    return frame.sort(target.key)


def _leave_in_temp(connection: psycopg.Connection, rows: sql.Composable) -> sql.Composable:
    """Make the rows of a SELECT all that `incoming` holds: what stands already, as most does, is looked at once."""
    connection.execute(sql.SQL("CREATE TEMPORARY TABLE remaining ON COMMIT DROP AS {}").format(rows))
    drop_temp(connection)
    connection.execute(sql.SQL("ALTER TABLE remaining RENAME TO {}").format(INCOMING))
    return sql.SQL("SELECT * FROM {}").format(INCOMING)


def _remove_overlapped_incoming(connection: psycopg.Connection, target: Target) -> None:
    connection.execute(_OLDER.format(INCOMING, _OVERLAP, age=_age(target)))


def _remove_overlapped(connection: psycopg.Connection, target: Target) -> None:
    """A device set from 60 to 30 minutes: its old row of the hour would count the same people again.

    The newer of two overlapping rows stays, wherever it is.
    """
    unsettled = sql.SQL("{} AND {}").format(_OVERLAP, _UNSETTLED.format(target.name))
    overlaps = sql.SQL("SELECT FROM {} AS standing INNER JOIN incoming ON {} LIMIT 1")
    if not connection.execute(overlaps.format(target.name, unsettled)).rowcount:
        return
    connection.execute(_OLDER.format(target.name, unsettled, age=_age(target)))
    doomed = sql.SQL("SELECT DISTINCT standing.* FROM {} AS standing INNER JOIN incoming ON {}")
    connection.execute(removal(target, doomed.format(target.name, unsettled)))


def _age(target: Target) -> sql.Identifier:
    return sql.Identifier(target.newer_than or "interval_start")


def _overlaps_itself(rows: pl.DataFrame) -> bool:
    next_start = pl.col("interval_start").shift(-1).over("sensor_id")
    return not rows.filter(next_start < pl.col("interval_end")).is_empty()


def _span(target: Target, rows: pl.DataFrame) -> sql.Composable:
    """From the first to the last key in time, of those who come: of a fleet's years nothing else is compared."""
    whose = target.key[0]
    spans = [
        sql.SQL("standing.{} BETWEEN {} AND {}").format(sql.Identifier(name), rows[name].min(), rows[name].max())
        for name in target.key
        if rows.schema[name].is_temporal()
    ]
    theirs = sql.SQL("standing.{} = ANY ({})").format(sql.Identifier(whose), rows[whose].unique().sort().to_list())
    return sql.SQL(" AND ").join([theirs, *spans]) if spans else EVERYWHERE


def _write_differences(
    connection: psycopg.Connection, target: Target, schema: pl.Schema, differing: sql.Composable
) -> pl.DataFrame:
    key_types = pl.Schema({name: schema[name] for name in target.key})
    changed = connection.execute(differences(target, list(schema), key_types, differing)).fetchall()
    plain = {name: pl.Int64() if isinstance(dtype, pl.Datetime) else dtype for name, dtype in key_types.items()}
    return pl.DataFrame(changed, schema=plain, orient="row").cast(key_types).sort(target.key)
