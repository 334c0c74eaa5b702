"""The hours before a day are read as far as its figures rest on them, and no further."""

import datetime as dt
from collections.abc import Collection

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.derive import derive_days
from retail_pipeline.steps.figures import DayCounts, figures_of_days
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import fleet_of, shop, utc

# A clock goes forward within the weeks before, so that the same hour of the wall clock is another of UTC.
OPEN = {"mon-sun": "11:00-13:00"}
FLEET = fleet_of(*(shop(f"shop-{n}", timezone="Europe/Berlin", opening_hours=OPEN) for n in (1, 2, 3)))
NOW = utc("2026-04-17 12:10")
DAY = dt.date(2026, 4, 15)
FIRST = DAY - dt.timedelta(weeks=11)


def fill(warehouse: Warehouse, left_out: Collection[tuple[str, dt.datetime]]) -> None:
    """Eleven weeks of two open hours a day, and two at night, with people that differ from day to day."""
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, NOW)
    hours = trading_day_hours(FLEET.stores, FIRST, DAY).filter(pl.col("local_hour").is_in([0, 11, 12, 23]))
    rows = [
        row(start, {1: (5 + (start.toordinal() * 7 + start.hour) % 23, 3)}, sensor=f"{name}-door", store=name)
        for name, start in hours.select("store_id", "hour_start").iter_rows()
        if (name, start) not in left_out
    ]
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(*rows))
    days = {FIRST + dt.timedelta(days=n) for n in range((DAY - FIRST).days + 1)}
    derive_days(FLEET, warehouse, {store.id: days for store in FLEET.stores}, NOW, "first")


@pytest.fixture
def warehouse(emptied_url: str) -> Warehouse:
    """On the last day an hour of the second store is missing, and four weeks before one of the third."""
    warehouse = Warehouse(emptied_url)
    fill(warehouse, {("shop-2", utc(f"{DAY} 09:00")), ("shop-3", utc(f"{DAY - dt.timedelta(weeks=4)} 10:00"))})
    return warehouse


def derived(warehouse: Warehouse, first: dt.date, *, whole_past: bool) -> DayCounts:
    hours = trading_day_hours(FLEET.stores, first, DAY)
    return figures_of_days(warehouse, FLEET.stores, hours, NOW, whole_past=whole_past)


@pytest.mark.parametrize(
    "days",
    [pytest.param(1, id="a day"), pytest.param(5, id="days whose weeks touch"), pytest.param(40, id="weeks of days")],
)
def test_figures_are_those_that_all_of_the_past_gives(warehouse: Warehouse, days: int) -> None:
    first = DAY - dt.timedelta(days=days - 1)
    told, by_everything = (derived(warehouse, first, whole_past=whole).hourly for whole in (False, True))
    assert_frame_equal(told, by_everything, check_exact=True)
    of_day = told.filter(pl.col("trading_day") == DAY)
    assert of_day["index_vs_normal"].drop_nulls().len() == 11
    assert of_day.drop_nulls("imputation_wape").select("store_id", "local_hour").rows() == [("shop-2", 11)]


def test_only_of_a_store_that_lacks_an_hour_more_is_read_than_the_same_hours_of_four_weeks(
    warehouse: Warehouse,
) -> None:
    past = derived(warehouse, DAY, whole_past=False).past
    known = {store_id: set(days) for store_id, days in past.group_by("store_id").agg("local_date").iter_rows()}
    four_weeks = {DAY - dt.timedelta(weeks=week) for week in (1, 2, 3, 4)}
    around = {day + dt.timedelta(days=near) for day in four_weeks for near in (-2, -1, 0, 1, 2)}
    assert four_weeks <= known["shop-1"] <= around
    assert min(known["shop-2"]) == FIRST
    assert four_weeks <= known["shop-3"] <= around
