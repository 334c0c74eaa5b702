"""Hours and days by number: small whole numbers sort, group and join several times as fast as names and instants.

All stores stand on one axis of time, each after the other: where a row belongs is then one look along a sorted column.
"""

import polars as pl

_AXIS = 1 << 40
"""Seconds on the axis from one store to the next, more than any calendar has."""


def numbered(hours: pl.DataFrame) -> pl.DataFrame:
    """`hours` in order of store and time, with `hour`, `day` (trading day) and `store`: their numbers from 0."""
    store, day = pl.col("store_id").rle_id(), pl.col("trading_day").rle_id()
    is_new = (store != store.shift(1)) | (day != day.shift(1))
    return (
        hours.sort("store_id", "hour_start")
        .with_row_index("hour")
        .with_columns(store.alias("store"), is_new.fill_null(value=False).cum_sum().cast(pl.UInt32).alias("day"))
    )


def placed(rows: pl.DataFrame, hours: pl.DataFrame) -> pl.LazyFrame:
    """Each row with the `hour`, `day` and `store` in which its `interval_start` lies, in order of store and time.

    `hours` comes from `numbered`. A row that begins in none of them is left out; one that runs into the next hour
    belongs to that in which it starts.
    """
    stores = hours.lazy().select("store_id", "store").unique()
    bounds = [_on_axis("store", "hour_start", "from"), _on_axis("store", "hour_end", "to")]
    return (
        rows.lazy()
        .join(stores, on="store_id")
        .with_columns(_on_axis("store", "interval_start", "at"))
        .sort("at")
        .join_asof(hours.lazy().select(*bounds, "hour", "day"), left_on="at", right_on="from", check_sortedness=False)
        .filter(pl.col("at") < pl.col("to"))
        .with_columns(pl.col("store", "hour", "day").set_sorted())
        .drop("at", "from", "to")
    )


def by_area_and_day(intervals: pl.LazyFrame) -> pl.LazyFrame:
    """`intervals` in the order of their `area` (a number) and of time, with `area_day`: a number for both."""
    area_day = pl.col("area").cast(pl.Int64) * _AXIS + pl.col("day")
    return intervals.sort(_on_axis("area", "interval_start", "at")).with_columns(
        area_day.set_sorted().alias("area_day")
    )


def _on_axis(number: str, instant: str, name: str) -> pl.Expr:
    return (pl.col(number).cast(pl.Int64) * _AXIS + pl.col(instant).dt.epoch("s")).alias(name)
