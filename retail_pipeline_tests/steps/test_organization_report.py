"""Overviews in a real Postgres: due when the day is over in every store, ranked like for like, made anew."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.due_pages import due_overviews, latest_overview_day
from retail_pipeline.steps.organization_report import keep_overviews, make_overview
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import fleet_of, shop, utc

FRIDAY, SATURDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 21)
FIRST = FRIDAY - dt.timedelta(days=13)
OPEN = {"mon-sat": "10:00-12:00"}
FLEET = fleet_of(
    shop("grown", timezone="Europe/Lisbon", opening_hours=OPEN),
    shop("fallen", timezone="America/Chicago", opening_hours=OPEN),
    shop("new", timezone="Europe/Lisbon", opening_hours=OPEN),
)
BY_NOW = utc("2026-11-21 14:00")
"""08:00 in Chicago, whose Friday ended at 06:00."""


def people(store_id: str, day: dt.date) -> int | None:
    """Entries in each open hour: the second week is up by half here, down by a half there; one shop is new in it."""
    is_second = day > FRIDAY - dt.timedelta(days=7)
    return {"grown": 12 if is_second else 8, "fallen": 6 if is_second else 12, "new": 5 if is_second else None}[
        store_id
    ]


def fill(warehouse: Warehouse, gap: Callable[[str, dt.date, int], bool] = lambda *_: False) -> None:
    hours = trading_day_hours(FLEET.stores, FIRST, FRIDAY)
    counts: list[dict[str, Any]] = []
    for store_id, start, date, clock, share in hours.select(
        "store_id", "hour_start", "local_date", "local_hour", "business_share"
    ).rows():
        found = people(store_id, date)
        if found is not None:
            count = found if share else 0
            is_complete = not gap(store_id, date, clock)
            counts.append(
                row(start, {1: (count, count)}, sensor=f"{store_id}-door", store=store_id, is_complete=is_complete)
            )
    by_run = pl.lit("a-run").alias("run_id")
    hourly = hourly_analytics(raw(*counts), FLEET.stores, hours, BY_NOW)
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, BY_NOW)
        tables.write_daily(connection, daily_summaries(hourly, FLEET.stores, hours, BY_NOW).with_columns(by_run))


@pytest.fixture
def warehouse(emptied_url: str) -> Warehouse:
    return Warehouse(emptied_url)


def test_an_overview_is_due_when_the_day_is_over_in_every_store_and_made_once(warehouse: Warehouse) -> None:
    fill(warehouse)
    assert ("acme", FRIDAY) not in due_overviews(FLEET, warehouse, BY_NOW - dt.timedelta(minutes=1))
    due = due_overviews(FLEET, warehouse, BY_NOW)
    assert ("acme", FRIDAY) in due
    assert ("acme", SATURDAY) not in due

    keep_overviews(FLEET, warehouse, due, BY_NOW, "a-run")
    assert due_overviews(FLEET, warehouse, BY_NOW) == []
    with warehouse.transaction() as connection:
        [(html, language)] = connection.execute(
            "SELECT html, language FROM retail.organization_reports WHERE trading_day = '2026-11-20'"
        ).fetchall()
        connection.execute(
            "UPDATE retail.daily_summaries SET input_version = now() + interval '1 year'"
            " WHERE store_id = 'fallen' AND trading_day = '2026-11-20'"
        )
    assert "grown" in html
    assert language == "en"
    assert due_overviews(FLEET, warehouse, BY_NOW) == [("acme", FRIDAY)]


def test_stores_are_ranked_like_for_like_and_a_new_one_stands_apart(warehouse: Warehouse) -> None:
    fill(warehouse)
    report = make_overview(FLEET, warehouse, "acme", FRIDAY, BY_NOW)
    assert report is not None
    assert [(one.store_name, one.rank, one.days, one.change) for one in report.ranked] == [
        ("grown", 1, 6, pytest.approx(0.5)),
        ("fallen", 2, 6, pytest.approx(-0.5)),
    ]
    assert [(one.store_name, one.reason, one.day_entries) for one in report.apart] == [
        ("new", "not_measured_before", 10)
    ]
    assert (report.entries, report.entries_before) == (2 * 6 * (12 + 6), 2 * 6 * (8 + 12))


def test_a_day_with_a_gap_is_left_out_of_both_weeks_of_its_store_alone(warehouse: Warehouse) -> None:
    fill(warehouse, gap=lambda store_id, day, clock: (store_id, day, clock) == ("grown", FIRST, 10))
    report = make_overview(FLEET, warehouse, "acme", FRIDAY, BY_NOW)
    assert report is not None
    assert {one.store_name: (one.days, one.change) for one in report.ranked} == {
        "grown": (5, pytest.approx(0.5)),
        "fallen": (6, pytest.approx(-0.5)),
    }


def test_a_day_on_which_all_were_closed_makes_none_and_nothing_measured_makes_none(warehouse: Warehouse) -> None:
    fill(warehouse)
    sunday = dt.date(2026, 11, 15)
    assert make_overview(FLEET, warehouse, "acme", sunday, BY_NOW) is None
    assert ("acme", sunday) not in due_overviews(FLEET, warehouse, utc("2026-11-16 15:00"))
    assert make_overview(FLEET, warehouse, "acme", dt.date(2026, 9, 1), BY_NOW) is None


def test_the_last_day_is_the_one_that_is_over_everywhere() -> None:
    assert latest_overview_day(FLEET.stores, utc("2026-11-21 03:00")) == dt.date(2026, 11, 19)
    assert latest_overview_day(FLEET.stores, BY_NOW) == FRIDAY


def test_a_day_on_which_all_were_closed_is_not_the_last() -> None:
    assert latest_overview_day(FLEET.stores, utc("2026-11-23 14:00")) == SATURDAY
