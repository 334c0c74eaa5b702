"""Tables and views of schema `retail` as they stand, in batches, for whoever takes data elsewhere."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import polars as pl
from psycopg import sql

from retail_pipeline.warehouse.connection import Warehouse

TIME_COLUMNS = (
    *("interval_start", "hour_start", "trading_day", "local_date", "observed_at", "window_start", "seen_at"),
    *("changed_at", "checked_at", "first_seen", "opened_at", "made_at"),
)
"""What a range means: the first of these that a table has."""


class Relation(NamedTuple):
    """A table or view: its columns in their order, with their types as Postgres calls them."""

    name: str
    columns: dict[str, str]

    @property
    def time_column(self) -> str | None:
        """The column that a range goes by; None: it has none."""
        return next((name for name in TIME_COLUMNS if name in self.columns), None)

    @property
    def exported(self) -> tuple[str, ...]:
        """All columns but those of bytes: bodies of replies are no cells."""
        return tuple(name for name, kind in self.columns.items() if kind != "bytea")


class Slice(NamedTuple):
    """The part of a relation that is wanted; None: all of it. `start` and `end` bound its time column, half-open."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None
    store_ids: Sequence[str] | None = None


def relations(warehouse: Warehouse) -> dict[str, Relation]:
    """Every table and view of the schema, by name: what is there is the list, so that none is forgotten."""
    found: dict[str, Relation] = {}
    for name, column, kind in warehouse.read("columns_of_relations").iter_rows():
        found.setdefault(name, Relation(name, {})).columns[column] = kind
    return found


def exported(warehouse: Warehouse, relation: Relation, wanted: Slice) -> AbstractContextManager[Iterator[pl.DataFrame]]:
    """The rows in the order of time and key, some megabytes at a time; the first frame has none, and the columns."""
    return warehouse.batches(_statement(relation, wanted))


def _statement(relation: Relation, wanted: Slice) -> str:
    time, columns = relation.time_column, relation.columns
    bounds = [(time, ">=", wanted.start), (time, "<", wanted.end)]
    conditions = [
        sql.SQL("{} {} {}").format(sql.Identifier(name), sql.SQL(sign), _bound(at, columns[name]))
        for name, sign, at in bounds
        if name is not None and at is not None
    ]
    if wanted.store_ids is not None:
        conditions.append(sql.SQL("store_id = ANY({}::text[])").format(list(wanted.store_ids)))
    keys = [name for name in (time, "store_id", "sensor_id", "zone", "line") if name in columns]
    statement = sql.SQL("SELECT {columns} FROM {table}{where}{order}").format(
        columns=sql.SQL(", ").join(_cell(name, columns[name]) for name in relation.exported),
        table=sql.Identifier("retail", relation.name),
        where=sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions)) if conditions else sql.SQL(""),
        order=sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(map(sql.Identifier, keys))) if keys else sql.SQL(""),
    )
    return statement.as_string(None)


def _cell(name: str, kind: str) -> sql.Composable:
    """Lists and documents as text, which every format holds; decimals as numbers, which the driver does not know."""
    column = sql.Identifier(name)
    if kind.endswith("[]"):
        return sql.SQL("array_to_string({0}, ',') AS {0}").format(column)
    plain = {"jsonb": "text", "json": "text", "uuid": "text", "numeric": "double precision"}.get(kind)
    return sql.SQL("{0}::{1} AS {0}").format(column, sql.SQL(plain)) if plain else column


def _bound(at: dt.datetime, kind: str) -> sql.Literal:
    return sql.Literal(at.date() if kind == "date" else at)
