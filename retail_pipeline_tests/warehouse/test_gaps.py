import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse import gaps, health, reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.warehouse.builders import (
    DAY,
    DOOR,
    HOUR,
    LISBON,
    NOON,
    PUNE,
    fleet_of,
    gap_rows,
    raw,
    raw_row,
)

HALF = HOUR / 2
SINCE = NOON + HOUR
"""The warehouse knows the devices since noon: what is earlier is history."""


NIGHT = dt.datetime(2026, 10, 25, tzinfo=dt.UTC)
"""Of the clock change in Lisbon."""


def do(warehouse: Warehouse, verb: Any, rows: pl.DataFrame, *values: Any) -> Any:
    with warehouse.transaction() as connection:
        return verb(connection, rows, *values)


def ledger(warehouse: Warehouse) -> dict[str, Any]:
    with warehouse.transaction() as connection:
        found = connection.execute(
            "SELECT attempts, next_attempt, first_seen, cause, recovered_at, closed_as_lost_at"
            " FROM retail.collection_gaps"
        ).fetchall()
    assert len(found) == 1
    return dict(
        zip(("attempts", "next_attempt", "first_seen", "cause", "recovered_at", "lost_at"), found[0], strict=True)
    )


def due_hours(warehouse: Warehouse, now: dt.datetime) -> list[dt.datetime]:
    return gaps.due(warehouse, now)["hour_start"].to_list()


def test_a_missing_hour_is_written_down_once_and_due_at_once(warehouse: Warehouse) -> None:
    assert do(warehouse, gaps.open_missing, pl.concat([gap_rows(SINCE)] * 2), SINCE) == 1
    assert do(warehouse, gaps.open_missing, gap_rows(SINCE, cause="refused"), SINCE + HOUR) == 0
    assert ledger(warehouse)["first_seen"] == SINCE
    assert ledger(warehouse)["cause"] == "unreachable"
    assert due_hours(warehouse, SINCE) == [SINCE]


def test_nothing_missing_is_no_work(warehouse: Warehouse) -> None:
    assert do(warehouse, gaps.open_missing, gap_rows(), NOON) == 0


def test_each_failure_doubles_the_wait_up_to_a_day(warehouse: Warehouse) -> None:
    now, waits = SINCE, []
    for _ in range(9):
        do(warehouse, gaps.record_failures, gap_rows(SINCE), now)
        waits.append((ledger(warehouse)["next_attempt"] - now) / HALF)
        now += DAY
    jitter = waits[0]
    assert 0.9 <= jitter <= 1
    assert [round(wait / jitter, 3) for wait in waits] == [1, 2, 4, 8, 16, 32, 48, 48, 48]
    assert ledger(warehouse)["attempts"] == 9


def test_devices_come_due_at_their_own_times_and_a_device_s_hours_together(warehouse: Warehouse) -> None:
    do(warehouse, gaps.record_failures, gap_rows(SINCE, SINCE + HOUR), SINCE)
    do(warehouse, gaps.record_failures, gap_rows(SINCE, sensor_id="pune-door"), SINCE)
    attempts = gaps.open_gaps(warehouse).group_by("sensor_id").agg(pl.col("next_attempt").unique())
    assert attempts["next_attempt"].list.len().to_list() == [1, 1]
    assert attempts["next_attempt"].explode().n_unique() == 2


def test_a_failure_names_the_latest_cause_and_opens_what_was_not_there(warehouse: Warehouse) -> None:
    do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE)
    do(warehouse, gaps.record_failures, gap_rows(SINCE, cause="refused"), SINCE + HOUR)
    assert {"attempts": 2, "cause": "refused", "first_seen": SINCE}.items() <= ledger(warehouse).items()


