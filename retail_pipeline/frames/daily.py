"""`daily_summaries`: trading days out of local hours. Nothing is counted here that hourly.py has not counted."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.comparison import with_comparisons
from retail_pipeline.frames.declared import entrance_devices, is_live, organizations
from retail_pipeline.frames.hourly import capture
from retail_pipeline.frames.letters import day_letter
from retail_pipeline.frames.numbered import beside, in_turn, numbered, told_hours
from retail_pipeline.frames.power_hours import power_hours
from retail_pipeline.frames.ratios import exact_sum, minutes_between, ratio, sum_or_null
from retail_pipeline.frames.schemas import DAILY_SUMMARIES, conform

_DAY = ("store_id", "trading_day")
_KEY = ("store_id", "hour_start")
_OF_HOURS = (
    *("store_id", "trading_day", "hour_start", "hour_end", "local_hour", "business_share"),
    *("entries", "exits", "passers_by", "entries_imputed", "occupancy_max"),
    *("completeness", "quality", "is_complete", "input_version"),
)


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
    numbers = numbered(hours)
    days = _days(numbers)
    told = _of_measured_days(hourly, numbers, as_of)
    expected = _expected_hours(numbers, stores, as_of)
    summed = (
        _figures(told)
        .pipe(beside, days, "day")
        .pipe(beside, _expected_figures(expected, told, lost, as_of), "day")
        .pipe(beside, _lost_figures(days, lost), "day")
        .pipe(beside, _figures_of_whole_hours(told), "day")
        .pipe(beside, _capture_figures(told), "day")
        .join(organizations(stores).lazy(), on="store_id")
        .with_columns(pl.col("hours_expected", "hours_missing", "hours_lost").fill_null(0))
        .with_columns(*_derived(as_of))
    )
    days_and_weeks = with_comparisons(summed.collect(engine="in-memory"), past, as_of)
    return conform(days_and_weeks.sort(_DAY), DAILY_SUMMARIES)


def _days(hours: pl.DataFrame) -> pl.LazyFrame:
    return in_turn(hours.lazy(), "day").agg(
        pl.col(*_DAY).first(),
        pl.col("hour_start").min().alias("day_start"),
        pl.col("hour_end").max().alias("day_end"),
        (_open_minutes().sum() / 60).alias("open_hours"),
    )


def _expected_hours(hours: pl.DataFrame, stores: Sequence[Store], as_of: dt.datetime) -> pl.LazyFrame:
    live = entrance_devices(stores).select("store_id", "live_since").unique()
    expected = hours.lazy().join(live.lazy(), on="store_id", maintain_order="left")
    return expected.filter(is_live(), pl.col("hour_end") <= as_of)


def _of_measured_days(hourly: pl.DataFrame, hours: pl.DataFrame, as_of: dt.datetime) -> pl.LazyFrame:
    """Hours as `told_hours` gives them; a day of nothing but imputed hours is none that was measured."""
    is_measured = pl.col("entries").is_not_null() | pl.col("passers_by").is_not_null()
    return (
        told_hours(hourly.select(_OF_HOURS), hours)
        .with_columns(pl.col("day").set_sorted())
        .filter(is_measured.any().over("day"))
        .with_columns(
            (pl.col("hour_end") <= as_of).alias("has_ended"),
            _open_minutes().alias("open_minutes"),
            _business_people().alias("business_people"),
        )
        .collect(engine="in-memory")
        .lazy()
    )


def _figures(hourly: pl.LazyFrame) -> pl.LazyFrame:
    was_reported = pl.col("entries").is_not_null() & pl.col("has_ended")
    return in_turn(hourly, "day").agg(
        *(sum_or_null(pl.col(name).cast(pl.Int64)).alias(name) for name in ("entries", "exits", "passers_by")),
        (sum_or_null(pl.col("business_people")) / 60).alias("business_entries"),
        was_reported.sum().alias("hours_reported"),
        ratio(_imputed_people().sum(), pl.col("entries").sum() + _imputed_people().sum()).alias("imputed_share"),
        pl.col("input_version").max(),
    )


def _imputed_people() -> pl.Expr:
    """People that an hour's estimate adds to what was counted of it; a count above the estimate needs none."""
    return (pl.col("entries_imputed") - pl.col("entries").fill_null(0)).clip(lower_bound=0).fill_null(0.0)


