"""Drift: counters miss people, so occupancy runs away; at the end of its trading day a shop is empty.

The correction scales the smaller side's cumulative curve so that the day nets to zero. It needs the whole day, so it
is told only once the day is over.
"""

import polars as pl

from retail_pipeline.frames.ratios import ratio


def corrected_occupancy(day: list[str]) -> pl.Expr:
    """People inside at the end of each interval, had the day (`day`: area and trading day) netted to zero.

    Needs `entries` and `exits` in the order of time. More entries than exits scale exits up, else entries. Never below
    0. NULL where one side is zero all day and the other is not: nothing can be scaled then.
    """
    entries, exits = (_scaled(name, other, day) for name, other in (("entries", "exits"), ("exits", "entries")))
    return (entries - exits).clip(lower_bound=0)


def _scaled(name: str, other: str, day: list[str]) -> pl.Expr:
    side, larger = pl.col(name), pl.max_horizontal(pl.col(name).sum().over(day), pl.col(other).sum().over(day))
    scale = pl.when(larger == 0).then(1.0).otherwise(ratio(larger, side.sum().over(day)))
    return side.cum_sum().over(day) * scale
