"""Reads all that an explanation rests on: the trading day's counts and figures, and where they came from."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.counts import crossings, lines_frame
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.drift import corrected_occupancy
from retail_pipeline.frames.flows import zone_flows
from retail_pipeline.frames.hourly import entrance_intervals
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.zone_hours import zone_hours
from retail_pipeline.steps.explain.question import DAYS, ZONES, Question
from retail_pipeline.steps.figures import DayCounts, figures_of_days
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.explain import Period, gaps_of, lines_declared, revisions_of, run_of, sales_of


@dataclass(frozen=True)
class Evidence:
    """The trading day of a question.

    Attributes:
        hours: its local hours (`STORE_HOURS`).
        counts: its counts, and the figures that they come to now.
        intervals: `entrance_intervals` of the day with `corrected`.
        regional, long_stays, flows: stays and long ones as reported, and people between areas; empty unless a zone is
            asked for.
        stored: `hourly_analytics` of the day, as it stands.
        answer: the row that is asked for as it stands, in its table; empty where there is none.
        again: that row as it would be derived now; empty where it would not be.
        past_days: the days a week and 52 weeks before.
        lost: starts of hours whose gap is closed as lost.
        gaps, revisions, declared: of the day; see `warehouse.explain`.
        sales: entries and sales beside each other; None where unknown.
        run_id: the run that last changed the answer.
    """

    hours: pl.DataFrame
    counts: DayCounts
    intervals: pl.DataFrame
    regional: pl.DataFrame
    long_stays: pl.DataFrame
    flows: pl.DataFrame
    stored: pl.DataFrame
    answer: pl.DataFrame
    again: pl.DataFrame
    past_days: pl.DataFrame
    lost: tuple[dt.datetime, ...]
    gaps: pl.DataFrame
    revisions: pl.DataFrame
    declared: pl.DataFrame
    sales: dict[str, Any] | None
    run_id: str | None


def gather(warehouse: Warehouse, question: Question, now: dt.datetime) -> Evidence:
    """Everything that the answer rests on, read once."""
    store, day = question.store, question.trading_day
    start, end = day_bounds(store, day)
    hours = trading_day_hours([store], day, day)
    counts = figures_of_days(warehouse, [store], hours, now)
    regional, longer = (
        reads.counts(warehouse, report, [store.id], start, end) for report in (Report.REGIONS, Report.LONG_STAYS)
    )
    flows = zone_flows(counts.present, [store], hours)
    stored = reads.hourly(warehouse, [store.id], start, end)
    past_days = reads.day_history(warehouse, [store.id], {day - LAST_WEEK, day - LAST_YEAR})
    lost = reads.lost_hours(warehouse, [store.id], start, end)
    whole_day, asked = Period(store.id, start, end, day), Period(store.id, question.start, question.end, day)
    if question.table == ZONES:
        answer = reads.zone_hours(warehouse, [store.id], question.start, question.end)
        again = zone_hours(counts.zones, flows, regional, counts.hourly, [store], hours, long_stays=longer)
    elif question.table == DAYS:
        answer = reads.daily(warehouse, [store.id], day, day)
        again = daily_summaries(stored, [store], hours, now, lost, past_days)
    else:
        answer, again = stored, counts.hourly
    return Evidence(
        hours=hours,
        counts=counts,
        intervals=_intervals(counts, question, hours),
        regional=regional,
        long_stays=longer,
        flows=flows,
        stored=stored,
        answer=_asked_for(answer, question),
        again=_asked_for(again, question),
        past_days=past_days,
        lost=tuple(lost["hour_start"]),
        gaps=gaps_of(warehouse, whole_day),
        revisions=revisions_of(warehouse, whole_day),
        declared=lines_declared(warehouse, store.id),
        sales=sales_of(warehouse, asked, is_day=question.table == DAYS),
        run_id=run_of(warehouse, question.table, asked, question.zone),
    )


def _intervals(counts: DayCounts, question: Question, hours: pl.DataFrame) -> pl.DataFrame:
    crossed = crossings(counts.present, lines_frame([question.store]))
    intervals = entrance_intervals(crossed, hours)
    return intervals.with_columns(corrected_occupancy(["store_id", "trading_day"]).alias("corrected"))


def _asked_for(rows: pl.DataFrame, question: Question) -> pl.DataFrame:
    if question.hour is None:
        return rows.filter(pl.col("trading_day") == question.trading_day)
    mine = rows.filter(pl.col("hour_start") == question.start)
    return mine if question.zone is None else mine.filter(pl.col("zone") == question.zone)
