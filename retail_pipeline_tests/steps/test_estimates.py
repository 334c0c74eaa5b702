"""An estimate follows the weeks before it, and the day that it belongs to follows the estimate."""

import datetime as dt
from typing import Any

import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.derive import derive_days, derive_hours
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import fleet_of, shop, utc

FLEET = fleet_of(shop())
DAY = dt.date(2026, 7, 16)
NOW = utc("2026-07-18 12:10")
WEEKS = [DAY - dt.timedelta(weeks=n) for n in (1, 2)]
LATER = NOW + dt.timedelta(minutes=1)


COLLECTED = utc("2026-07-17 06:00")


def counted(day: dt.date, hour: int, people: int, at: dt.datetime = COLLECTED) -> dict[str, Any]:
    return row(f"{day} {hour:02}:00", {1: (people, people)}, collected_at=at)


def write(warehouse: Warehouse, *rows: dict[str, Any]) -> None:
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(*rows))


@pytest.fixture
def warehouse(emptied_url: str) -> Warehouse:
    """Two weeks of 10 people an hour from 10 to 20, then a day on which the hour at 12 is missing; all summed up."""
    warehouse = Warehouse(emptied_url)
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, NOW)
    write(
        warehouse, *(counted(day, hour, 10) for day in (*WEEKS, DAY) for hour in range(24) if (day, hour) != (DAY, 12))
    )
    days = {"shop-1": {*WEEKS, DAY}}
    derive_days(FLEET, warehouse, days, NOW, "first")
    summarise_days(FLEET, warehouse, days, NOW, "first", due_only=False, since=NOW - dt.timedelta(days=31))
    return warehouse


def imputed_share(warehouse: Warehouse) -> float:
    return float(reads.daily(warehouse, ["shop-1"], DAY, DAY)["imputed_share"][0])


def test_a_day_older_than_yesterday_is_due_when_only_its_estimate_changes(warehouse: Warehouse) -> None:
    assert imputed_share(warehouse) == pytest.approx(10 / 240)
    assert due_days(FLEET, warehouse, utc("2026-06-20 00:00"), NOW, ended_only=True) == set()

    write(warehouse, counted(WEEKS[0], 12, 30, LATER))
    hour = utc(f"{WEEKS[0]} 12:00")
    derived = derive_hours(FLEET, warehouse, {"shop-1": [hour]}, LATER, "automation")
    due = due_days(FLEET, warehouse, utc("2026-06-20 00:00"), LATER, ended_only=True)

    assert ("shop-1", DAY) in derived.changed_days
    assert due >= {("shop-1", DAY), ("shop-1", WEEKS[0])}
    days = {"shop-1": {day for _, day in due}}
    summarise_days(FLEET, warehouse, days, LATER, "second", due_only=True, since=utc("2026-06-20 00:00"))
    assert imputed_share(warehouse) == pytest.approx(20 / 250)
    assert due_days(FLEET, warehouse, utc("2026-06-20 00:00"), LATER, ended_only=True) == set()
