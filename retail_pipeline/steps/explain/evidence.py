"""Reads all that an explanation rests on: the trading day's counts and figures, and where they came from."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.queues import queue_alerts
from retail_pipeline.frames.zone_days import zone_days
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
from retail_pipeline.steps.explain.trading_day import TradingDay, read_trading_day
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.explain import Period, gaps_of, lines_declared, revisions_of, run_of, sales_of


@dataclass(frozen=True)
class Evidence:
    """What an answer rests on.

    Attributes:
        day: the trading day in which the question lies.
        answer: the row that is asked for as it stands, in its table; empty where there is none.
        again: that row as it would be derived now; empty where it would not be.
        outlook: the hours that a plan or a cell of a heat map is made from; None where neither is asked for.
        compared: hours of other days that figures of the question rest on.
        gaps, revisions, declared: of the day and of `compared`; see `warehouse.explain`.
        sales: entries and sales beside each other; None where unknown.
        run_id: the run that last changed the answer; None where no run wrote it.
    """

    day: TradingDay
    answer: pl.DataFrame
    again: pl.DataFrame
    outlook: Outlook | None
    compared: Compared
    gaps: pl.DataFrame
    revisions: pl.DataFrame
    declared: pl.DataFrame
    sales: dict[str, Any] | None
    run_id: str | None


def gather(warehouse: Warehouse, question: Question, now: dt.datetime) -> Evidence:
    """Everything that the answer rests on, read once."""
    store = question.store
    day = read_trading_day(warehouse, store, question.trading_day, now)
    outlook = read_outlook(warehouse, question, now)
    compared = read_compared(warehouse, question, now)
    periods = _periods(question, compared)
    asked = Period(store.id, question.start, question.end, question.trading_day)
    return Evidence(
        day=day,
        answer=outlook.answer if outlook else _asked_for(_standing(warehouse, question, day), question),
        again=outlook.again if outlook else _asked_for(_derived(question, day, now), question),
        outlook=outlook,
        compared=compared,
        gaps=_once(gaps_of(warehouse, one) for one in periods),
        revisions=_once(revisions_of(warehouse, one) for one in periods),
        declared=lines_declared(warehouse, store.id),
        sales=sales_of(warehouse, asked, is_day=question.table == DAYS),
        run_id=outlook.run_id if outlook else run_of(warehouse, question.table, asked, question.place),
    )


def _derived(question: Question, day: TradingDay, now: dt.datetime) -> pl.DataFrame:
    """The rows of the table that is asked for as they come to now; heat comes of nothing."""
    stores = [question.store]
    if question.table == DAYS:
        return daily_summaries(day.stored, stores, day.hours, now, day.lost, day.past_days)
    if question.table == ALERTS:
        return queue_alerts(day.zones, stores)
    if question.table == ZONE_DAYS:
        return _zone_days(day.zones, day.hours)
    return {
        HOURS: day.counts.hourly,
        ZONES: day.zones,
        INTERVALS: day.counts.zones,
        FLOWS: day.flows,
        DEVICE_HEAT: day.heat.clear(),
    }[question.table]


def _standing(warehouse: Warehouse, question: Question, day: TradingDay) -> pl.DataFrame:
    """The rows of the table that is asked for; a zone's day stands in none, and is made of its hours as they stand."""
    asked = [question.store.id], question.start, question.end
    if question.table == DAYS:
        return reads.daily(warehouse, asked[0], question.trading_day, question.trading_day)
    if question.table == ZONE_DAYS:
        return _zone_days(reads.zone_hours(warehouse, *asked), day.hours)
    if question.table == DEVICE_HEAT:
        return reads.device_heat(warehouse, *asked).rename({"collected_at": "input_version"})
    read = {HOURS: reads.hourly, INTERVALS: reads.zones, **reads.BY_ZONE}
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
