"""What had been complete and changes is kept."""

import datetime as dt

import polars as pl

from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.warehouse.builders import (
    DAY,
    HOUR,
    NOON,
    hour_row,
    hours,
    raw,
    raw_row,
    slices,
    zone_row,
    zone_rows,
)
from retail_pipeline_tests.warehouse.test_merge import STORES, write

LATER = NOON + HOUR


def revisions(warehouse: Warehouse) -> list[tuple[object, ...]]:
    with warehouse.transaction() as connection:
        return connection.execute(
            "SELECT table_name, column_name, old_value, new_value, reply_id, run_id FROM retail.revisions ORDER BY 1, 2"
        ).fetchall()


def write_hours(
    warehouse: Warehouse, rows: pl.DataFrame, *, start: dt.datetime = NOON, end: dt.datetime = LATER
) -> list[object]:
    with warehouse.transaction() as connection:
        return tables.write_hourly(connection, rows, slices(start, end))["hour_start"].to_list()


def test_a_complete_count_that_changes_is_kept_with_the_reply(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(line1_in=5, total_in=5)))
    write(warehouse, raw(raw_row(line1_in=6, total_in=6, collected_at=LATER, reply_id=8)))
    assert revisions(warehouse) == [
        ("raw_sensor_counts", "line1_in", "5", "6", 8, None),
        ("raw_sensor_counts", "total_in", "5", "6", 8, None),
    ]


def test_the_key_of_the_row_is_kept(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row()))
    write(warehouse, raw(raw_row(line2_out=1, collected_at=LATER)))
    with warehouse.transaction() as connection:
        found = connection.execute("SELECT row_key, store_id, organization_id FROM retail.revisions").fetchall()
    key = {"sensor_id": "lisbon-door", "interval_start": "2026-03-02T12:00:00+00:00"}
    assert found == [(key, "lisbon", "acme")]


def test_an_hour_that_still_runs_may_change_without_a_trace(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(is_complete=False)))
    write(warehouse, raw(raw_row(line1_in=1, collected_at=LATER)))
    assert revisions(warehouse) == []


def test_becoming_incomplete_is_no_change_of_a_figure(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row()))
    assert write(warehouse, raw(raw_row(is_complete=False, collected_at=LATER))).height == 1
    assert revisions(warehouse) == []


def test_a_derived_figure_that_changes_is_kept_with_the_run(warehouse: Warehouse) -> None:
    write_hours(warehouse, hours(hour_row(entries=5, capture_rate=None)))
    assert write_hours(warehouse, hours(hour_row(entries=6, capture_rate=0.25, run_id="second", version=LATER))) == [
        NOON
    ]
    assert revisions(warehouse) == [
        ("hourly_analytics", "capture_rate", None, "0.25", None, "second"),
        ("hourly_analytics", "entries", "5", "6", None, "second"),
    ]


def test_an_estimate_and_a_letter_are_kept_once_they_were_told(warehouse: Warehouse) -> None:
    missing = {"is_complete": False, "entries": None}
    told = {**missing, "entries_imputed": 5.0, "quality": "D"}
    write_hours(warehouse, hours(hour_row(**missing, quality=None)))
    write_hours(warehouse, hours(hour_row(**told, version=LATER)))
    assert revisions(warehouse) == []

    write_hours(warehouse, hours(hour_row(entries=6, quality="B", run_id="third", version=LATER + HOUR)))
    assert revisions(warehouse) == [
        ("hourly_analytics", "entries_imputed", "5", None, None, "third"),
        ("hourly_analytics", "quality", "D", "B", None, "third"),
    ]


def test_an_hour_that_is_removed_keeps_what_was_told_of_it_and_nothing_else(warehouse: Warehouse) -> None:
    write_hours(warehouse, hours(hour_row(is_complete=False, entries_imputed=5.0, quality=None)))
    assert write_hours(warehouse, hours()) == [NOON]
    assert revisions(warehouse) == [("hourly_analytics", "entries_imputed", "5", None, None, None)]


def test_a_newer_input_version_alone_is_written_but_is_no_revision(warehouse: Warehouse) -> None:
    write_hours(warehouse, hours(hour_row()))
    assert write_hours(warehouse, hours(hour_row(version=LATER))) == [NOON]
    assert revisions(warehouse) == []


def test_another_run_that_finds_the_same_writes_nothing(warehouse: Warehouse) -> None:
    write_hours(warehouse, hours(hour_row()))
    assert write_hours(warehouse, hours(hour_row(run_id="second"))) == []


def test_a_zone_that_left_the_fleet_leaves_its_days(warehouse: Warehouse) -> None:
    rows = zone_rows(zone_row(), zone_row(zone="till"), zone_row(NOON + DAY, zone="till"))
    with warehouse.transaction() as connection:
        tables.write_zones(connection, rows, slices(NOON, NOON + 2 * DAY))
        changed = tables.write_zones(connection, rows.head(1), slices(NOON, NOON + HOUR))
    assert changed.rows() == [("lisbon", "till", NOON)]
    left = reads.zones(warehouse, STORES, NOON, NOON + 2 * DAY)
    assert left.select("zone", "interval_start").rows() == [("hall", NOON), ("till", NOON + DAY)]
    assert ("virtual_region_occupancy", "occupancy", "2", None, None, None) in revisions(warehouse)


def test_a_day_without_any_row_left_is_emptied(warehouse: Warehouse) -> None:
    write_hours(warehouse, hours(hour_row(), hour_row(LATER)), end=NOON + 2 * HOUR)
    assert write_hours(warehouse, hours(), end=NOON + 2 * HOUR) == [NOON, LATER]
    assert reads.hourly(warehouse, STORES, NOON, NOON + DAY).is_empty()


def test_other_stores_keep_their_rows(warehouse: Warehouse) -> None:
    write_hours(warehouse, hours(hour_row(), hour_row(store_id="pune")))
    assert write_hours(warehouse, hours()) == [NOON]
    assert reads.hourly(warehouse, STORES, NOON, NOON + DAY)["store_id"].to_list() == ["pune"]
