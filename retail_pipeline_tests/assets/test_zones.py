"""Zones through Dagster: one run derives hours and zones, and each table's partitions say what they hold."""

import dagster as dg
import pytest

from retail_pipeline.assets.partitions import hour_key
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline_tests.living import HOUR, Living
from retail_pipeline_tests.shops import utc

FIRST, LAST = utc("2026-11-20 10:00"), utc("2026-11-20 11:00")


@pytest.fixture(scope="module")
def derived(life: Living) -> dg.ExecuteInProcessResult:
    """Two hours of three stores, collected and derived by the jobs that people know."""
    life.at(utc("2026-11-20 12:45"))
    stores = life.know_stores()
    collected = [dg.AssetKey(name) for name in ("raw_sensor_counts", "regional_counts")]
    assert life.run(jobs.COLLECT_SENSORS, hour_rectangle(FIRST, LAST, stores), collected).success
    return life.run(jobs.CALCULATE_REGIONS, hour_rectangle(FIRST, LAST, stores))


def rows(result: dg.ExecuteInProcessResult, table: str) -> dict[str, int]:
    """Row counts by partition, as the run told them."""
    events = [one.materialization for one in result.get_asset_materialization_events()]
    return {
        str(one.partition): one.metadata["dagster/partition_row_count"].value
        for one in events
        if one.asset_key == dg.AssetKey(table)
    }


def test_every_hour_of_every_store_holds_its_zone_and_both_ways_through_the_door(
    life: Living, derived: dg.ExecuteInProcessResult
) -> None:
    assert derived.success
    asked = {hour_key(FIRST + n * HOUR, store_id) for n in range(2) for store_id in life.fleet.store_ids}
    assert {key: rows(derived, "zone_hours").get(key) for key in asked} == dict.fromkeys(asked, 1)
    assert {key: rows(derived, "zone_flows").get(key) for key in asked} == dict.fromkeys(asked, 2)
    assert {key: rows(derived, "queue_alerts").get(key) for key in asked} == dict.fromkeys(asked, 0)


def test_dagster_shows_the_zone_hours_that_the_warehouse_holds(
    life: Living, derived: dg.ExecuteInProcessResult
) -> None:
    held = life.sql("SELECT DISTINCT store_id, date_trunc('hour', hour_start) FROM retail.zone_hours")

    assert set(rows(derived, "zone_hours")) == {hour_key(hour, store_id) for store_id, hour in held}
    counted = life.sql("SELECT DISTINCT store_id FROM retail.zone_hours WHERE stays IS NOT NULL")
    assert counted == [("lisbon",)]
