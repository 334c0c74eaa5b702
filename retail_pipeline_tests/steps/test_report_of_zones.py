"""What a report says of zones, queues and gaps, out of the tables that hold it."""

import datetime as dt

import polars as pl
import psycopg
import pytest

from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.queues import queue_alerts
from retail_pipeline.reports.data_quality import CAUSES, gaps_in_words
from retail_pipeline.reports.day import DayReport, ReportAlert
from retail_pipeline.reports.page import day_page
from retail_pipeline.reports.wording import Wording
from retail_pipeline.steps.report import make_report
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.frames.rows import DAY, hours_of, raw, row
from retail_pipeline_tests.frames.zone_shop import LINES, ZONES, stays_row, zone_hours_of
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

FLEET = fleet_of(
    shop(
        "shop-1",
        door("d", lines=LINES, reports=["lines", "regions"], regions={4: "window"}),
        zones=ZONES,
        queue_alert={"length": 4, "minutes": 8},
    )
)
[STORE] = FLEET.stores
MORNING = utc("2026-07-19 08:00")
COUNTED = {10: (6, 1), 11: (8, 7)}
"""Joins and leaves of the queue, by hour; at 12:00 the device was away."""


@pytest.fixture
def warehouse(emptied_url: str) -> Warehouse:
    """The shop's day: a growing queue at 10 and 11, four stays, a gap at 12."""
    opened = Warehouse(emptied_url)
    rows = [
        row(f"{hour:02}:00", {1: (20, 20), 3: COUNTED.get(hour, (0, 0))}, sensor="d")
        for hour in range(24)
        if hour != 12
    ]
    hours = hours_of(STORE)
    hourly = hourly_analytics(raw(*rows), [STORE], hours, MORNING)
    zones = zone_hours_of(STORE, *rows, stays=(stays_row("10:00", {4: 4}),))
    whole = hours.select("store_id", pl.col("hour_start").alias("start"), pl.col("hour_end").alias("end"))
    by_run = pl.lit("a-run").alias("run_id")
    with opened.transaction() as connection:
        sync_fleet(connection, FLEET, MORNING)
        tables.write_hourly(connection, hourly.with_columns(by_run), whole)
        tables.write_daily(connection, daily_summaries(hourly, [STORE], hours, MORNING).with_columns(by_run))
        tables.write_by_zone(connection, "zone_hours", zones.with_columns(by_run), whole)
        tables.write_by_zone(connection, "queue_alerts", queue_alerts(zones, [STORE]).with_columns(by_run), whole)
        lose_noon(connection)
    return opened


def lose_noon(connection: psycopg.Connection) -> None:
    values = {"at": utc(f"{DAY} 12:00"), "now": MORNING, "later": MORNING + dt.timedelta(days=20)}
    connection.execute(
        """
        INSERT INTO retail.collection_gaps (
            sensor_id, store_id, organization_id, report, hour_start, cause, first_seen, attempts, next_attempt,
            deadline
        )
        VALUES ('d', 'shop-1', 'acme', 'lines', %(at)s, 'unreachable', %(now)s, 1, %(now)s, %(later)s)
        """,
        values,
    )


@pytest.fixture
def report(warehouse: Warehouse) -> DayReport:
    made = make_report(FLEET, warehouse, "shop-1", DAY, MORNING)
    assert made is not None
    return made


def test_zones_are_those_of_zone_hours_in_the_order_of_the_fleet_file(report: DayReport) -> None:
    assert [zone.name for zone in report.zones] == ["Hall", "Floor", "Till", "Window"]
    hall, _, till, window = report.zones
    assert (hall.entries, till.entries, till.queue_length_max) == (20 * 23, 14, 6)
    assert till.wait_minutes == pytest.approx(6 * 60 / 8)
    assert (window.stays, till.stays) == (4, None)
    assert [hour.local_hour for hour in till.hours if hour.entries] == [10, 11]
    assert 12 not in {hour.local_hour for hour in till.hours}


def test_queues_that_passed_a_limit_are_told_with_it(report: DayReport) -> None:
    assert report.queue_limit == 4
    assert report.alerts[:2] == (
        ReportAlert("Till", 10, 5, None, 4, None),
        ReportAlert("Till", 11, 6, pytest.approx(45.0), 4, 8.0),
    )


def test_a_gap_is_told_with_its_cause_and_the_day_has_a_letter(report: DayReport) -> None:
    assert gaps_in_words(report, Wording("en")) == ["12:00: the device did not answer"]
    assert (report.quality, report.completeness) == ("X", pytest.approx(23 / 24))
    page = day_page(report)
    assert "Quality X" in page
    assert "Till, 11:00: 6 people waited, where 4 are the limit" in page


def test_every_cause_that_the_ledger_knows_has_its_words(warehouse: Warehouse) -> None:
    statement = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'collection_gaps_cause'"
    with warehouse.transaction() as connection:
        [(rule,)] = connection.execute(statement).fetchall()
    causes = {part.split("'")[0] for part in rule.split("'")[1::2]}
    assert causes
    assert causes <= set(CAUSES)
