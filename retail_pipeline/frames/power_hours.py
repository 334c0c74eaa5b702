"""The fewest hours that carry a day: where staff is needed most."""

import polars as pl

_DAY = ("store_id", "trading_day")


def power_hours(hourly: pl.DataFrame) -> pl.DataFrame:
    """`power_hours` of each day: the fewest local hours that carry 40 % of the entries of its complete hours.

    A list of local hours in order of time; on a tie the earlier hour is taken. A day in which nobody came has no row.
    """
    entries = pl.col("entries").cast(pl.Int64)
    return (
        hourly.filter("is_complete")
        .sort("entries", "hour_start", descending=[True, False])
        .with_columns((entries.cum_sum() - entries).over(_DAY).alias("before"), entries.sum().over(_DAY).alias("total"))
        .filter(pl.col("total") > 0, pl.col("before") * 5 < pl.col("total") * 2)
        .sort("hour_start")
        .group_by(_DAY)
        .agg(pl.col("local_hour").cast(pl.Int16).alias("power_hours"))
    )
