"""The evidence as the workings want it: plain rows of one hour, one day, one zone, one interval."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.coverage import device_coverage
from retail_pipeline.frames.declared import entrance_devices, is_live
from retail_pipeline.frames.imputation import backtest
from retail_pipeline.frames.known_hours import known_hours
from retail_pipeline.frames.normal import WEEKS
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import ZONE_HOURS
from retail_pipeline.steps.explain.day_workings import DayFacts
from retail_pipeline.steps.explain.document import Input
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.hour_workings import HourFacts
from retail_pipeline.steps.explain.outlook_workings import OutlookFacts
from retail_pipeline.steps.explain.question import (
    ALERTS,
    DAYS,
    DEVICE_HEAT,
    FLOWS,
    HEAT,
    HOURS,
    INTERVALS,
    STAFF,
    ZONE_DAYS,
    ZONES,
    Question,
)
from retail_pipeline.steps.explain.sums import crossed, stayed
from retail_pipeline.steps.explain.trading_day import TradingDay
from retail_pipeline.steps.explain.working import Row
from retail_pipeline.steps.explain.zone_day_workings import ZoneDayFacts
from retail_pipeline.steps.explain.zone_workings import AlertFacts, FlowFacts, IntervalFacts, ZoneFacts

Facts = HourFacts | DayFacts | ZoneFacts | ZoneDayFacts | IntervalFacts | FlowFacts | AlertFacts | OutlookFacts | Row
_INTERVAL_MINUTES = minutes_between("interval_start", "interval_end").alias("minutes")


@dataclass(frozen=True)
class Known:
    """A row that is explained, as it comes to now, with everything that it may rest on; `because`: why its letter."""

    question: Question
    evidence: Evidence
    row: Row
    counts: tuple[Input, ...]
    because: str
    now: dt.datetime


def facts_of(known: Known) -> Facts:
    """What the figures of the row rest on, as their workings want it."""
    return _FACTS[known.question.table](known)


def _hour_facts(known: Known) -> HourFacts:
    question, day = known.question, known.evidence.day
    complete = known_hours(day.counts.hourly, day.counts.past)
    asked = pl.DataFrame({"store_id": [question.store.id], "trading_day": [question.trading_day]})
    tested = backtest(asked, complete)
    return HourFacts(
        row=known.row,
        minutes=_minutes_of_hour(question, day),
        crossed=tuple(crossed(known.counts, question)),
        intervals=_rows(day.intervals.with_columns(_INTERVAL_MINUTES)),
        devices=_covered(question, day),
        day=_rows(day.counts.hourly),
        weeks_before=_weeks_before(question, complete),
        tested=tested.row(0, named=True) if tested.height else None,
        quality_because=known.because,
    )


def _day_facts(known: Known) -> DayFacts:
    question, day = known.question, known.evidence.day
    minutes = minutes_between("hour_start", "hour_end").alias("minutes")
    has_ended = (pl.col("hour_end") <= known.now).alias("has_ended")
    before = {one["trading_day"]: one for one in day.past_days.iter_rows(named=True)}
    return DayFacts(
        row=known.row,
        hours=_rows(day.stored.with_columns(minutes, has_ended)),
        calendar=_rows(_calendar(question, day, known.now)),
        lost=tuple(day.lost["hour_start"]),
        week_before=before.get(question.trading_day - LAST_WEEK),
        year_before=before.get(question.trading_day - LAST_YEAR),
        quality_because=known.because,
    )


def _zone_facts(known: Known) -> ZoneFacts:
    question, day, zone = known.question, known.evidence.day, str(known.question.zone)
    is_in_hour = pl.col("interval_start").is_between(question.start, question.end, closed="left")
    mine = _intervals_of_zone(known)
    in_hour = mine.filter(is_in_hour)
    of_hour = pl.col("hour_start") == question.start
    store_row = _rows(day.counts.hourly.filter(of_hour))
    onward = day.flows.filter(of_hour, pl.col("from_area") == zone, pl.col("to_area").is_in([*question.store.zones]))
    return ZoneFacts(
        row=known.row,
        store_row=store_row[0] if store_row else {},
        minutes=_minutes_of_hour(question, day),
        doors=tuple(crossed(known.counts, question)),
        regions=tuple(stayed(known.counts, question, Report.REGIONS)),
        long_regions=tuple(stayed(known.counts, question, Report.LONG_STAYS)),
        intervals=_rows(in_hour.with_columns(_INTERVAL_MINUTES)),
        day=mine.select(pl.col("entries", "exits").sum()).row(0, named=True),
        was_reset=question.start == day.hours["hour_start"].min() or bool((in_hour["balance"] < 0).any()),
        onward=_rows(onward),
        typical_stay_minutes=question.store.zones[zone].typical_stay_minutes,
    )


def _zone_day_facts(known: Known) -> ZoneDayFacts:
    calendar = known.evidence.day.hours.select("hour_start", "business_share", "minutes")
    mine = known.evidence.day.zones.filter(pl.col("zone") == known.question.zone).join(calendar, on="hour_start")
    open_hours = calendar.filter(pl.col("business_share") > 0).height
    return ZoneDayFacts(known.row, _rows(mine.sort("hour_start")), open_hours)


def _interval_facts(known: Known) -> IntervalFacts:
    before = _intervals_of_zone(known).filter(pl.col("interval_start") < known.question.start)
    return IntervalFacts(known.row, tuple(crossed(known.counts, known.question)), _rows(before))


def _flow_facts(known: Known) -> FlowFacts:
    return FlowFacts(known.row, tuple(crossed(known.counts, known.question)))


def _alert_facts(known: Known) -> AlertFacts:
    """The queue's hour, and what the store allows."""
    question = known.question
    mine = known.evidence.day.zones.filter(pl.col("zone") == question.zone, pl.col("hour_start") == question.start)
    # An alert may still stand of an hour that its counts tell no more.
    hour = next(mine.iter_rows(named=True), dict.fromkeys(ZONE_HOURS))
    return AlertFacts(_zone_facts(replace(known, row={**hour, **known.row})), question.store.queue_alert)