def test_what_came_is_recovered_and_not_due(warehouse: Warehouse) -> None:
    do(warehouse, gaps.open_missing, gap_rows(SINCE), SINCE)
    key = gap_rows(SINCE, SINCE + HOUR).select("sensor_id", "report", "hour_start")
    assert do(warehouse, gaps.mark_recovered, key, SINCE + HOUR) == 1
    assert do(warehouse, gaps.mark_recovered, key, SINCE + DAY) == 0
    assert ledger(warehouse)["recovered_at"] == SINCE + HOUR
    assert due_hours(warehouse, SINCE + DAY) == []


@pytest.mark.parametrize(("verb", "attempts"), [(gaps.open_missing, 0), (gaps.record_failures, 2)])
def test_what_is_missing_again_is_opened_again(warehouse: Warehouse, verb: Any, attempts: int) -> None:
    do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE)
    do(warehouse, gaps.mark_recovered, gap_rows(SINCE), SINCE)
    assert do(warehouse, verb, gap_rows(SINCE), SINCE + HOUR) == 1
    assert {"recovered_at": None, "attempts": attempts}.items() <= ledger(warehouse).items()


@pytest.mark.parametrize(
    ("rows", "is_open"),
    [
        pytest.param([raw_row(SINCE, 30), raw_row(SINCE + HALF, 30)], False, id="complete in the table"),
        pytest.param([raw_row(SINCE, 30), raw_row(SINCE + HALF, 30, is_complete=False)], True, id="half still grows"),
        pytest.param([raw_row(SINCE, 30), raw_row(SINCE + HOUR, 30)], True, id="half of it is the next hour's"),
        pytest.param([raw_row(SINCE, sensor_id="pune-door", store_id="pune")], True, id="another device's"),
    ],
)
def test_an_hour_that_is_there_is_no_gap_when_asking_for_it_again_fails(
    warehouse: Warehouse, rows: list[dict[str, Any]], is_open: bool
) -> None:
    do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE)
    do(warehouse, gaps.mark_recovered, gap_rows(SINCE), SINCE)
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(*rows))
    assert do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE + HOUR) == int(is_open)
    assert (ledger(warehouse)["recovered_at"] is None) is is_open


def test_the_rows_of_one_report_say_nothing_about_the_other(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(raw_row(SINCE)))
    of_regions = gap_rows(SINCE).with_columns(report=pl.lit("regions"))
    assert do(warehouse, gaps.record_failures, of_regions, SINCE + HOUR) == 1


def test_after_its_deadline_a_gap_is_lost_and_said_so_once(warehouse: Warehouse) -> None:
    do(warehouse, gaps.open_missing, gap_rows(SINCE), SINCE)
    end = SINCE + 30 * DAY
    with warehouse.transaction() as connection:
        assert gaps.close_lost(connection, end - HOUR).is_empty()
        assert gaps.close_lost(connection, end).rows() == [("lisbon", "lisbon-door", "lines", SINCE, "unreachable")]
        assert gaps.close_lost(connection, end).is_empty()
    assert due_hours(warehouse, end) == []
    assert do(warehouse, gaps.open_missing, gap_rows(SINCE), end) == 0
    assert do(warehouse, gaps.record_failures, gap_rows(SINCE), end) == 0
    assert reads.lost_hours(warehouse, ["lisbon"], SINCE, SINCE + HOUR).rows() == [("lisbon", SINCE)]


def test_a_device_that_remembers_longer_recovers_what_was_given_up(warehouse: Warehouse) -> None:
    do(warehouse, gaps.open_missing, gap_rows(SINCE), SINCE)
    with warehouse.transaction() as connection:
        gaps.close_lost(connection, SINCE + 30 * DAY)
    assert do(warehouse, gaps.mark_recovered, gap_rows(SINCE), SINCE + 31 * DAY) == 1
    assert ledger(warehouse)["lost_at"] is None


