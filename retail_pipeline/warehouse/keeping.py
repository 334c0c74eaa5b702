"""Old rows: from where on tables are kept, and the removal of what is older, in short transactions.

How long what is kept is said in `fleet/keeping.py`; here it is done.
"""

import datetime as dt
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias, cast

import polars as pl
from psycopg import sql

from retail_pipeline.fleet.keeping import Age, Rule
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.warehouse.connection import Connection, Warehouse
from retail_pipeline.warehouse.queries import columns_of, query

LIMITS = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "table_name": pl.String(),
    "first_day": pl.Date(),
    "since": UTC_TIME,
}
BATCH = 5_000
"""Rows of a transaction: some tens of milliseconds."""

NOBODY = ""
"""Stands for the store and the organisation of rows that name none."""

_Time: TypeAlias = dt.datetime | dt.date
_STATEMENT_LIMIT = "60s"
_SLICES = {True: dt.timedelta(days=31), False: dt.timedelta(days=1)}
_DOOMED = sql.SQL(
    "FROM {table} AS rows INNER JOIN unnest(%(owner)s::text[], %(limit)s::{type}[]) AS kept (owner, since)"
    " ON coalesce(rows.{owner}, '') = kept.owner AND rows.{column} < kept.since"
)
_OLDEST = sql.SQL("SELECT min(rows.{column}) {doomed} WHERE rows.{column} >= %(start)s AND rows.{column} < %(last)s")
# Rows that somebody is writing are left for the next night, and nobody waits for this.
_REMOVE = sql.SQL(
    "WITH removed AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT rows.ctid {doomed}"
    " WHERE rows.{column} >= %(start)s AND rows.{column} < %(end)s LIMIT %(batch)s FOR UPDATE OF rows SKIP LOCKED))"
    " RETURNING organization_id) SELECT coalesce(organization_id, ''), count(*) FROM removed GROUP BY 1"
)


class KeptFrom(NamedTuple):
    """Where a table begins in a store: the first trading day that is kept, and the instant at which it began."""

    first_day: dt.date
    since: dt.datetime


def limits(warehouse: Warehouse, ages: Mapping[tuple[str, str], Age], now: dt.datetime) -> pl.DataFrame:
    """Where tables would begin, by organisation and kind of table (`ages`): a frame of `LIMITS`, a row per store."""
    values = {
        "organization_id": [organization_id for organization_id, _ in ages],
        "table_name": [table for _, table in ages],
        "instant": [age.before(now) for age in ages.values()],
    }
    return warehouse.read("kept_limits", values).cast(pl.Schema(LIMITS))


def organizations(warehouse: Warehouse) -> dict[str, bool]:
    """Every organisation that was ever declared, and whether it still is."""
    return dict(warehouse.read("organization_ids").iter_rows())


def move_kept_since(connection: Connection, moved: pl.DataFrame, now: dt.datetime) -> None:
    """Write down where tables begin from now on. What is made of older rows is left as it is from here on."""
    connection.execute(query("move_kept_since"), columns_of(moved, list(LIMITS)) | {"now": now})


def kept_since(warehouse: Warehouse, table: str) -> dict[str, KeptFrom]:
    """Where `table`, one that others are kept as, begins by store; stores of which nothing was removed are left out."""
    rows = warehouse.read("kept_since").filter(pl.col("table_name") == table)
    return {store_id: KeptFrom(day, since) for store_id, _, day, since in rows.iter_rows()}


def remove_old(warehouse: Warehouse, rule: Rule, kept: Mapping[str, KeptFrom]) -> Iterator[Counter[str]]:
    """Remove the rows of a table that are older than the limit of their owner, oldest first; rows by organisation.

    A transaction a step, so that the caller may stop between two.
    """
    of_day = rule.is_local_day
    bounds = {owner: one.first_day if of_day else one.since for owner, one in kept.items()}
    if not bounds:
        return
    last = max(bounds.values())
    values = {"owner": list(bounds), "limit": list(bounds.values()), "last": last, "batch": BATCH}
    remove, oldest = _statements(rule)
    start = _oldest(warehouse, oldest, values | {"start": "-infinity"})
    while start is not None and start < last:
        end = min(start + _SLICES[of_day], last)
        removed = _remove(warehouse, remove, values | {"start": start, "end": end})
        yield removed
        if removed.total() == 0:
            start = _oldest(warehouse, oldest, values | {"start": end})
        elif removed.total() < BATCH:
            start = end


def _statements(rule: Rule) -> tuple[sql.Composed, sql.Composed]:
    """The removal of a batch, and the question where to begin."""
    table, column = sql.Identifier("retail", rule.table), sql.Identifier(rule.column or "")
    doomed = _DOOMED.format(
        table=table,
        column=column,
        owner=sql.Identifier(rule.owner),
        type=sql.SQL("date" if rule.is_local_day else "timestamptz"),
    )
    names = {"table": table, "column": column, "doomed": doomed}
    return _REMOVE.format(**names), _OLDEST.format(**names)


def _oldest(warehouse: Warehouse, statement: sql.Composed, values: Mapping[str, object]) -> _Time | None:
    """The time of the first old row at or after `start`: years without one are not walked through day by day."""
    with _short(warehouse) as connection:
        [(found,)] = connection.execute(statement, values).fetchall()
    return cast("_Time | None", found)


def _remove(warehouse: Warehouse, statement: sql.Composed, values: Mapping[str, object]) -> Counter[str]:
    with _short(warehouse) as connection:
        return Counter(dict(connection.execute(statement, values).fetchall()))


@contextmanager
def _short(warehouse: Warehouse) -> Generator[Connection]:
    with warehouse.transaction() as connection:
        connection.execute("SELECT set_config('statement_timeout', %s, true)", [_STATEMENT_LIMIT])
        yield connection
