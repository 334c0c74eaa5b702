"""Reads all that an explanation rests on: the trading day's counts and figures, and where they came from."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.drift import corrected_occupancy
from retail_pipeline.frames.flows import zone_flows
from retail_pipeline.frames.hourly import entrance_intervals
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.numbered import numbered, placed
from retail_pipeline.frames.queues import queue_alerts
from retail_pipeline.frames.zone_days import zone_days
from retail_pipeline.frames.zone_hours import zone_hours
from retail_pipeline.steps.explain.compared import Compared, read_compared
from retail_pipeline.steps.explain.outlook import Outlook, read_outlook
from retail_pipeline.steps.explain.question import (
    ALERTS,
    DAYS,
    DEVICE_HEAT,
    FLOWS,
    HOURS,
    INTERVALS,
    ZONE_DAYS,
    ZONES,
    Question,
)
from retail_pipeline.steps.figures import DayCounts, figures_of_days
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.explain import Period, gaps_of, lines_declared, revisions_of, run_of, sales_of

_STAYS = (Report.REGIONS, Report.LONG_STAYS)


@dataclass(frozen=True)
class Evidence:
    """The trading day of a question.

    Attributes:
        hours: its local hours (`STORE_HOURS`).
        counts: its counts, and the figures that they come to now.
        intervals: `entrance_intervals` of the day with `corrected`.
        regional, long_stays: stays and long ones as reported.
        heat: values of the devices' own heat as reported.
        zones, flows: `zone_hours` and `zone_flows` as they would be derived now.
        stored: `hourly_analytics` of the day, as it stands.
        answer: the row that is asked for as it stands, in its table; empty where there is none.
        again: that row as it would be derived now; empty where it would not be.
        outlook: the hours that a plan or a cell of a heat map is made from; None where neither is asked for.
        past_days: the days a week and 52 weeks before.
        compared: hours of other days that figures of the question rest on.
        lost: starts of hours whose gap is closed as lost.
        gaps, revisions, declared: of the day and of `compared`; see `warehouse.explain`.
        sales: entries and sales beside each other; None where unknown.
        run_id: the run that last changed the answer.
    """

    hours: pl.DataFrame
    counts: DayCounts
    intervals: pl.DataFrame
    regional: pl.DataFrame
    long_stays: pl.DataFrame
    heat: pl.DataFrame
    zones: pl.DataFrame
    flows: pl.DataFrame
    stored: pl.DataFrame
    answer: pl.DataFrame
    again: pl.DataFrame
    outlook: Outlook | None
    past_days: pl.DataFrame
    compared: Compared
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
    regional, long_stays = (reads.counts(warehouse, report, [store.id], start, end) for report in _STAYS)
    heat = reads.device_heat(warehouse, [store.id], start, end)
    zones, flows = _by_zone(question, hours, counts, regional, long_stays)
    stored = reads.hourly(warehouse, [store.id], start, end)
    past_days = reads.day_history(warehouse, [store.id], {day - LAST_WEEK, day - LAST_YEAR})
    lost = reads.lost_hours(warehouse, [store.id], start, end)
    compared = read_compared(warehouse, question, now)
    periods = _periods(question, compared)
    asked = Period(store.id, question.start, question.end, day)
    outlook = read_outlook(warehouse, question, now)
    derived = {
        HOURS: counts.hourly,
        DAYS: daily_summaries(stored, [store], hours, now, lost, past_days),
        ZONES: zones,
        ZONE_DAYS: _zone_days(zones, hours),
        INTERVALS: counts.zones,
        FLOWS: flows,
        ALERTS: queue_alerts(zones, [store]),
        DEVICE_HEAT: heat.clear(),
    }
    answer = outlook.answer if outlook else _asked_for(_standing(warehouse, question, hours), question)
    return Evidence(
        hours=hours,
        counts=counts,
        intervals=_intervals(counts, question, hours),
        regional=regional,
        long_stays=long_stays,
        heat=heat,
        zones=zones,
        flows=flows,
        stored=stored,
        answer=answer,
        again=outlook.again if outlook else _asked_for(derived[question.table], question),
        outlook=outlook,
        past_days=past_days,
        compared=compared,
        lost=tuple(lost["hour_start"]),
        gaps=_once(gaps_of(warehouse, one) for one in periods),
        revisions=_once(revisions_of(warehouse, one) for one in periods),
        declared=lines_declared(warehouse, store.id),
        sales=sales_of(warehouse, asked, is_day=question.table == DAYS),
        run_id=outlook.run_id if outlook else run_of(warehouse, question.table, asked, question.place),
    )


def _by_zone(
    question: Question, hours: pl.DataFrame, counts: DayCounts, regional: pl.DataFrame, long_stays: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`zone_hours` and `zone_flows`, as they would be derived now."""
    stores = [question.store]
    flows = zone_flows(counts.present, stores, hours)
    stays, longer = (measured(rows, counts.off.hours, hours) for rows in (regional, long_stays))
    return zone_hours(counts.zones, flows, stays, counts.hourly, stores, hours, long_stays=longer), flows