def test_an_hour_is_not_lost_while_another_device_may_still_bring_its_part(warehouse: Warehouse) -> None:
    second = gap_rows(SINCE, sensor_id="pune-door").with_columns(store_id=pl.lit("lisbon"))
    do(warehouse, gaps.open_missing, pl.concat([gap_rows(SINCE), second]), SINCE)
    with warehouse.transaction() as connection:
        connection.execute("UPDATE retail.collection_gaps SET closed_as_lost_at = now() WHERE sensor_id = 'pune-door'")
    assert reads.lost_hours(warehouse, ["lisbon"], SINCE, SINCE + HOUR).is_empty()


def test_an_hour_that_the_clock_change_swallowed_is_lost_at_birth(warehouse: Warehouse) -> None:
    swallowed = pl.DataFrame({"sensor_id": "lisbon-door", "store_id": "lisbon", "hour_start": NIGHT + HOUR})
    assert do(warehouse, gaps.close_at_birth, swallowed, Report.LINES, NOON) == 1
    assert do(warehouse, gaps.close_at_birth, swallowed, Report.LINES, NOON + HOUR) == 0
    assert {"cause": "clock_change", "lost_at": NOON}.items() <= ledger(warehouse).items()
    assert reads.lost_hours(warehouse, ["lisbon"], NIGHT, NOON + 365 * DAY).rows() == [("lisbon", NIGHT + HOUR)]


def judge_off(warehouse: Warehouse, now: dt.datetime, *hours: dt.datetime) -> tuple[int, int]:
    off = gap_rows(*hours).select("sensor_id", "store_id", "hour_start")
    judged = pl.DataFrame({"store_id": ["lisbon"], "start": [SINCE], "end": [SINCE + 3 * HOUR]})
    with warehouse.transaction() as connection:
        return gaps.judge_off(connection, off, judged, now)


def test_an_hour_of_a_device_that_was_off_is_lost_at_birth_whatever_stood_there(warehouse: Warehouse) -> None:
    do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE)
    do(warehouse, gaps.mark_recovered, gap_rows(SINCE), SINCE)
    assert judge_off(warehouse, NOON, SINCE) == (1, 0)
    assert judge_off(warehouse, NOON + HOUR, SINCE) == (0, 0)
    assert {"cause": "device_off", "lost_at": NOON, "recovered_at": None}.items() <= ledger(warehouse).items()


def test_zeros_that_come_with_every_reply_do_not_recover_what_was_off_nor_does_a_failure_open_it(
    warehouse: Warehouse,
) -> None:
    judge_off(warehouse, NOON, SINCE)
    for verb in (gaps.mark_recovered, gaps.record_failures, gaps.open_missing):
        assert do(warehouse, verb, gap_rows(SINCE), SINCE + HOUR) == 0
    assert {"cause": "device_off", "lost_at": NOON}.items() <= ledger(warehouse).items()
    assert due_hours(warehouse, SINCE + DAY) == []


def test_a_verdict_is_taken_back_where_it_was_made_again_and_nowhere_else(warehouse: Warehouse) -> None:
    judge_off(warehouse, NOON, SINCE, SINCE + HOUR, SINCE + 3 * HOUR)
    assert judge_off(warehouse, SINCE + DAY, SINCE + HOUR) == (0, 1)
    lost = reads.lost_hours(warehouse, ["lisbon"], SINCE, SINCE + DAY)["hour_start"].to_list()
    assert lost == [SINCE + HOUR, SINCE + 3 * HOUR]
    assert judge_off(warehouse, SINCE + DAY, SINCE) == (1, 1)


def test_a_cause_that_nobody_knows_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="collection_gaps_cause"):
        do(warehouse, gaps.open_missing, gap_rows(SINCE, cause="bad luck"), SINCE)


def test_the_nearest_deadline_comes_first_and_history_is_marked(warehouse: Warehouse) -> None:
    do(warehouse, gaps.open_missing, gap_rows(SINCE, NOON - HOUR, SINCE + HOUR), SINCE)
    found = gaps.due(warehouse, SINCE).select("hour_start", "is_history").rows()
    assert found == [(NOON - HOUR, True), (SINCE, False), (SINCE + HOUR, False)]


