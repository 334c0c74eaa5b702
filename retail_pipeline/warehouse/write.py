"""Writes a frame into a table: only rows that differ, in one transaction, in order of their key.

Knows no table by name; `tables.py` does.
"""

from collections.abc import Sequence

import polars as pl
import psycopg
from psycopg import sql

from retail_pipeline.warehouse.errors import RepeatedKeys
from retail_pipeline.warehouse.statements import Target, differences, qualified, removal

_SLICE_ROWS = 50_000
_INCOMING = sql.Identifier("incoming")
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


def merge(
    connection: psycopg.Connection,
    table: str,
    frame: pl.DataFrame,
    *,
    key: Sequence[str],
    compare: Sequence[str],
    newer_than: str | None = None,
    revise: Sequence[str] = (),
    replaces_overlaps: bool = False,
) -> pl.DataFrame:
    """Insert what is new, update what differs in `compare`, and leave the rest untouched, down to its bytes.

    Args:
        connection: inside a transaction; nothing is committed here.
        table: name within schema `retail`.
        frame: columns of the table; others of its columns keep their defaults.
        key: the primary key.
        compare: columns whose change makes a row worth writing; when it is written, all columns of `frame` are.
        newer_than: a row older in this column never replaces what stands.
        revise: figures whose change, in a row that was `is_complete`, is kept in `revisions`.
        replaces_overlaps: rows of the same device that overlap a newer row with other bounds are removed.

    Returns:
        The keys of rows that were inserted or updated; removed rows are not among them.

    Raises:
        RepeatedKeys: without `newer_than`, the frame holds a key twice.
    """
    target = Target(table, tuple(key), tuple(compare), newer_than, tuple(revise))
    rows = _one_row_per_key(target, frame)
    if rows.is_empty():
        return rows.select(target.key)
    _copy_into_temp(connection, target, rows)
    if replaces_overlaps:
        _remove_overlapped(connection, target, rows)
    changed = _write_differences(connection, target, rows)
    connection.execute(sql.SQL("DROP TABLE {}").format(_INCOMING))
    return changed


def prune(
    connection: psycopg.Connection,
    table: str,
    frame: pl.DataFrame,
    slices: pl.DataFrame,
    *,
    key: Sequence[str],
    start_column: str,
    revise: Sequence[str] = (),
) -> pl.DataFrame:
    """Remove the rows of the `slices` (store_id, start, end) whose key is not in `frame`; keys of what was removed.

    A zone that left the fleet file leaves rows behind in the days that are recomputed; this takes them out.
    """
    target = Target(table, tuple(key), (), None, tuple(revise))
    if slices.is_empty():
        return frame.select(target.key).clear()
    _copy_into_temp(connection, target, frame.select(target.key).unique().sort(target.key))
    places = sql.SQL("({})").format(qualified("standing", target.key))
    doomed = sql.SQL(
        "SELECT standing.* FROM {table} AS standing WHERE {places} NOT IN (SELECT {incoming} FROM incoming)"
        " AND EXISTS (SELECT FROM unnest(%(stores)s::text[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])"
        " AS slice (store_id, slice_start, slice_end) WHERE slice.store_id = standing.store_id"
        " AND standing.{start} >= slice_start AND standing.{start} < slice_end)"
    ).format(
        table=target.name,
        places=places,
        incoming=qualified("incoming", target.key),
        start=sql.Identifier(start_column),
    )
    values = {
        "stores": slices["store_id"].to_list(),
        "starts": slices["start"].to_list(),
        "ends": slices["end"].to_list(),
    }
    removed = connection.execute(removal(target, doomed), values).fetchall()
    connection.execute(sql.SQL("DROP TABLE {}").format(_INCOMING))
    return pl.DataFrame(removed, schema=frame.select(target.key).schema, orient="row").sort(target.key)


def _copy_into_temp(connection: psycopg.Connection, target: Target, rows: pl.DataFrame) -> None:
    """Put the rows into the temporary table `incoming`; NULL and empty text stay apart: only the latter is quoted."""
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            _INCOMING, columns, target.name
        )
    )
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(_INCOMING, columns)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in rows.iter_slices(_SLICE_ROWS):
            copy.write(part.write_csv(include_header=False))


def _one_row_per_key(target: Target, frame: pl.DataFrame) -> pl.DataFrame:
    """Sorted by key: two writers lock rows in the same order. Of rows that only time tells apart, the newest."""
    if target.newer_than:
        by_age = frame.sort(*target.key, target.newer_than)
        return by_age.unique(subset=target.key, keep="last", maintain_order=True)
    if repeated := frame.height - frame.n_unique(target.key):
        raise RepeatedKeys(f"{repeated} rows for retail.{target.table} repeat a key ({', '.join(target.key)}).")
    return frame.sort(target.key)


def _remove_overlapped(connection: psycopg.Connection, target: Target, rows: pl.DataFrame) -> None:
    """A device set from 60 to 30 minutes: its old row of the hour would count the same people again.

    The newer of two overlapping rows stays, wherever it is.
    """
    age = sql.Identifier(target.newer_than or "interval_start")
    older = sql.SQL("DELETE FROM incoming USING {} AS standing WHERE {} AND standing.{age} > incoming.{age}")
    if _overlaps_itself(rows):
        connection.execute(older.format(_INCOMING, _OVERLAP, age=age))
    unsettled = sql.SQL("{} AND {}").format(_OVERLAP, _UNSETTLED.format(target.name))
    connection.execute(older.format(target.name, unsettled, age=age))
    doomed = sql.SQL("SELECT DISTINCT standing.* FROM {} AS standing INNER JOIN incoming ON {}")
    connection.execute(removal(target, doomed.format(target.name, unsettled)))


def _overlaps_itself(rows: pl.DataFrame) -> bool:
    next_start = pl.col("interval_start").shift(-1).over("sensor_id")
    return not rows.filter(next_start < pl.col("interval_end")).is_empty()


def _write_differences(connection: psycopg.Connection, target: Target, rows: pl.DataFrame) -> pl.DataFrame:
    key_types = rows.select(target.key).schema
    with connection.cursor() as cursor, cursor.copy(differences(target, rows.columns, key_types)) as copy:
        return _keys_frame(b"".join(bytes(block) for block in copy), key_types)


def _keys_frame(csv: bytes, schema: pl.Schema) -> pl.DataFrame:
    if not csv:
        return pl.DataFrame(schema=schema)
    plain = {name: pl.Int64() if isinstance(dtype, pl.Datetime) else dtype for name, dtype in schema.items()}
    return pl.read_csv(csv, has_header=False, schema=plain).cast(pl.Schema(schema)).sort(list(schema))
