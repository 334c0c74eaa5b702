"""What is expected of an hour, or usual in one: the row as it stands, as it comes to now, and the hours behind it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import polars as pl

from retail_pipeline.fleet.calendar import LocalHour, open_spans
from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.heat_map import WHOLE_STORE, heat_maps, hours_of_cells
from retail_pipeline.frames.staffing import backtest, hours_to_plan_by, staffing_hours
from retail_pipeline.steps.explain.question import HEAT, STAFF, Question
from retail_pipeline.steps.explain.working import Row
from retail_pipeline.steps.outlook import STAFFING_HISTORY, hourly_entries
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.explain import heat_map_cell, staffing_hour

_FIGURES = {
    STAFF: ("expected_entries", "p25", "p75", "recommended_staff", "expected_wape"),
    HEAT: ("entries", "share_of_week", "hours"),
}


@dataclass(frozen=True)
class Outlook:
    """A row of `staffing_hours` or `heat_maps`.

    Attributes:
        answer: as it stands, and `again`: as it comes to now; empty where there is none.
        run_id: the run that last changed it.
        is_kept: the day has begun, so that what was expected of it stays, whatever is known since.
        is_open: the shop is open in the hour for any part.
        hours: `hour_start`, `entries` of the hours that it is made from, in order.
        tested: the back-test of a plan: `error`, `entries`, `hours`; None where nothing was tested.
        week: entries of all cells of the heat map, added up.
        staff_rate: `entries_per_staff_hour` of the store.
    """

    answer: pl.DataFrame
    again: pl.DataFrame
    run_id: str | None
    is_kept: bool
    is_open: bool
    hours: tuple[Row, ...]
    tested: Row | None
    week: float
    staff_rate: float | None


def read_outlook(warehouse: Warehouse, question: Question, now: dt.datetime) -> Outlook | None:
    """The row and what it rests on; None where another table is asked for."""
    if question.hour is None or question.table not in _FIGURES:
        return None
    read = _plan if question.table == STAFF else _cell
    return read(warehouse, question, question.hour, now)


def _plan(warehouse: Warehouse, question: Question, hour: LocalHour, now: dt.datetime) -> Outlook:
    """A plan of a day that has begun is as it was made before midnight."""
    store = question.store
    midnight = dt.datetime.combine(hour.local_date, dt.time(), store.zone_info).astimezone(dt.UTC)
    made_at = min(now, midnight - dt.timedelta(minutes=1))
    hourly = reads.hourly(warehouse, [store.id], made_at - STAFFING_HISTORY, made_at)
    past, recent = hours_to_plan_by(hourly, [store], made_at)
    mine = (pl.col("local_date") == hour.local_date) & (pl.col("local_hour") == hour.local_hour)
    weekday = pl.col("local_date").dt.weekday() == hour.local_date.isoweekday()
    alike = recent.filter(weekday, pl.col("local_hour") == hour.local_hour).drop_nulls("entries")
    standing = staffing_hour(warehouse, store.id, hour.local_date, hour.local_hour)
    tested = backtest(recent, past)
    return Outlook(
        answer=standing.select(_FIGURES[STAFF]),
        again=staffing_hours(hourly, [store], made_at).filter(mine).select(_FIGURES[STAFF]),
        run_id=_run_id(standing),
        is_kept=midnight <= now,
        is_open=any(start < hour.hour_end and end > hour.hour_start for start, end in _open_spans(store, hour)),
        hours=_rows(alike.sort("hour_start").unique("local_date", keep="first", maintain_order=True)),
        tested=tested.row(0, named=True) if tested.height else None,
        week=0.0,
        staff_rate=store.entries_per_staff_hour,
    )


def _cell(warehouse: Warehouse, question: Question, hour: LocalHour, now: dt.datetime) -> Outlook:
    zone, weekday = question.zone or WHOLE_STORE, hour.local_date.isoweekday()
    entries = hourly_entries(warehouse, [question.store], now).filter(pl.col("zone") == zone)
    mine = (pl.col("weekday") == weekday) & (pl.col("local_hour") == hour.local_hour)
    standing = heat_map_cell(warehouse, question.store.id, zone, weekday, hour.local_hour)
    cells = heat_maps(entries, now)
    return Outlook(
        answer=standing.select(_FIGURES[HEAT]),
        again=cells.filter(mine).select(_FIGURES[HEAT]),
        run_id=_run_id(standing),
        is_kept=False,
        is_open=True,
        hours=_rows(hours_of_cells(entries, now).filter(mine).sort("hour_start")),
        tested=None,
        week=float(cells["entries"].sum()),
        staff_rate=None,
    )


def _open_spans(store: Store, hour: LocalHour) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Those that begin on the date, and those of the evening before that may reach into it."""
    for date in (hour.local_date - dt.timedelta(days=1), hour.local_date):
        yield from open_spans(store, date)


def _rows(hours: pl.DataFrame) -> tuple[Row, ...]:
    return tuple(hours.select("hour_start", "entries").iter_rows(named=True))


def _run_id(rows: pl.DataFrame) -> str | None:
    return cast("str", rows["run_id"][0]) if rows.height else None
