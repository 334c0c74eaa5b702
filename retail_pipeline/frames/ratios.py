"""Arithmetic that keeps absence apart from zero; no metric is defined here."""

import polars as pl

_PARTS = float(1 << 100)


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """`part / whole`; NULL where the whole is zero or unknown, never 0 or infinite."""
    return pl.when(whole != 0).then(part / whole)


def sum_or_null(values: pl.Expr) -> pl.Expr:
    """The sum of what is known; NULL where nothing is, because Polars would say 0."""
    return pl.when(values.count() > 0).then(values.sum())


def minutes_between(start: str, end: str) -> pl.Expr:
    """Elapsed minutes between two columns of instants, as a fraction where seconds remain."""
    return (pl.col(end) - pl.col(start)).dt.total_seconds() / 60


def exact_sum(shares: pl.Expr) -> pl.Expr:
    """The sum of what is known of figures between 0 and 1, rounded once: the same in every order.

    Counted in parts so small that each figure is a whole number of them. Whole numbers need no such care.
    """
    return (shares * _PARTS).cast(pl.Int128).sum().cast(pl.Float64) / _PARTS
