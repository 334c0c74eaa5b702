"""`staffing_hours`: how many people to expect in the open hours of the next days, and how many staff that asks for."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.declared import organizations
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.frames.ratios import ratio
from retail_pipeline.frames.schemas import STAFFING_HOURS, conform
from retail_pipeline.frames.usual import usual_hours

DAYS_AHEAD = 14
WEEKS = 4
_MIN_WEEKS = 2
_PAD = dt.timedelta(days=2)
_KEY = ("store_id", "local_date", "local_hour")


def staffing_hours(hourly: pl.DataFrame, stores: Sequence[Store], now: dt.datetime) -> pl.DataFrame:
    """One row per store, local date and open local hour of the next 14 local days: a frame of `STAFFING_HOURS`.

    `hourly` holds the eight weeks before `now`. Expected are the entries of the same weekday and hour in the median of
    the last four weeks, complete hours only; an hour of which fewer than two weeks are known has no row, nor has one in
    which the shop is closed. `recommended_staff` is NULL where the store states no `entries_per_staff_hour`.
    `expected_wape` is the error of that median over the last four weeks, had each hour been told a week ahead.
    """
    today = _today(stores, now)
    open_hours = _open_hours(stores, today, now)
    past, recent = hours_to_plan_by(hourly, stores, now)
    ahead = WEEKS + DAYS_AHEAD // 7
    staff = (pl.col("usual") / pl.col("entries_per_staff_hour")).ceil()
    return conform(
        open_hours.join(usual_hours(open_hours, recent, "entries", ahead), on=_KEY)
        .filter(pl.col("usual_weeks") >= _MIN_WEEKS)
        .join(organizations(stores), on="store_id")
        .join(_staff_rates(stores), on="store_id")
        .join(backtested_error(recent, past), on="store_id", how="left")
        .with_columns(staff.alias("recommended_staff"))
        .rename({"usual": "expected_entries", "usual_p25": "p25", "usual_p75": "p75"})
        .sort(_KEY),
        STAFFING_HOURS,
    )


def backtested_error(recent: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """`store_id`, `expected_wape`: the sum of absolute errors over the sum of entries, NULL where nobody came."""
    wape = ratio(pl.col("error"), pl.col("entries")).alias("expected_wape")
    return backtest(recent, past).select("store_id", wape)


def backtest(recent: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """One row per store: `error` (sum of |entries - expected|), `entries` and `hours` that could be tested.

    Each open hour of `recent` is compared with the median of the four weeks before it, as far as `past` knows them.
    """
    told = recent.filter(pl.col("business_share") > 0).join(usual_hours(recent, past, "entries", WEEKS), on=_KEY)
    error = (pl.col("entries") - pl.col("usual")).abs().sum().alias("error")
    return (
        told.filter(pl.col("usual_weeks") >= _MIN_WEEKS)
        .group_by("store_id")
        .agg(error, pl.col("entries").sum(), pl.len().alias("hours"))
    )


def hours_to_plan_by(
    hourly: pl.DataFrame, stores: Sequence[Store], now: dt.datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Complete hours of the local days before today, and those of them in the last four weeks: what plans rest on."""
    past = hourly.filter("is_complete").join(_today(stores, now), on="store_id")
    past = past.filter(pl.col("local_date") < pl.col("today"))
    return past, past.filter(pl.col("local_date") >= pl.col("today") - pl.duration(days=7 * WEEKS))


def _today(stores: Sequence[Store], now: dt.datetime) -> pl.DataFrame:
    rows = [(store.id, now.astimezone(store.zone_info).date()) for store in stores]
    return pl.DataFrame(rows, schema={"store_id": pl.String(), "today": pl.Date()}, orient="row")


def _open_hours(stores: Sequence[Store], today: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
    """`_KEY` of the hours that are open for any part; one that clocks repeat stands once."""
    hours = store_hours(stores, now - _PAD, now + dt.timedelta(days=DAYS_AHEAD) + _PAD).join(today, on="store_id")
    days_ahead = (pl.col("local_date") - pl.col("today")).dt.total_days()
    return hours.filter(days_ahead.is_between(1, DAYS_AHEAD), pl.col("business_share") > 0).select(_KEY).unique()


def _staff_rates(stores: Sequence[Store]) -> pl.DataFrame:
    rows = [(store.id, store.entries_per_staff_hour) for store in stores]
    return pl.DataFrame(rows, schema={"store_id": pl.String(), "entries_per_staff_hour": pl.Float64()}, orient="row")
