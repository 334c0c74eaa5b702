"""Reports of days in a real Postgres: made in the morning, again when figures change, never of closed days."""

import datetime as dt

import polars as pl
import pytest

from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.due_pages import due_reports, latest_day
from retail_pipeline.steps.report import keep_reports, make_report
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline.warehouse.store_reports import read_report
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import fleet_of, shop, utc

FRIDAY = dt.date(2026, 11, 20)
FIRST = FRIDAY - dt.timedelta(days=21)
FLEET = fleet_of(shop("shop-1", timezone="Europe/Lisbon", opening_hours={"mon-sat": "10:00-20:00"}, language="pt"))
[STORE] = FLEET.stores
MORNING = utc("2026-11-21 08:00")


def fill(warehouse: Warehouse, *, gap_at: int | None = None, busy_at: int | None = None) -> None:
    """Three weeks and a day: 12 people in every open hour, but Friday's special ones."""
    hours = trading_day_hours(FLEET.stores, FIRST, FRIDAY)
    counts = []
    for start, date, clock, share in hours.select("hour_start", "local_date", "local_hour", "business_share").rows():
        is_friday = date == FRIDAY
        people = 60 if is_friday and clock == busy_at else 12 if share else 0
        counts.append(row(start, {1: (people, people)}, is_complete=not (is_friday and clock == gap_at)))
    by_run = pl.lit("a-run").alias("run_id")
    hourly = hourly_analytics(raw(*counts), FLEET.stores, hours, MORNING)
    daily = daily_summaries(hourly, FLEET.stores, hours, MORNING)
    slices = hours.select("store_id", pl.col("hour_start").alias("start"), pl.col("hour_end").alias("end"))
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, MORNING)
        tables.write_hourly(connection, hourly.with_columns(by_run), slices)
        tables.write_daily(connection, daily.with_columns(by_run))


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    migrate(database_url)
    return Warehouse(database_url)


def test_a_report_is_due_at_eight_in_the_stores_morning_and_made_once(warehouse: Warehouse) -> None:
    fill(warehouse)
    assert ("shop-1", FRIDAY) not in due_reports(FLEET, warehouse, MORNING - dt.timedelta(minutes=1))
    due = due_reports(FLEET, warehouse, MORNING)
    assert ("shop-1", FRIDAY) in due

    keep_reports(FLEET, warehouse, due, MORNING, "a-run")
    assert due_reports(FLEET, warehouse, MORNING) == []
    with warehouse.transaction() as connection:
        html = read_report(connection, "shop-1", FRIDAY)
        assert html is not None
        assert "sexta-feira, 20 de novembro de 2026" in html
        connection.execute("UPDATE retail.daily_summaries SET input_version = now() WHERE trading_day = '2026-11-20'")
    assert due_reports(FLEET, warehouse, MORNING) == [("shop-1", FRIDAY)]


def test_a_closed_day_makes_none_and_the_latest_day_is_an_open_one(warehouse: Warehouse) -> None:
    fill(warehouse)
    sunday, monday_morning = dt.date(2026, 11, 15), utc("2026-11-16 09:00")
    assert make_report(FLEET, warehouse, "shop-1", sunday, monday_morning) is None
    assert all(day.weekday() != 6 for _, day in due_reports(FLEET, warehouse, monday_morning))
    assert latest_day(STORE, monday_morning) == dt.date(2026, 11, 14)


def test_a_day_is_told_against_what_is_usual_and_against_last_week(warehouse: Warehouse) -> None:
    fill(warehouse, busy_at=17)
    report = make_report(FLEET, warehouse, "shop-1", FRIDAY, MORNING)
    assert report is not None
    busy = next(hour for hour in report.hours if hour.local_hour == 17)
    assert (busy.entries, busy.usual) == (60, 12.0)
    assert (report.entries, report.entries_last_week) == (168, 120)
    assert report.change_last_week == pytest.approx(0.4)


def test_an_hour_with_a_gap_is_a_gap_in_the_report(warehouse: Warehouse) -> None:
    fill(warehouse, gap_at=12)
    report = make_report(FLEET, warehouse, "shop-1", FRIDAY, MORNING)
    assert report is not None
    assert [hour.local_hour for hour in report.hours if hour.is_gap] == [12]


def test_nothing_collected_makes_no_report(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, MORNING)
    assert make_report(FLEET, warehouse, "shop-1", FRIDAY, MORNING) is None
    assert keep_reports(FLEET, warehouse, [("shop-1", FRIDAY), ("gone", FRIDAY)], MORNING, "a-run") == {}
