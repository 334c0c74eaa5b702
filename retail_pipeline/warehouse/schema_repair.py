"""The SQL that turns one description of schema `retail` into another; runs nothing.

What would lose data or somebody's work (an object that no migration knows, another type of a column) is destructive.
"""

from collections.abc import Callable, Sequence
from graphlib import TopologicalSorter
from typing import NamedTuple

from retail_pipeline.warehouse.schema_diff import Difference, SchemaObject, differences, not_carried
from retail_pipeline.warehouse.schema_statements import create, drop, retype

# In this order things are made; what is removed goes the other way.
_ORDER = (
    *(
        "schema",
        "sequence",
        "type",
        "table",
        "column",
        "default",
        "not null",
        "identity",
        "constraint",
        "foreign key",
        "index",
    ),
    *(
        "function",
        "row security",
        "policy",
        "trigger",
        "view",
        "materialized view",
        "comment",
        "grant",
        "default grant",
    ),
    "other owner",
)
_IN_PLACE = {"column", "function", "default", "not null", "row security", "comment"}
_LOSES_NOTHING = {"default", "not null", "identity", "row security", "policy", "comment", "grant", "default grant"}
_LOSES_NOTHING |= {"other owner"}
_VIEWS = {"view", "materialized view"}


class Repair(NamedTuple):
    """Statements in the order in which they run in one transaction, and those withheld because they are destructive."""

    statements: list[str]
    withheld: list[str]


def repair(declared: Sequence[SchemaObject], live: Sequence[SchemaObject], *, allow_destructive: bool) -> Repair:
    """What brings the live schema to the declared one."""
    found = differences(declared, live)
    found = [one for one in found if one.change != "extra" or one in not_carried(found)]
    withheld = [] if allow_destructive else [one for one in found if is_destructive(one)]
    kept = [one for one in found if one not in withheld]
    removed, made = _moves(kept, declared, live)
    rank = _ranks(declared)
    return Repair(
        [drop(one) for one in sorted(removed, key=rank, reverse=True)]
        + [retype(one.subject) for one in kept if _is_retyped(one)]
        + [create(one) for one in sorted(made, key=rank)],
        [retype(one.subject) if _is_retyped(one) else drop(one.subject) for one in withheld],
    )


def is_destructive(one: Difference) -> bool:
    """Whether repairing it would lose data or somebody's work."""
    return _is_retyped(one) or (one.change == "extra" and one.subject.kind not in _LOSES_NOTHING)


def _moves(
    kept: Sequence[Difference], declared: Sequence[SchemaObject], live: Sequence[SchemaObject]
) -> tuple[set[SchemaObject], set[SchemaObject]]:
    """What is removed and what is made."""
    stands_aside = _standing_aside(kept)
    known = {one.place for one in declared}
    removed = {one for one in live if stands_aside(one) and one.place in known}
    removed |= {one.live for one in kept if one.live and (one.change == "extra" or one.live.kind not in _IN_PLACE)}
    made = {one for one in declared if stands_aside(one)}
    made |= {one.declared for one in kept if one.declared and not _is_retyped(one)}
    views = {one.relation for one in removed if one.kind in _VIEWS}
    removed = {one for one in removed if one.relation not in views or one.kind in _VIEWS}
    anew = views | {one.relation for one in made if one.kind == "function"}
    return removed, made | {one for one in declared if one.relation in anew and one.kind in {"comment", "grant"}}


def _standing_aside(kept: Sequence[Difference]) -> Callable[[SchemaObject], bool]:
    """Views and policies hold on to the columns that they name: they go and come back when one of those moves."""
    tables = {one.subject.relation for one in kept if one.subject.kind == "column" and one.live}
    moving = bool(tables) or any(one.subject.kind in _VIEWS and one.live and one.declared for one in kept)
    return lambda one: (one.kind in _VIEWS and moving) or (one.kind == "policy" and one.relation in tables)


def _is_retyped(one: Difference) -> bool:
    return one.change == "different" and one.subject.kind == "column"


def _ranks(declared: Sequence[SchemaObject]) -> Callable[[SchemaObject], tuple[int, int, str]]:
    """Order of making: by kind, and a view after those it reads."""
    views = {one.name: one.definition for one in declared if one.kind in _VIEWS}
    reads = {name: {other for other in views if other != name and other in text} for name, text in views.items()}
    order = {name: place for place, name in enumerate(TopologicalSorter(reads).static_order())}
    return lambda one: (_ORDER.index(one.kind), order.get(one.name, -1), f"{one.relation} {one.name}")
