"""Hours and days by number: small whole numbers sort, group and join several times as fast as names and instants.

All stores stand on one axis of time, each after the other: where a row belongs is then one look along a sorted column.
"""

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

_AXIS = 1 << 40
"""Seconds on the axis from one store to the next, more than any calendar has."""


def numbered(hours: pl.DataFrame) -> pl.DataFrame:
    """`hours` in order of store and time, with `hour`, `day` (trading day) and `store`: their numbers from 0.

    Hours that have their numbers already stay as they are.
    """
    if "hour" in hours.columns:
        return hours
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
    bounds = [_on_axis("store", "hour_start", "from"), _on_axis("store", "hour_end", "to")]
    return (
        rows.lazy()
        .with_columns(_store_number(hours).alias("store"))
        .with_columns(_on_axis("store", "interval_start", "at"))
        .sort("at")
        .join_asof(hours.lazy().select(*bounds, "hour", "day"), left_on="at", right_on="from", check_sortedness=False)
        .filter(pl.col("at") < pl.col("to"))
        .with_columns(pl.col("store", "hour", "day").set_sorted())
        .drop("at", "from", "to")
    )


def beside(rows: pl.LazyFrame, others: pl.LazyFrame, number: str) -> pl.LazyFrame:
    """Each of `rows` with the columns of that of `others` which has the same `number`; NULL where none has it.

    Both stand in the order of the number, and each stands once in `others`: along sorted columns, with no tolerance,
    an asof join is ten times as fast as a left join that keeps the order.
    """
    return rows.join_asof(others, on=number, tolerance=0, check_sortedness=False)


def in_turn(rows: pl.LazyFrame, number: str) -> LazyGroupBy:
    """Groups of `rows` by a `number` in whose order they stand, in that order."""
    return rows.with_columns(pl.col(number).set_sorted()).group_by(number, maintain_order=True)


def of_hour(hours: pl.DataFrame, name: str) -> pl.Expr:
    """The column of `hours`, as `numbered` gives them, for the `hour` of each row: its number is its place."""
    return pl.lit(hours[name]).gather(pl.col("hour")).alias(name)


def running(people: pl.Expr, of: str) -> pl.Expr:
    """The sum of `people` (whole numbers, none NULL) since their group began, of rows in the order of `of` and of time.

    A sum over all rows, less what it was when the group began: several times as fast as a sum group by group.
    """
    total = people.cum_sum()
    return total - pl.when(_is_first(of)).then(total - people).forward_fill()


def told_hours(rows: pl.DataFrame, hours: pl.DataFrame) -> pl.LazyFrame:
    """Rows of a table by the hour with the `day` that their `trading_day` names, in the order of days and of time.

    Further `hour`: NULL where none of `hours` begins at their `hour_start`. A row of another day is left out.
    """
    named = (pl.col("store").cast(pl.Int64) * _AXIS + pl.col("trading_day").to_physical()).alias("named")
    starts = _on_axis("store", "hour_start", "at")
    days = hours.lazy().filter(_is_first("day")).select(named, "day")
    return (
        rows.lazy()
        .with_columns(_store_number(hours).alias("store"))
        .with_columns(named, starts)
        .sort("at")
        .pipe(beside, hours.lazy().select(starts, "hour"), "at")
        .sort("named", maintain_order=True)
        .pipe(beside, days, "named")
        .filter(pl.col("day").is_not_null())
        .drop("store", "named", "at")
    )


def by_area_and_day(intervals: pl.LazyFrame) -> pl.LazyFrame:
    """`intervals` in the order of their `area` (a number) and of time, with `area_day`: a number for both."""
    area_day = pl.col("area").cast(pl.Int64) * _AXIS + pl.col("day")
    return intervals.sort(_on_axis("area", "interval_start", "at")).with_columns(
        area_day.set_sorted().alias("area_day")
    )


def _store_number(hours: pl.DataFrame) -> pl.Expr:
    """NULL of a store that has none of `hours`. The numbers are those of an `Enum`, which is quicker than a join."""
    names = hours.filter(_is_first("store"))["store_id"]
    return pl.col("store_id").cast(pl.Enum(names), strict=False).to_physical().cast(pl.UInt32)


def _is_first(number: str) -> pl.Expr:
    """Whether a row has another number than that above it."""
    return pl.col(number).ne_missing(pl.col(number).shift())


def _on_axis(number: str, instant: str, name: str) -> pl.Expr:
    return (pl.col(number).cast(pl.Int64) * _AXIS + pl.col(instant).dt.epoch("s")).alias(name)
