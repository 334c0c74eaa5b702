"""Other hours and days that a figure is set against or made from: which these are, and what was counted in them."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.calendar import LocalHour, day_bounds, local_hours
from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.heat_map import WEEKS as WEEKS_OF_HEAT
from retail_pipeline.frames.local_time import trading_day_hours, with_hours
from retail_pipeline.frames.normal import WEEKS as WEEKS_OF_NORMAL
from retail_pipeline.frames.staffing import DAYS_AHEAD
from retail_pipeline.frames.staffing import WEEKS as WEEKS_OF_PLANS
from retail_pipeline.steps.explain.question import HEAT, HOURS, STAFF, ZONE_DAYS, Question
from retail_pipeline.steps.switched_off import SwitchedOff, judge_switched_off
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse

_WEEK = dt.timedelta(weeks=1)
_DAY = dt.timedelta(days=1)
_AROUND = dt.timedelta(hours=3)
"""More than clocks move at once."""


@dataclass(frozen=True)
class Compared:
    """Hours beside those that are asked for; `placed`: raw rows (`marked`) of those on other days, None: no other."""

    hours: tuple[LocalHour, ...]
    placed: pl.DataFrame | None


def read_compared(warehouse: Warehouse, question: Question, now: dt.datetime) -> Compared:
    """The hours that figures of the question may rest on beside the trading day's own, and what was counted there."""
    hours = _hours(question, now)
    starts = [one.hour_start for one in hours]
    days = sorted({one.trading_day for one in hours} - {question.trading_day})
    rows = [_rows_of_day(warehouse, question, day).filter(pl.col("hour_start").is_in(starts)) for day in days]
    return Compared(hours, pl.concat(rows) if rows else None)


def marked(placed: pl.DataFrame, off: SwitchedOff) -> pl.DataFrame:
    """Raw rows with their local hours, and `is_off`: the device was switched off, so that its zeros count nobody."""
    hours = off.hours.select("sensor_id", "hour_start", pl.lit(value=True).alias("is_off"))
    return placed.join(hours, on=["sensor_id", "hour_start"], how="left").with_columns(
        pl.col("is_off").fill_null(value=False)
    )


def _hours(question: Question, now: dt.datetime) -> tuple[LocalHour, ...]:
    store, hour = question.store, question.hour
    if question.table == ZONE_DAYS:
        return ()
    if hour is None:
        days = (day_bounds(store, question.trading_day - ago) for ago in (LAST_YEAR, LAST_WEEK))
        return tuple(one for bounds in days for one in local_hours(store, *bounds))
    dates = (hour.local_date + weeks * _WEEK for weeks in _weeks(question, hour, now))
    return tuple(one for date in dates for one in _same_hour(store, hour.local_hour, date))


def _weeks(question: Question, hour: LocalHour, now: dt.datetime) -> range:
    """How many weeks from the hour those lie that have a say; not all of them do."""
    if question.table == HOURS:
        return range(-WEEKS_OF_NORMAL, 0)
    if question.table == STAFF:
        return range(-WEEKS_OF_PLANS - DAYS_AHEAD // 7, 0)
    if question.table == HEAT:
        last = (now.astimezone(question.store.zone_info).date() - hour.local_date) // _WEEK
        return range(last - WEEKS_OF_HEAT, last + 1)
    return range(0)


def _same_hour(store: Store, local_hour: int, date: dt.date) -> Iterator[LocalHour]:
    """The local hour on that date: one, two where clocks repeat it, none where they leave it out."""
    midnight = dt.datetime.combine(date, dt.time(), store.zone_info)
    for one in local_hours(store, midnight - _AROUND, midnight + _DAY + _AROUND):
        if (one.local_date, one.local_hour) == (date, local_hour):
            yield one


def _rows_of_day(warehouse: Warehouse, question: Question, day: dt.date) -> pl.DataFrame:
    hours = trading_day_hours([question.store], day, day)
    raw = reads.raw_counts(warehouse, [question.store.id], *day_bounds(question.store, day))
    return marked(with_hours(raw, hours), judge_switched_off(warehouse, [question.store], raw, hours))
