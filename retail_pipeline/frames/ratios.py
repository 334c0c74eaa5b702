"""Arithmetic that keeps absence apart from zero; no metric is defined here."""

import math

import polars as pl


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """`part / whole`; NULL where the whole is zero or unknown, never 0 or infinite."""
    return pl.when(whole != 0).then(part / whole)


def sum_or_null(values: pl.Expr) -> pl.Expr:
    """The sum of what is known; NULL where nothing is, because Polars would say 0."""
    return pl.when(values.count() > 0).then(values.sum())


def minutes_between(start: str, end: str) -> pl.Expr:
    """Elapsed minutes between two columns of instants, as a fraction where seconds remain."""
    return (pl.col(end) - pl.col(start)).dt.total_seconds() / 60


def exact_sum(fractions: pl.Expr) -> pl.Expr:
    """The sum of what is known in a group, rounded once: the same in every order. Whole numbers need no such care."""
    return pl.map_groups(
        [fractions.drop_nulls()],
        lambda groups: math.fsum(groups[0]),
        return_dtype=pl.Float64(),
        returns_scalar=True,
    )