def _standing(warehouse: Warehouse, question: Question, hours: pl.DataFrame) -> pl.DataFrame:
    """The rows of the table that is asked for; a zone's day stands in none, and is made of its hours as they stand."""
    asked = [question.store.id], question.start, question.end
    if question.table == DAYS:
        return reads.daily(warehouse, asked[0], question.trading_day, question.trading_day)
    if question.table == ZONE_DAYS:
        return _zone_days(reads.zone_hours(warehouse, *asked), hours)
    if question.table == DEVICE_HEAT:
        return reads.device_heat(warehouse, *asked).rename({"collected_at": "input_version"})
    read = {
        HOURS: reads.hourly,
        ZONES: reads.zone_hours,
        INTERVALS: reads.zones,
        FLOWS: reads.zone_flows,
        ALERTS: reads.queue_alerts,
    }
    return read[question.table](warehouse, *asked)


def _zone_days(zones: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """As reports show them, with the newest counts that their hours were made from."""
    newest = zones.group_by("store_id", "zone", "trading_day").agg(pl.col("input_version").max())
    return zone_days(zones, hours).join(newest, on=["store_id", "zone", "trading_day"])


def _periods(question: Question, compared: Compared) -> list[Period]:
    """The trading day, and the hours of others; whole days where a day is asked for."""
    store, day = question.store, question.trading_day
    if question.hour is None:
        days = sorted({day, *(one.trading_day for one in compared.hours)})
        return [Period(store.id, *day_bounds(store, one), one) for one in days]
    hours = (Period(store.id, one.hour_start, one.hour_end, one.trading_day) for one in compared.hours)
    return [*hours, Period(store.id, *day_bounds(store, day), day)]


def _once(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames).unique(maintain_order=True)


def _intervals(counts: DayCounts, question: Question, hours: pl.DataFrame) -> pl.DataFrame:
    known = numbered(hours)
    return (
        entrance_intervals(placed(counts.present, known), [question.store], known)
        .with_columns(corrected_occupancy("area_day").alias("corrected"))
        .join(known.lazy().select("hour", "hour_start"), on="hour", maintain_order="left")
        .collect()
    )


def _asked_for(rows: pl.DataFrame, question: Question) -> pl.DataFrame:
    """The one row, of rows of its table."""
    is_meant = {
        "trading_day": question.trading_day if question.period == "day" else None,
        "hour_start": question.start if question.period == "hour" else None,
        "interval_start": question.start if question.period == "interval" else None,
        "zone": question.zone,
        "sensor_id": question.device,
        **dict(zip(("from_area", "to_area"), question.way or (None, None), strict=True)),
    }
    return rows.filter(*(pl.col(name) == key for name, key in is_meant.items() if key is not None))
