"""`daily_summaries`: trading days out of local hours. Nothing is counted here that hourly.py has not counted."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.comparison import with_comparisons
from retail_pipeline.frames.declared import entrance_devices, is_live, organizations
from retail_pipeline.frames.hourly import capture
from retail_pipeline.frames.letters import day_letters
from retail_pipeline.frames.power_hours import power_hours
from retail_pipeline.frames.ratios import exact_sum, minutes_between, ratio, sum_or_null
from retail_pipeline.frames.schemas import DAILY_SUMMARIES, conform

_DAY = ("store_id", "trading_day")
_KEY = ("store_id", "hour_start")


def daily_summaries(
    hourly: pl.DataFrame,
    stores: Sequence[Store],
    hours: pl.DataFrame,
    as_of: dt.datetime,
    lost: pl.DataFrame | None = None,
    past: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per store and trading day in which anything was measured: a frame of `DAILY_SUMMARIES`, sorted by key.

    `hours` holds the whole trading days (23, 24 or 25 hours). Expected are the hours that have ended by `as_of`, from
    `live_since` on; `completeness` is NULL while none has. `lost` (`store_id`, `hour_start`) names hours that will
    never be recovered, counted in `hours_lost`: a day that misses nothing else is complete, its `completeness` stays
    below 1.

    Peak, `power_hours`, `occupancy_max` and `average_hourly_entries` come from complete hours alone. Capture is
    recomputed from the sums of the hours in which both entries and passers-by were measured. `occupancy_max_at` is the
    start of the hour with the maximum. `open_hours` are those of the whole day, reported or not. `past` (see
    `with_comparisons`) are the days among which a week and a year before are found.
    """
    expected = _expected_hours(hours, stores, as_of)
    frame = _of_measured_days(hourly).with_columns((pl.col("hour_end") <= as_of).alias("has_ended"))
    return conform(
        _figures(frame)
        .join(_bounds(hours), on=_DAY)
        .join(_expected_figures(expected, frame, lost), on=_DAY, how="left")
        .join(_lost_figures(hours, lost), on=_DAY, how="left")
        .join(_business_figures(frame), on=_DAY, how="left")
        .join(_peaks(frame), on=_DAY, how="left")
        .join(_busiest_moment(frame), on=_DAY, how="left")
        .join(_capture_figures(frame), on=_DAY, how="left")
        .join(power_hours(frame), on=_DAY, how="left")
        .join(day_letters(expected, frame, as_of), on=_DAY, how="left")
        .join(organizations(stores), on="store_id")
        .with_columns(pl.col("hours_expected", "hours_missing", "hours_lost").fill_null(0))
        .with_columns(*_derived(as_of))
        .pipe(with_comparisons, past, as_of)
        .sort(_DAY),
        DAILY_SUMMARIES,
    )


def _expected_hours(hours: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime) -> pl.DataFrame:
    live = entrance_devices(stores).select("store_id", "live_since").unique()
    return hours.join(live, on="store_id").filter(is_live(), pl.col("hour_end") <= as_of)


def _of_measured_days(hourly: pl.DataFrame) -> pl.DataFrame:
    """A day of nothing but imputed hours is not a day that anybody measured."""
    is_measured = pl.col("entries").is_not_null() | pl.col("passers_by").is_not_null()
    return hourly.filter(is_measured.any().over(_DAY))


def _figures(hourly: pl.DataFrame) -> pl.DataFrame:
    was_reported = pl.col("entries").is_not_null() & pl.col("has_ended")
    return hourly.group_by(_DAY).agg(
        *(sum_or_null(pl.col(name).cast(pl.Int64)).alias(name) for name in ("entries", "exits", "passers_by")),
        (sum_or_null(_business_people()) / 60).alias("business_entries"),
        was_reported.sum().alias("hours_reported"),
        ratio(_imputed_people().sum(), pl.col("entries").sum() + _imputed_people().sum()).alias("imputed_share"),
        pl.col("input_version").max(),
    )


def _imputed_people() -> pl.Expr:
    """People that an hour's estimate adds to what was counted of it; a count above the estimate needs none."""
    return (pl.col("entries_imputed") - pl.col("entries").fill_null(0)).clip(lower_bound=0).fill_null(0.0)


def _bounds(hours: pl.DataFrame) -> pl.DataFrame:
    return hours.group_by(_DAY).agg(
        pl.col("hour_start").min().alias("day_start"),
        pl.col("hour_end").max().alias("day_end"),
        (_open_minutes().sum() / 60).alias("open_hours"),
    )


