"""Drift: counters miss people, so occupancy runs away; at the end of its trading day a shop is empty.

The correction scales the smaller side's cumulative curve so that the day nets to zero. It needs the whole day, so it
is told only once the day is over. Whichever side is the smaller, people inside are then

    (entries so far x exits of the day - exits so far x entries of the day) / the smaller of the two

and the quotient comes last: above it stand whole numbers, which add up to the same sum in every order.
"""

import polars as pl

from retail_pipeline.frames.numbered import running
from retail_pipeline.frames.ratios import ratio


def corrected_occupancy(day: str) -> pl.Expr:
    """People inside at the end of each interval, had the day (`day`: a number of area and trading day) netted to zero.

    Needs `entries` and `exits` in the order of `day` and of time. More entries than exits scale exits up, else entries.
    Never below 0. NULL where one side is zero all day and the other is not: nothing can be scaled then.
    """
    return ratio(_balance(day), _smaller_side(day))


def corrected_mean(day: str, minutes: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Dividend and divisor, per interval, of the mean of `corrected_occupancy` weighted by `minutes`.

    The sum of the one / the sum of the other is the mean, to the last digit; the divisor is NULL where nothing can be
    scaled.
    """
    return _balance(day) * minutes, _smaller_side(day) * minutes


def _balance(day: str) -> pl.Expr:
    entries, exits = pl.col("entries"), pl.col("exits")
    came, left = (
        running(entries, day) * exits.sum().over(day),
        running(exits, day) * entries.sum().over(day),
    )
    return (came - left).clip(lower_bound=0)


def _smaller_side(day: str) -> pl.Expr:
    """1 on a day on which nobody came and nobody left, which needs no correction."""
    sides = [pl.col(name).sum().over(day) for name in ("entries", "exits")]
    smaller, larger = pl.min_horizontal(sides), pl.max_horizontal(sides)
    return pl.when(larger == 0).then(1).when(smaller > 0).then(smaller)