def _expected_figures(
    expected: pl.LazyFrame, hourly: pl.LazyFrame, lost: pl.DataFrame | None, as_of: dt.datetime
) -> pl.LazyFrame:
    done = hourly.select("hour", "completeness", "is_complete", "quality", "entries").drop_nulls("hour").sort("hour")
    judged = beside(expected, done, "hour").with_columns(pl.col("is_complete").fill_null(value=False))
    is_lost = pl.lit(value=False)
    if lost is not None:
        closed = lost.lazy().select(*_KEY).unique().with_columns(pl.lit(value=True).alias("is_lost"))
        judged = judged.join(closed, on=_KEY, how="left", maintain_order="left")
        is_lost = pl.col("is_lost").fill_null(value=False)
    return in_turn(judged, "day").agg(
        pl.len().alias("hours_expected"),
        (~pl.col("is_complete") & ~is_lost).sum().alias("hours_missing"),
        (exact_sum(pl.col("completeness")) / pl.len()).alias("completeness"),
        day_letter(as_of),
    )


def _lost_figures(days: pl.LazyFrame, lost: pl.DataFrame | None) -> pl.LazyFrame:
    """By the bounds of the day, as the warehouse counts them when it judges whether the day is due."""
    if lost is None:
        return days.select("day", pl.lit(0).alias("hours_lost"))
    closed = lost.lazy().select(pl.col("store_id").alias("of_store"), pl.col("hour_start").alias("lost_start")).unique()
    within = (
        pl.col("store_id") == pl.col("of_store"),
        pl.col("day_start") <= pl.col("lost_start"),
        pl.col("day_end") > pl.col("lost_start"),
    )
    return days.join_where(closed, *within).group_by("day").agg(pl.len().alias("hours_lost")).sort("day")


def _figures_of_whole_hours(hourly: pl.LazyFrame) -> pl.LazyFrame:
    """Of the days that have a complete hour."""
    whole = hourly.filter("is_complete")
    average = ratio(pl.col("business_people").sum(), pl.col("open_minutes").sum())
    return (
        in_turn(whole, "day")
        .agg(average.alias("average_hourly_entries"))
        .pipe(beside, _peaks(whole), "day")
        .pipe(beside, _busiest_moment(whole), "day")
        .pipe(beside, power_hours(whole), "day")
    )


def _business_people() -> pl.Expr:
    """People times 60, of an hour by its open share: whole numbers, which add up to the same sum in every order."""
    return pl.col("entries") * _open_minutes() * (60 / minutes_between("hour_start", "hour_end"))


def _open_minutes() -> pl.Expr:
    """Opening hours are declared in whole minutes; what the quotient `business_share` rounded off is put back."""
    return (pl.col("business_share") * minutes_between("hour_start", "hour_end")).round()


def _peaks(whole: pl.LazyFrame) -> pl.LazyFrame:
    return (
        whole.filter(pl.col("business_share") > 0)
        .filter(pl.col("entries") == pl.col("entries").max().over("day"))
        .pipe(in_turn, "day")
        .agg(
            pl.col("local_hour").first().alias("peak_hour"),
            pl.col("entries").first().alias("peak_hour_entries"),
            (pl.len() > 1).alias("peak_hour_is_tied"),
        )
    )


def _busiest_moment(whole: pl.LazyFrame) -> pl.LazyFrame:
    return (
        whole.drop_nulls("occupancy_max")
        .pipe(in_turn, "day")
        .agg(
            pl.col("occupancy_max").max(),
            pl.col("hour_start").get(pl.col("occupancy_max").arg_max()).alias("occupancy_max_at"),
        )
    )


def _capture_figures(hourly: pl.LazyFrame) -> pl.LazyFrame:
    both = hourly.drop_nulls(["entries", "passers_by"])
    sums = in_turn(both, "day").agg(pl.col("entries", "passers_by").cast(pl.Int64).sum())
    return sums.select("day", *capture())


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
