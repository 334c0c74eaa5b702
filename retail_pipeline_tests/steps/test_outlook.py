"""The outlook in a real Postgres: written once, kept where nothing changed, emptied where hours were lost."""

import datetime as dt

import polars as pl
import psycopg
import pytest

from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.schemas import VIRTUAL_REGION_OCCUPANCY
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline.steps.outlook import draw_heat_maps, plan_staffing
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-07-18 12:30")
FIRST = dt.date(2026, 6, 15)
FLEET = fleet_of(
    shop(
        "shop-1",
        door("shop-1-door", lines={1: {"role": "entrance"}}),
        zones={"hall": {"kind": "entrance", "name": "Hall"}},
        entries_per_staff_hour=10,
    )
)


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    """Five weeks of a shop in which 25 people come at 10 and 11 o'clock."""
    migrate(database_url)
    warehouse = Warehouse(database_url)
    hours = trading_day_hours(FLEET.stores, FIRST, NOW.date()).filter(pl.col("hour_end") <= NOW)
    counts = raw(*(row(start, {1: (25 if start.hour in {10, 11} else 0, 0)}) for start in hours["hour_start"]))
    hourly = hourly_analytics(counts, FLEET.stores, hours, NOW).with_columns(run_id=pl.lit("a-run"))
    zones = virtual_region_occupancy(counts, FLEET.stores, hours).with_columns(run_id=pl.lit("a-run"))
    slices = hours.select("store_id", pl.col("hour_start").alias("start"), pl.col("hour_end").alias("end"))
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, NOW)
        tables.write_hourly(connection, hourly, slices)
        tables.write_zones(connection, zones.select(*VIRTUAL_REGION_OCCUPANCY, "run_id"), slices)
    return warehouse


def rows_of(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_staffing_is_written_once_for_fourteen_days_of_open_hours(warehouse: Warehouse, database_url: str) -> None:
    assert plan_staffing(FLEET, warehouse, NOW, "a-run").changed == 14 * 10
    assert plan_staffing(FLEET, warehouse, NOW, "another-run").changed == 0
    staff = rows_of(
        database_url,
        "SELECT DISTINCT local_hour, expected_entries, recommended_staff, expected_wape"
        " FROM retail.staffing_hours WHERE local_hour IN (11, 12) ORDER BY 1",
    )
    assert staff == [(11, 25.0, 3, 0.0), (12, 0.0, 0, 0.0)]


def test_heat_maps_of_store_and_zone_share_out_the_week(warehouse: Warehouse, database_url: str) -> None:
    assert draw_heat_maps(FLEET, warehouse, NOW, "a-run").rows == 2 * 168
    assert draw_heat_maps(FLEET, warehouse, NOW, "a-run").changed == 0
    told = rows_of(
        database_url,
        "SELECT DISTINCT zone, entries, round(share_of_week::numeric, 6)::float FROM retail.heat_maps"
        " WHERE local_hour = 10 ORDER BY zone",
    )
    assert told == [("*", 25.0, round(1 / 14, 6)), ("hall", 25.0, round(1 / 14, 6))]


def test_a_cell_that_lost_its_hours_is_taken_out(warehouse: Warehouse, database_url: str) -> None:
    draw_heat_maps(FLEET, warehouse, NOW, "a-run")
    with warehouse.transaction() as connection:
        connection.execute("UPDATE retail.hourly_analytics SET is_complete = false WHERE local_hour = 10")
    assert draw_heat_maps(FLEET, warehouse, NOW, "a-run").rows == 2 * 168 - 7
    assert rows_of(database_url, "SELECT count(*) FROM retail.heat_maps WHERE zone = '*' AND local_hour = 10") == [(0,)]
