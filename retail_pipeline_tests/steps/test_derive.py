"""Many stores are derived some at a time, and nobody sees a difference."""

import datetime as dt

import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.steps import derive
from retail_pipeline.steps.derive import Derived, derive_hours
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.frames.rows import DAY, raw, row
from retail_pipeline_tests.shops import fleet_of, shop, utc

NAMES = ("shop-1", "shop-2", "shop-3")
FLEET = fleet_of(*map(shop, NAMES))
NOW = utc("2026-07-19 12:00")
START = utc(f"{DAY} 00:00") - dt.timedelta(days=1)
HOURS = [START + dt.timedelta(hours=n) for n in range(48)]


def derived(warehouse: Warehouse) -> Derived:
    """Two days of every store, in each of which someone came at ten."""
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, NOW)
        tens = [hour for hour in HOURS if hour.hour == 10]
        rows = [
            row(hour, {1: (people, people)}, store=name, sensor=f"{name}-door")
            for people, name in enumerate(NAMES, 1)
            for hour in tens
        ]
        tables.write_counts(connection, Report.LINES, raw(*rows))
    return derive_hours(FLEET, warehouse, dict.fromkeys(NAMES, HOURS), NOW, "a-run")


def test_stores_that_are_derived_some_at_a_time_come_to_the_same(
    emptied_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derive, "DAYS_TOGETHER", 3)  # one store of two days each time
    told = derived(Warehouse(emptied_url))

    rows = reads.hourly(Warehouse(emptied_url), NAMES, HOURS[0], HOURS[-1])
    counted = (
        rows.filter(rows["entries"] > 0).select("store_id", "hour_start", "entries").sort("store_id", "hour_start")
    )
    days = [HOURS[10], HOURS[34]]
    assert counted.rows() == [(name, hour, people) for people, name in enumerate(NAMES, 1) for hour in days]
    assert set(told.hours.derived) == {(hour, name) for hour in days for name in NAMES}
    assert told.changed_days == {(name, hour.date()) for hour in days for name in NAMES}
    assert told.failed == {}
