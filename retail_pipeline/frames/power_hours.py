"""The fewest hours that carry a day: where staff is needed most."""

import polars as pl


def power_hours(whole: pl.DataFrame) -> pl.DataFrame:
    """`power_hours` of each `day`: the fewest local hours that carry 40 % of the entries of its complete hours.

    A list of local hours in order of time; on a tie the earlier hour is taken. A day in which nobody came has no row.
    `whole` are the complete hours, in order of day and time.
    """
    entries = pl.col("entries").cast(pl.Int64)
    return (
        whole.filter(entries > 0)
        .select("day", "hour_start", "local_hour", entries)
        .sort("entries", "hour_start", descending=[True, False])
        .with_columns(
            (entries.cum_sum() - entries).over("day").alias("before"), entries.sum().over("day").alias("total")
        )
        .filter(pl.col("before") * 5 < pl.col("total") * 2)
        .sort("hour_start")
        .group_by("day")
        .agg(pl.col("local_hour").cast(pl.Int16).alias("power_hours"))
    )
