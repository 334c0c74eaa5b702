"""Little's law, L = λ W: how long people stay, out of how many are inside and how many come; and when it holds.

It holds for a steady flow. A filling or emptying area gives any number, so the guard comes with the law.
"""

import polars as pl

from retail_pipeline.frames.ratios import ratio

WITHIN = 0.25
"""Arrivals and departures may differ by this share of the larger of the two."""
FEWEST = 5
"""Fewer arrivals say nothing about a stay."""


def stay_minutes(occupancy_mean: pl.Expr, arrivals: pl.Expr, minutes: pl.Expr) -> pl.Expr:
    """Minutes that a person stays: mean people inside / (arrivals per minute); NULL where nobody came."""
    return ratio(occupancy_mean * minutes, arrivals)


def is_steady(arrivals: pl.Expr, departures: pl.Expr) -> pl.Expr:
    """Whether arrivals and departures are within 25 % of the larger of the two; false where either is unknown.

    Nobody came and nobody left is steady too; `stay_minutes` is NULL there.
    """
    larger = pl.max_horizontal(arrivals, departures)
    return ((arrivals - departures).abs() <= WITHIN * larger).fill_null(value=False)


def dwell_is_valid(arrivals: pl.Expr, departures: pl.Expr) -> pl.Expr:
    """Whether a dwell may be told: a steady flow of at least five arrivals."""
    return is_steady(arrivals, departures) & (arrivals >= FEWEST).fill_null(value=False)