def _outlook_facts(known: Known) -> OutlookFacts:
    assert known.evidence.outlook is not None  # noqa: S101 - gathered for the tables that it is of
    return OutlookFacts(known.row, known.evidence.outlook)


_FACTS: Mapping[str, Callable[[Known], Facts]] = {
    HOURS: _hour_facts,
    DAYS: _day_facts,
    ZONES: _zone_facts,
    ZONE_DAYS: _zone_day_facts,
    INTERVALS: _interval_facts,
    FLOWS: _flow_facts,
    ALERTS: _alert_facts,
    STAFF: _outlook_facts,
    HEAT: _outlook_facts,
    DEVICE_HEAT: lambda known: known.row,
}


def _rows(frame: pl.DataFrame) -> tuple[dict[str, Any], ...]:
    return tuple(frame.iter_rows(named=True))


def _minutes_of_hour(question: Question, day: TradingDay) -> float:
    [minutes] = day.hours.filter(pl.col("hour_start") == question.start)["minutes"]
    return float(minutes)


def _intervals_of_zone(known: Known) -> pl.DataFrame:
    """Of the trading day, in order, with the `balance` of entries and exits since it began, which may be below 0."""
    balance = (pl.col("entries") - pl.col("exits")).cum_sum().alias("balance")
    mine = known.evidence.day.counts.zones.filter(pl.col("zone") == known.question.zone)
    return mine.sort("interval_start").with_columns(balance)


def _covered(question: Question, day: TradingDay) -> tuple[Row, ...]:
    """Minutes in complete intervals of each device over an entrance; 0 where it told nothing of the hour."""
    covered = device_coverage(day.counts.present, day.hours).filter(pl.col("hour_start") == question.start)
    devices = entrance_devices([question.store]).select("sensor_id")
    told = devices.join(covered.select("sensor_id", "complete_minutes"), on="sensor_id", how="left")
    return _rows(told.with_columns(pl.col("complete_minutes").fill_null(0)).sort("sensor_id"))


def _weeks_before(question: Question, known: pl.DataFrame) -> tuple[Row, ...]:
    """The hours that an index or an estimate is of, the latest first; of an hour that came twice, the first."""
    if question.hour is None:
        return ()
    weeks = [(n, question.hour.local_date - dt.timedelta(weeks=n)) for n in range(1, WEEKS + 1)]
    wanted = pl.DataFrame(weeks, schema={"weeks": pl.Int64(), "local_date": pl.Date()}, orient="row")
    same_hour = known.filter(pl.col("local_hour") == question.hour.local_hour)
    found = wanted.join(same_hour.unique("local_date", keep="first", maintain_order=True), on="local_date")
    return _rows(found.sort("weeks"))


def _calendar(question: Question, day: TradingDay, now: dt.datetime) -> pl.DataFrame:
    live = entrance_devices([question.store]).select("store_id", "live_since").unique()
    is_expected = (is_live() & (pl.col("hour_end") <= now)).alias("is_expected")
    open_minutes = (pl.col("business_share") * pl.col("minutes")).round().cast(pl.Int64).alias("open_minutes")
    return day.hours.join(live, on="store_id").with_columns(is_expected, open_minutes)
