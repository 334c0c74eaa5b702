"""Estimates for hours that were open and not measured whole, and how far such estimates were off on the same store.

For analytics only: `entries` holds what was measured, the estimate stands beside it and goes when the hour comes.
"""

import datetime as dt

import polars as pl

from retail_pipeline.frames.coverage import is_settled
from retail_pipeline.frames.ratios import ratio
from retail_pipeline.frames.usual import is_whole_hour, usual_hours

METHOD = "median_3_weeks.v1"
WEEKS = 3
FEWEST_WEEKS = 2
TESTED = dt.timedelta(weeks=8)
LOOK_BACK = TESTED + dt.timedelta(weeks=WEEKS)
"""How far back the hours lie that an estimate and its back-test rest on."""

_HOUR = ("store_id", "local_date", "local_hour")
_ESTIMATES: dict[str, pl.DataType] = {
    "entries_imputed": pl.Float64(),
    "exits_imputed": pl.Float64(),
    "imputation_method": pl.String(),
    "imputation_wape": pl.Float64(),
}
_DAY = ("store_id", "trading_day")


def with_imputed(figures: pl.DataFrame, known: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    """`figures` and `entries_imputed`, `exits_imputed`, `imputation_method`, `imputation_wape`.

    Estimated is a whole hour that was open for some of it, has settled and is not complete: the median of the same
    local weekday and hour over the three weeks before, of which two must be known. All four are NULL in every other
    hour.
    """
    missing = hours_to_estimate(figures, as_of)
    if missing.is_empty():
        return figures.with_columns(pl.lit(None, kind).alias(name) for name, kind in _ESTIMATES.items())
    made = _estimated(missing, known, "entries").join(_estimated(missing, known, "exits"), on=_HOUR)
    estimates = (
        missing.select(*_HOUR, "hour_start", "trading_day")
        .join(made, on=_HOUR)
        .join(backtested_wape(missing.select(_DAY).unique(), known), on=_DAY, how="left")
        .with_columns(pl.lit(METHOD).alias("imputation_method"))
        .drop("local_date", "local_hour", "trading_day")
    )
    return figures.join(estimates, on=["store_id", "hour_start"], how="left", maintain_order="left")


def hours_to_estimate(figures: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    """Those of the hours that are estimated where enough of the weeks before is known."""
    return figures.filter(~pl.col("is_complete"), pl.col("business_share") > 0, is_settled(as_of), is_whole_hour())


def backtested_wape(days: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`imputation_wape` of each of `days`: weighted absolute percentage error of `backtest`.

    Sum of |entries - estimate| / sum of entries; NULL where these are zero or no hour had an estimate.
    """
    return backtest(days, known).select(*_DAY, ratio(pl.col("error"), pl.col("entries")).alias("imputation_wape"))


def backtest(days: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The method tried on every open hour of the 8 weeks before that is known: one row for each of `days` that has any.

    Columns: `error` (sum of |entries - estimate|), `entries` and `hours` that had an estimate.
    """
    tried = known.filter(pl.col("business_share") > 0).join(days, on="store_id", how="semi")
    errors = (
        tried.join(_estimated(tried, known, "entries"), on=_HOUR)
        .with_columns((pl.col("entries") - pl.col("entries_imputed")).abs().alias("error"))
        .group_by("store_id", pl.col("trading_day").alias("tried_day"))
        .agg(pl.col("error", "entries").sum(), pl.len().alias("hours"))
    )
    return (
        days.join(errors, on="store_id")
        .filter(pl.col("tried_day") < pl.col("trading_day"), pl.col("tried_day") >= pl.col("trading_day") - TESTED)
        .group_by(_DAY)
        .agg(pl.col("error", "entries", "hours").sum())
    )


def _estimated(hours: pl.DataFrame, known: pl.DataFrame, figure: str) -> pl.DataFrame:
    usual = usual_hours(hours, known, figure, WEEKS).filter(pl.col("usual_weeks") >= FEWEST_WEEKS)
    return usual.select(*_HOUR, pl.col("usual").alias(f"{figure}_imputed"))
