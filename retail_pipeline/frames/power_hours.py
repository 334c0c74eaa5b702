"""The fewest hours that carry a day: where staff is needed most."""

import polars as pl

from retail_pipeline.frames.numbered import in_turn, running

_FEWER = 1 << 32
"""More people than an hour has."""


def power_hours(whole: pl.LazyFrame) -> pl.LazyFrame:
    """`power_hours` of each `day`: the fewest local hours that carry 40 % of the entries of its complete hours.

    A list of local hours in order of time; on a tie the earlier hour is taken. A day in which nobody came has no row.
    `whole` are the complete hours, in order of day and time.
    """
    entries = pl.col("entries").cast(pl.Int64)
    before = running(entries, "day") - entries
    return (
        whole.filter(entries > 0)
        .select("day", "local_hour", entries)
        .with_row_index("in_time")
        .sort(pl.col("day").cast(pl.Int64) * _FEWER - entries, maintain_order=True)
        .filter(before * 5 < entries.sum().over("day") * 2)
        .sort("in_time")
        .pipe(in_turn, "day")
        .agg(pl.col("local_hour").cast(pl.Int16).alias("power_hours"))
    )