def _expected_figures(expected: pl.DataFrame, hourly: pl.DataFrame, lost: pl.DataFrame | None) -> pl.DataFrame:
    done = hourly.select(*_KEY, "completeness", "is_complete")
    judged = expected.join(done, on=_KEY, how="left").with_columns(pl.col("is_complete").fill_null(value=False))
    is_lost = pl.lit(value=False)
    if lost is not None:
        closed = lost.select(*_KEY).unique().with_columns(pl.lit(value=True).alias("is_lost"))
        judged = judged.join(closed, on=_KEY, how="left")
        is_lost = pl.col("is_lost").fill_null(value=False)
    return judged.group_by(_DAY).agg(
        pl.len().alias("hours_expected"),
        (~pl.col("is_complete") & ~is_lost).sum().alias("hours_missing"),
        (exact_sum(pl.col("completeness")) / pl.len()).alias("completeness"),
    )


def _lost_figures(hours: pl.DataFrame, lost: pl.DataFrame | None) -> pl.DataFrame:
    """By the bounds of the day, as the warehouse counts them when it judges whether the day is due."""
    bounds = _bounds(hours).select(*_DAY, "day_start", "day_end")
    if lost is None:
        return bounds.select(*_DAY, pl.lit(0).alias("hours_lost"))
    closed = lost.select(pl.col("store_id").alias("of_store"), pl.col("hour_start").alias("lost_start")).unique()
    within = (
        pl.col("store_id") == pl.col("of_store"),
        pl.col("day_start") <= pl.col("lost_start"),
        pl.col("day_end") > pl.col("lost_start"),
    )
    return bounds.join_where(closed, *within).group_by(_DAY).agg(pl.len().alias("hours_lost"))


def _business_figures(hourly: pl.DataFrame) -> pl.DataFrame:
    average = ratio(_business_people().sum(), _open_minutes().sum())
    return hourly.filter("is_complete").group_by(_DAY).agg(average.alias("average_hourly_entries"))


def _business_people() -> pl.Expr:
    """People times 60, of an hour by its open share: whole numbers, which add up to the same sum in every order."""
    return pl.col("entries") * _open_minutes() * (60 / minutes_between("hour_start", "hour_end"))


def _open_minutes() -> pl.Expr:
    """Opening hours are declared in whole minutes; what the quotient `business_share` rounded off is put back."""
    return (pl.col("business_share") * minutes_between("hour_start", "hour_end")).round()


def _peaks(hourly: pl.DataFrame) -> pl.DataFrame:
    highest = pl.col("entries").max()
    return (
        hourly.filter("is_complete", pl.col("business_share") > 0)
        .sort("hour_start")
        .group_by(_DAY)
        .agg(
            pl.col("local_hour").get(pl.col("entries").arg_max()).alias("peak_hour"),
            highest.alias("peak_hour_entries"),
            ((pl.col("entries") == highest).sum() > 1).alias("peak_hour_is_tied"),
        )
    )


def _busiest_moment(hourly: pl.DataFrame) -> pl.DataFrame:
    return (
        hourly.filter("is_complete")
        .drop_nulls("occupancy_max")
        .sort("hour_start")
        .group_by(_DAY)
        .agg(
            pl.col("occupancy_max").max(),
            pl.col("hour_start").get(pl.col("occupancy_max").arg_max()).alias("occupancy_max_at"),
        )
    )


def _capture_figures(hourly: pl.DataFrame) -> pl.DataFrame:
    both = hourly.drop_nulls(["entries", "passers_by"])
    sums = both.group_by(_DAY).agg(pl.col("entries", "passers_by").cast(pl.Int64).sum())
    return sums.select(*_DAY, *capture())


def _derived(as_of: dt.datetime) -> list[pl.Expr]:
    drift = pl.col("entries") - pl.col("exits")
    is_over = pl.col("day_end") <= as_of
    return [
        drift.alias("net_flow"),
        drift.alias("drift"),
        ratio(drift, pl.col("entries")).alias("drift_share"),
        (pl.col("entries") - pl.col("business_entries")).alias("non_business_entries"),
        pl.when(is_over).then("quality").alias("quality"),
        (is_over & (pl.col("hours_expected") > 0) & (pl.col("hours_missing") == 0)).alias("is_complete"),
    ]