@pytest.mark.parametrize(
    "stores",
    [[PUNE], [{**LISBON, "sensors": [{**DOOR, "active": False}]}, PUNE]],
    ids=["removed", "inactive"],
)
def test_a_device_that_is_not_asked_has_nothing_due(warehouse: Warehouse, stores: list[dict[str, Any]]) -> None:
    do(warehouse, gaps.open_missing, gap_rows(SINCE), SINCE)
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet_of(*stores), SINCE)
    assert due_hours(warehouse, SINCE) == []


def answers(at: dt.datetime, *is_ok: bool, skew: float | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sensor_id": "lisbon-door",
            "store_id": "lisbon",
            "organization_id": "acme",
            "at": at,
            "is_ok": list(is_ok),
            "error": [None if ok else "no route to host" for ok in is_ok],
            "clock_skew_seconds": pl.Series([skew] * len(is_ok), dtype=pl.Float64),
        },
        schema_overrides={"error": pl.String, "at": pl.Datetime("us", "UTC")},
    )


def state(warehouse: Warehouse) -> dict[str, Any]:
    return reads.device_health(warehouse).row(0, named=True)


def test_three_failed_polls_in_a_row_open_the_circuit(warehouse: Warehouse) -> None:
    circuits = []
    for n in range(4):
        do(warehouse, health.record_answers, answers(NOON + n * HALF, False, False))
        circuits.append((state(warehouse)["circuit"], state(warehouse)["consecutive_failures"]))
    assert circuits == [("closed", 1), ("closed", 2), ("open", 3), ("open", 4)]
    opened = state(warehouse)
    assert opened["opened_at"] == NOON + 2 * HALF
    assert opened["next_probe_at"] == NOON + 3 * HALF + dt.timedelta(minutes=5)
    assert (opened["last_ok_at"], opened["last_error"], opened["last_error_at"]) == (
        None,
        "no route to host",
        NOON + 3 * HALF,
    )
    with warehouse.transaction() as connection:
        assert health.read_health(connection, NOON + 4 * HALF) == (frozenset({"lisbon-door"}), {}, {})


def test_one_report_closes_it_and_wakes_the_gaps_of_the_device(warehouse: Warehouse) -> None:
    for n in range(3):
        do(warehouse, health.record_answers, answers(SINCE + n * HALF, False))
        do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE + n * HALF)
    back = SINCE + 3 * HALF
    assert due_hours(warehouse, SINCE + DAY) == []
    do(warehouse, health.record_answers, answers(back, True, skew=12.5))
    assert due_hours(warehouse, back) == [SINCE]
    closed = state(warehouse)
    assert (closed["circuit"], closed["consecutive_failures"], closed["opened_at"], closed["next_probe_at"]) == (
        "closed",
        0,
        None,
        None,
    )
    assert (closed["last_ok_at"], closed["last_error"], closed["clock_skew_seconds"]) == (
        back,
        "no route to host",
        12.5,
    )


def test_a_report_among_failures_keeps_the_circuit_closed_and_its_gaps_asleep(warehouse: Warehouse) -> None:
    do(warehouse, gaps.record_failures, gap_rows(SINCE), SINCE)
    for n in range(4):
        do(warehouse, health.record_answers, answers(SINCE + n * HALF / 10, True, False, skew=3.0))
    assert state(warehouse)["consecutive_failures"] == 0
    assert state(warehouse)["last_error"] == "no route to host"
    assert due_hours(warehouse, SINCE + HALF / 2) == []


def test_a_clock_that_is_not_known_this_time_keeps_its_last_skew(warehouse: Warehouse) -> None:
    do(warehouse, health.record_answers, answers(NOON, True, skew=-4.0))
    do(warehouse, health.record_answers, answers(NOON + HALF, True))
    do(warehouse, health.record_answers, answers(NOON))
    with warehouse.transaction() as connection:
        assert health.read_health(connection, NOON).last_skew == {"lisbon-door": -4.0}
