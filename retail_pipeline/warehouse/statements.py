"""The SQL text of a merge or a removal, composed for one table; runs nothing."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
from psycopg import sql

INCOMING = sql.Identifier("incoming")
EVERYWHERE = sql.SQL("TRUE")
_NEW_ORIGIN = ("reply_id", "run_id")
"""What a revision says of where a new figure came from."""


class Target(NamedTuple):
    """A table of schema `retail`, and how its rows are compared and replaced.

    `compare` are the columns whose change makes a row worth writing. `newer_than` names the column that lets no
    older row replace a newer one. A change of a `revise` column of a complete row leaves a row in `revisions`, and so
    does one of a `told` column that held a value, whether its row was complete or not.
    `schema` is another one for rows that are built aside (`rebuild.py`).
    """

    table: str
    key: tuple[str, ...]
    compare: tuple[str, ...]
    newer_than: str | None = None
    revise: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    schema: str = "retail"

    @property
    def name(self) -> sql.Identifier:
        """Qualified and quoted."""
        return sql.Identifier(self.schema, self.table)


def differing_rows(target: Target, columns: Sequence[str], within: sql.Composable = EVERYWHERE) -> sql.Composed:
    """A SELECT of what `incoming` says otherwise than the table: re-collecting what stands locks no row of it.

    `within` is a condition on `standing` that no row of the same key misses: the server reads that part alone.
    """
    first = sql.Identifier("standing", target.key[0])
    has_past = sql.SQL("{} IS NOT NULL").format(first) if target.told else sql.SQL("standing.is_complete")
    return sql.SQL(
        "SELECT {columns}{has_past} FROM incoming LEFT JOIN {table} AS standing ON {same} AND {within}"
        " WHERE {first} IS NULL OR ({worth})"
    ).format(
        columns=qualified("incoming", columns),
        has_past=sql.SQL(", {} AS has_past").format(has_past) if target.revise else sql.SQL(""),
        table=target.name,
        same=_same_key(target, "incoming", "standing"),
        within=within,
        first=first,
        worth=_is_worth_writing(target, "incoming", "standing"),
    )


def differences(
    target: Target, columns: Sequence[str], key_types: pl.Schema, differing: sql.Composable
) -> sql.Composed:
    """Write the rows of `differing_rows`, keep the old figures, and return the keys."""
    return sql.SQL(
        "WITH differing AS MATERIALIZED ({differing}), before AS MATERIALIZED ({before}), written AS ({upsert})"
        "{revised} SELECT {keys} FROM written"
    ).format(
        differing=differing,
        before=_before(target),
        upsert=_upsert(target, columns),
        revised=_revised(target, columns),
        keys=sql.SQL(", ").join(_plain(name, dtype) for name, dtype in key_types.items()),
    )


def _before(target: Target) -> sql.Composable:
    """Looked for where there is something to keep: most rows that are written are new."""
    if not target.revise:
        return sql.SQL("SELECT")
    return sql.SQL("SELECT standing.* FROM {} AS standing INNER JOIN differing ON {} WHERE differing.has_past").format(
        target.name, _same_key(target, "differing", "standing")
    )


def _upsert(target: Target, columns: Sequence[str]) -> sql.Composed:
    """The guard stands again in DO UPDATE: another writer may have come in between."""
    return sql.SQL(
        "INSERT INTO {table} AS standing ({columns}) SELECT {columns} FROM differing ORDER BY {key}"
        " ON CONFLICT ({key}) DO UPDATE SET {updates} WHERE {worth} RETURNING {returned}"
    ).format(
        table=target.name,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        key=sql.SQL(", ").join(map(sql.Identifier, target.key)),
        updates=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name not in target.key
        ),
        worth=_is_worth_writing(target, "excluded", "standing"),
        returned=qualified("standing", [*target.key, *_told_of(target, columns)]),
    )


def _told_of(target: Target, columns: Sequence[str]) -> list[str]:
    """The columns of a written row that a revision tells of."""
    origin = [name for name in _NEW_ORIGIN if name in columns]
    return [*target.revise, *target.told, *origin] if target.revise else []


def _revised(target: Target, columns: Sequence[str]) -> sql.Composable:
    """One join of what stood and what stands: each more is a loop over all rows, for their number is not foreseen."""
    if not target.revise:
        return sql.SQL("")
    figures = [
        sql.SQL("({}, {}::text, {}::text, {})").format(
            name, sql.Identifier("before", name), sql.Identifier("written", name), is_kept
        )
        for name, is_kept in _kept(target, "before")
    ]
    return sql.SQL(
        ", revised AS ({head} FROM before INNER JOIN written ON {same}"
        " CROSS JOIN LATERAL (VALUES {figures}) AS figure (name, old, new, is_kept)"
        " WHERE figure.is_kept AND figure.old IS DISTINCT FROM figure.new)"
    ).format(
        head=_revision_head(target, "before", "written", columns),
        same=_same_key(target, "written", "before"),
        figures=sql.SQL(", ").join(figures),
    )


def _kept(target: Target, old: str) -> list[tuple[str, sql.Composable]]:
    """The columns whose change is kept, and on which condition on the row that stood."""
    was_complete = sql.Identifier(old, "is_complete")
    had_value = [(name, sql.SQL("{} IS NOT NULL").format(sql.Identifier(old, name))) for name in target.told]
    return [*((name, was_complete) for name in target.revise), *had_value]


def outside_frame(target: Target, start_column: str) -> sql.Composed:
    """Rows of the slices %(store_id)s, [%(start)s, %(end)s) whose key is not in `incoming`."""
    return sql.SQL(
        "SELECT DISTINCT standing.*"
        " FROM unnest(%(store_id)s::text[], %(start)s::timestamptz[], %(end)s::timestamptz[])"
        " AS slice (store_id, slice_start, slice_end) INNER JOIN {table} AS standing"
        " ON standing.store_id = slice.store_id AND standing.{start} >= slice_start AND standing.{start} < slice_end"
        " WHERE NOT EXISTS (SELECT FROM incoming WHERE {same})"
    ).format(
        table=target.name,
        same=_same_key(target, "incoming", "standing"),
        start=sql.Identifier(start_column),
    )


def removal(target: Target, doomed: sql.Composable) -> sql.Composed:
    """Delete the `doomed` rows; their figures are kept in `revisions` as when they change."""
    figures = [
        sql.SQL("({}, doomed.{}::text, {})").format(name, sql.Identifier(name), is_kept)
        for name, is_kept in _kept(target, "doomed")
    ]
    revised = sql.SQL(
        ", revised AS ({} FROM doomed INNER JOIN removed ON {}"
        " CROSS JOIN LATERAL (VALUES {}) AS figure (name, old, is_kept)"
        " WHERE figure.is_kept AND figure.old IS NOT NULL)"
    ).format(
        _revision_head(target, "doomed", None, ()),
        _same_key(target, "doomed", "removed"),
        sql.SQL(", ").join(figures),
    )
    return sql.SQL(
        "WITH doomed AS MATERIALIZED ({doomed}), removed AS (DELETE FROM {table} AS standing USING doomed"
        " WHERE {same} RETURNING {keys}){revised} SELECT {plain_keys} FROM removed"
    ).format(
        doomed=doomed,
        table=target.name,
        same=_same_key(target, "standing", "doomed"),
        keys=qualified("standing", target.key),
        revised=revised if target.revise else sql.SQL(""),
        plain_keys=qualified("removed", target.key),
    )


def _revision_head(target: Target, old: str, new: str | None, columns: Sequence[str]) -> sql.Composed:
    """INSERT INTO revisions ... SELECT ..., up to FROM; a removed row has no new value."""
    origin = [sql.Identifier(new, name) if new and name in columns else sql.SQL("NULL") for name in _NEW_ORIGIN]
    return sql.SQL(
        "INSERT INTO retail.revisions (table_name, row_key, column_name, old_value, new_value, store_id,"
        " organization_id, reply_id, run_id) SELECT {table}, jsonb_build_object({key}), figure.name, figure.old, {new},"
        " {store}, {organization}, {reply}, {run}"
    ).format(
        table=target.table,
        key=sql.SQL(", ").join(sql.SQL("{}, {}").format(name, sql.Identifier(old, name)) for name in target.key),
        new=sql.SQL("figure.new" if new else "NULL"),
        store=sql.Identifier(old, "store_id"),
        organization=sql.Identifier(old, "organization_id"),
        reply=origin[0],
        run=origin[1],
    )


def _is_worth_writing(target: Target, new: str, old: str) -> sql.Composed:
    differs = sql.SQL("ROW({}) IS DISTINCT FROM ROW({})").format(
        qualified(new, target.compare), qualified(old, target.compare)
    )
    if target.newer_than is None:
        return differs
    age = [sql.Identifier(side, target.newer_than) for side in (new, old)]
    return sql.SQL("{} AND {} >= {}").format(differs, *age)


def _same_key(target: Target, left: str, right: str) -> sql.Composed:
    pairs = [sql.SQL("{} = {}").format(sql.Identifier(left, name), sql.Identifier(right, name)) for name in target.key]
    return sql.SQL(" AND ").join(pairs)


def qualified(side: str, names: Sequence[str]) -> sql.Composed:
    """`side.a, side.b, ...`, quoted."""
    return sql.SQL(", ").join(sql.Identifier(side, name) for name in names)


def _plain(name: str, dtype: pl.DataType) -> sql.Composable:
    """Times travel as microseconds: a number is read much faster than a time with its zone."""
    if isinstance(dtype, pl.Datetime):
        return sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint").format(sql.Identifier(name))
    return sql.Identifier(name)
