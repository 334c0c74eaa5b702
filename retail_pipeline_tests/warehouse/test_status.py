"""What the monitor reads, a query a subject."""

import polars as pl

from retail_pipeline.warehouse import evidence, gaps, status, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.health import record_answers
from retail_pipeline_tests.warehouse.builders import (
    DAY,
    HOUR,
    LISBON,
    NOON,
    fleet_of,
    gap_rows,
    hour_row,
    hours,
    raw,
    raw_row,
    slices,
)

BOTH = ("lisbon", "pune")


def answered(warehouse: Warehouse, at=NOON, error: str | None = None) -> None:
    row = {
        "sensor_id": "lisbon-door",
        "store_id": "lisbon",
        "organization_id": "acme",
        "at": at,
        "is_ok": error is None,
        "error": error,
        "clock_skew_seconds": 3.0,
    }
    with warehouse.transaction() as connection:
        record_answers(connection, pl.DataFrame([row], schema_overrides={"error": pl.String()}))


def inspected(warehouse: Warehouse, at, stage: str, status: str) -> None:
    row = {"checked_at": at, "stage": stage, "store_id": "lisbon", "organization_id": "acme", "status": status}
    frame = pl.DataFrame([{**row, "findings": 1, "detail": f"{stage} at {at:%H}", "run_id": "a-run"}])
    with warehouse.transaction() as connection:
        tables.write_pipeline_health(connection, frame.with_columns(pl.col("findings").cast(pl.Int32)))


def test_the_latest_inspection_of_each_stage_counts_whenever_it_was(warehouse: Warehouse) -> None:
    inspected(warehouse, NOON - DAY, "analytics", "error")
    inspected(warehouse, NOON - HOUR, "collection", "error")
    inspected(warehouse, NOON, "collection", "ok")

    found = status.latest_inspections(warehouse, BOTH, ["collection", "analytics", "devices"])

    assert found.select("store_id", "stage", "status", "detail").rows() == [
        ("lisbon", "analytics", "error", "analytics at 12"),
        ("lisbon", "collection", "ok", "collection at 12"),
    ]
    assert status.latest_inspections(warehouse, ["pune"], ["collection"]).is_empty()


def test_a_device_that_was_never_asked_has_no_history_but_is_there(warehouse: Warehouse) -> None:
    found = status.device_states(warehouse, BOTH)

    assert found["sensor_id"].to_list() == ["lisbon-door", "pune-door"]
    assert found["circuit"].to_list() == ["closed", "closed"]
    nothing = found.select("last_ok_at", "last_error", "clock_skew_seconds", "newest_complete_at", "opened_at")
    assert nothing.null_count().row(0) == (2,) * 5


def test_a_device_s_newest_figures_are_its_complete_ones_and_its_error_does_not_repeat_its_name(warehouse) -> None:
    with warehouse.transaction() as connection:
        counts = raw(raw_row(NOON - HOUR), raw_row(NOON, is_complete=False)).with_columns(reply_id=pl.lit(None))
        connection.execute(
            "INSERT INTO retail.device_replies (reply_id, sensor_id, store_id, organization_id, report, request,"
            " window_start, window_end, received_at, latency_ms, attempts) VALUES"
            " (1, 'lisbon-door', 'lisbon', 'acme', 'lines', 'GET', %(at)s, %(end)s, %(at)s, 1, 1)",
            {"at": NOON, "end": NOON + HOUR},
        )
        tables.write_counts(connection, "lines", counts.with_columns(reply_id=pl.lit(1, pl.Int64)))
    for minutes in (0, 30, 60):
        answered(warehouse, NOON + HOUR * minutes / 60, "lisbon-door: unreachable: no route to host")

    lisbon = status.device_states(warehouse, BOTH).row(0, named=True)

    assert lisbon["newest_complete_at"] == NOON
    assert (lisbon["circuit"], lisbon["opened_at"]) == ("open", NOON + HOUR)
    assert lisbon["last_error"] == "unreachable: no route to host"
    assert lisbon["consecutive_failures"] == 3


def test_gaps_are_counted_by_cause_nearest_deadline_first_while_open(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        gaps.open_missing(connection, gap_rows(NOON - HOUR, NOON - 2 * HOUR), NOON)
        gaps.open_missing(connection, gap_rows(NOON - DAY, cause="refused", sensor_id="pune-door"), NOON)
        gaps.open_missing(connection, gap_rows(NOON - 3 * HOUR), NOON)
        recovered = gap_rows(NOON - 3 * HOUR).select("sensor_id", "report", "hour_start")
        gaps.mark_recovered(connection, recovered, NOON)

    found = status.gap_summary(warehouse, BOTH)

    assert found.select("sensor_id", "cause", "hours", "first_hour").rows() == [
        ("pune-door", "refused", 1, NOON - DAY),
        ("lisbon-door", "unreachable", 2, NOON - 2 * HOUR),
    ]
    assert found["nearest_deadline"].to_list() == [NOON + 29 * DAY, NOON - 2 * HOUR + 30 * DAY]


def test_what_is_no_longer_asked_owes_nothing(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        gaps.open_missing(connection, gap_rows(NOON - HOUR, sensor_id="pune-door"), NOON)
        sync_fleet(connection, fleet_of(LISBON), NOON)

    assert status.gap_summary(warehouse, BOTH).is_empty()
    assert status.device_states(warehouse, BOTH)["sensor_id"].to_list() == ["lisbon-door"]


def test_an_hour_without_a_row_has_no_completeness(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        rows = hours(hour_row(NOON, completeness=0.5), hour_row(NOON - DAY))
        tables.write_hourly(connection, rows, slices(NOON - DAY, NOON + HOUR))

    found = status.hour_completeness(warehouse, BOTH, NOON - HOUR, NOON + HOUR)

    assert found.rows() == [("lisbon", NOON, 0.5)]


def asked(warehouse: Warehouse, report: str, since) -> None:
    with warehouse.transaction() as connection:
        connection.execute(
            "INSERT INTO retail.device_replies (sensor_id, store_id, organization_id, report, request, window_start,"
            " window_end, received_at, latency_ms, attempts) VALUES"
            " ('lisbon-door', 'lisbon', 'acme', %(report)s, 'GET', %(since)s, %(now)s, %(now)s, 1, 1)",
            {"report": report, "since": since, "now": NOON + 2 * HOUR},
        )


def test_hours_from_before_a_device_was_declared_are_owed_once_it_was_asked_for_them(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        gaps.open_missing(connection, gap_rows(NOON), NOON)
        gaps.close_lost(connection, NOON + 30 * DAY)
    span = (["lisbon"], NOON - 3 * HOUR, NOON + 2 * HOUR)
    assert evidence.lost_device_hours(warehouse, *span).select("hour_start", "cause").rows() == [(NOON, "unreachable")]

    asked(warehouse, "lines", NOON - 2 * HOUR)
    asked(warehouse, "regions", NOON + HOUR)
    found = evidence.lost_device_hours(warehouse, *span)

    assert found.filter(report="lines").select("hour_start", "cause").rows() == [
        (NOON - 3 * HOUR, "not_asked"),
        (NOON, "unreachable"),
    ]
    regions = found.filter(report="regions")["hour_start"]
    assert (regions.min(), regions.max(), regions.len()) == (NOON - 3 * HOUR, NOON - HOUR, 9)
    assert evidence.lost_device_hours(warehouse, ["lisbon"], NOON + HOUR, NOON + 2 * HOUR).is_empty()
