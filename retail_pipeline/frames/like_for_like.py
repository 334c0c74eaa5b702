"""Stores against themselves: a week against the week before, on the weekdays that were measured whole in both."""

import datetime as dt

import polars as pl

from retail_pipeline.frames.ratios import ratio

WEEK = dt.timedelta(weeks=1)
NOT_MEASURED, NOT_MEASURED_BEFORE, NO_PAIR, NOBODY = "not_measured", "not_measured_before", "no_pair", "nobody"
"""Why a store is not compared; values of `reason`."""

_DAY = ("store_id", "trading_day")


def like_for_like(daily: pl.DataFrame, last_day: dt.date) -> pl.DataFrame:
    """One row per store of `daily`: the seven days to `last_day` against the seven before.

    A day counts where the store was open on it and on the same weekday of the week before, and both have every
    expected hour. Columns: `days` that count; `entries`, `entries_before` and `change` (share of one) over them; `rank`
    by `change`, 1 is the best and equals share a place; `reason` where a store is not compared, and all else is NULL.
    """
    whole = daily.filter(
        pl.col("trading_day") > last_day - 2 * WEEK,
        pl.col("trading_day") <= last_day,
        (pl.col("completeness") >= 1) & (pl.col("open_hours") > 0) & pl.col("entries").is_not_null(),
    ).select(*_DAY, "entries")
    week = whole.filter(pl.col("trading_day") > last_day - WEEK)
    before = whole.join(week, on=_DAY, how="anti").select(
        "store_id", pl.col("trading_day") + WEEK, pl.col("entries").alias("entries_before")
    )
    return (
        daily.select(pl.col("store_id").unique())
        .join(_summed_up(week.join(before, on=_DAY, how="full", coalesce=True)), on="store_id", how="left")
        .with_columns(_reason())
        .with_columns(pl.when(pl.col("reason").is_null()).then(name).alias(name) for name in _FIGURES)
        .with_columns(ratio(pl.col("entries") - pl.col("entries_before"), pl.col("entries_before")).alias("change"))
        .with_columns(pl.col("change").rank("min", descending=True).cast(pl.Int64).alias("rank"))
        .select("store_id", *_FIGURES, "change", "rank", "reason")
        .sort("rank", "store_id", nulls_last=True)
    )


_FIGURES = ("days", "entries", "entries_before")


def _summed_up(pairs: pl.DataFrame) -> pl.DataFrame:
    now, before = pl.col("entries"), pl.col("entries_before")
    is_pair = now.is_not_null() & before.is_not_null()
    return pairs.group_by("store_id").agg(
        is_pair.sum().cast(pl.Int64).alias("days"),
        *(figure.filter(is_pair).sum() for figure in (now, before)),
        now.is_not_null().any().alias("is_measured"),
        before.is_not_null().any().alias("was_measured"),
    )


def _reason() -> pl.Expr:
    return (
        pl.when(~pl.col("is_measured").fill_null(value=False))
        .then(pl.lit(NOT_MEASURED))
        .when(~pl.col("was_measured"))
        .then(pl.lit(NOT_MEASURED_BEFORE))
        .when(pl.col("days") == 0)
        .then(pl.lit(NO_PAIR))
        .when(pl.col("entries_before") == 0)
        .then(pl.lit(NOBODY))
        .alias("reason")
    )
