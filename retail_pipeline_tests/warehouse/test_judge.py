"""The warehouse is the judge: whatever is older than its inputs is named, and nothing else."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames import schemas
from retail_pipeline.warehouse import attempts, gaps, judge, tables
from retail_pipeline.warehouse.attempts import Step
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.warehouse.builders import (
    DAY,
    DOOR,
    HOUR,
    LISBON,
    NOON,
    PUNE,
    day_row,
    days,
    fleet_of,
    gap_rows,
    hour_row,
    hours,
    raw,
    raw_row,
    slices,
    zone_hour_row,
    zone_hours,
    zone_row,
    zone_rows,
)

LATER = NOON + HOUR
BOTH = ("hourly_analytics", "virtual_region_occupancy")
PUNE_ROW: dict[str, Any] = {"sensor_id": "pune-door", "store_id": "pune"}


def count(warehouse: Warehouse, *rows: dict[str, Any]) -> None:
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(*rows))


def derive(warehouse: Warehouse, *rows: dict[str, Any]) -> None:
    """The hourly rows given, and the zone rows of the same hours."""
    with warehouse.transaction() as connection:
        tables.write_hourly(connection, hours(*rows), slices(NOON, NOON))
        zones = [zone_row(row["hour_start"], version=row["input_version"], store_id=row["store_id"]) for row in rows]
        tables.write_zones(connection, zone_rows(*zones), slices(NOON, NOON))
        by_hour = [
            zone_hour_row(row["hour_start"], version=row["input_version"], store_id=row["store_id"]) for row in rows
        ]
        tables.write_by_zone(connection, "zone_hours", zone_hours(*by_hour), slices(NOON, NOON))


def declare(warehouse: Warehouse, *stores: dict[str, Any]) -> None:
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet_of(*stores), LATER)


def stale(warehouse: Warehouse, since: dt.datetime = NOON - DAY) -> list[tuple[Any, ...]]:
    return judge.stale_hours(warehouse, since).rows()


def test_counts_without_a_row_are_due(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    assert stale(warehouse) == [(table, "lisbon", NOON) for table in BOTH]


def test_what_is_derived_is_not_due(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    derive(warehouse, hour_row())
    assert stale(warehouse) == []


def test_newer_counts_make_their_hour_due_and_no_other(warehouse: Warehouse) -> None:
    count(warehouse, raw_row(), raw_row(LATER))
    derive(warehouse, hour_row(), hour_row(LATER))
    count(warehouse, raw_row(line1_in=1, collected_at=LATER))
    assert stale(warehouse) == [(table, "lisbon", NOON) for table in BOTH]


def test_the_same_counts_again_make_nothing_due(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    derive(warehouse, hour_row())
    count(warehouse, raw_row(collected_at=LATER))
    assert stale(warehouse) == []


def test_older_hours_than_asked_for_are_left_alone(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    assert stale(warehouse, LATER) == []


def test_a_zone_off_by_half_an_hour_has_hours_that_start_at_the_half(warehouse: Warehouse) -> None:
    half = NOON + HOUR / 2
    count(warehouse, raw_row(half, 30, **PUNE_ROW), raw_row(LATER, 30, **PUNE_ROW))
    assert stale(warehouse) == [("hourly_analytics", "pune", half)]
    derive(warehouse, hour_row(half, store_id="pune"))
    assert stale(warehouse) == []


def test_an_hour_that_a_clock_change_cut_short_is_found_by_its_bounds(warehouse: Warehouse) -> None:
    """Lord Howe turns 02:00 back to 01:30: the second 01 o'clock hour is half an hour long."""
    lord_howe = {**PUNE, "timezone": "Australia/Lord_Howe", "live_since": None}
    declare(warehouse, LISBON, lord_howe)
    turn = dt.datetime(2026, 4, 4, 15, tzinfo=dt.UTC)
    count(warehouse, raw_row(turn, 30, **PUNE_ROW))
    assert [(table, store) for table, store, _ in stale(warehouse)] == [("hourly_analytics", "pune")]
    derive(warehouse, hour_row(turn, hour_end=turn + HOUR / 2, store_id="pune"))
    assert stale(warehouse) == []


def test_counts_before_the_store_went_live_need_no_row(warehouse: Warehouse) -> None:
    new_year = dt.datetime(2025, 12, 31, 18, 30, tzinfo=dt.UTC)
    count(warehouse, *(raw_row(new_year + n * HOUR / 2, 30, **PUNE_ROW) for n in range(-2, 2)))
    assert stale(warehouse, NOON - 100 * DAY) == [("hourly_analytics", "pune", new_year)]


@pytest.mark.parametrize(
    ("device", "due"),
    [
        ({**DOOR, "active": False}, []),
        ({**DOOR, "reports": ["regions"]}, []),
        ({**DOOR, "lines": {4: {"role": "passers_by"}}}, []),
        ({**DOOR, "lines": {1: {"role": "entrance"}}}, [BOTH[0]]),
        ({**DOOR, "lines": {1: {"role": "interior", "from": "outside", "to": "hall"}}}, [BOTH[1]]),
    ],
    ids=["inactive", "not asked for lines", "only the street", "no zone", "no entrance"],
)
def test_only_what_can_be_derived_is_due(warehouse: Warehouse, device: dict[str, Any], due: list[str]) -> None:
    count(warehouse, raw_row())
    declare(warehouse, {**LISBON, "sensors": [device]}, PUNE)
    assert [table for table, _, _ in stale(warehouse)] == due


def test_hours_of_a_device_that_was_off_need_no_zone_row(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    off = gap_rows(NOON).select("sensor_id", "store_id", "hour_start")
    with warehouse.transaction() as connection:
        gaps.judge_off(connection, off, slices(NOON, LATER), LATER)
    assert stale(warehouse) == [("hourly_analytics", "lisbon", NOON)]


def stay(warehouse: Warehouse, region1: int, at: dt.datetime) -> None:
    """Stays of the hall at noon, collected then."""
    row = {
        **dict.fromkeys(("region2", "region3", "region4"), 0),
        **{name: value for name, value in raw_row(collected_at=at).items() if name in schemas.REGIONAL_COUNTS},
        "region1": region1,
        "total": region1,
    }
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.REGIONS, pl.DataFrame([row], schema=schemas.REGIONAL_COUNTS))


def test_newer_stays_make_their_zones_due_and_nothing_else(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    stay(warehouse, 5, NOON)
    derive(warehouse, hour_row())
    assert stale(warehouse) == []
    stay(warehouse, 6, LATER)
    assert stale(warehouse) == [("zone_hours", "lisbon", NOON)]


def test_intervals_of_a_zone_without_an_hour_are_due(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    derive(warehouse, hour_row())
    with warehouse.transaction() as connection:
        connection.execute("DELETE FROM retail.zone_hours")
    assert stale(warehouse) == [("zone_hours", "lisbon", NOON)]
    assert stale(warehouse, LATER) == []


@pytest.mark.parametrize(
    "device",
    [
        {**DOOR, "active": False},
        {**DOOR, "reports": ["lines"]},
        {**DOOR, "regions": {}},
    ],
    ids=["inactive", "not asked for regions", "no region declared"],
)
def test_stays_that_make_no_zone_hour_are_not_due(warehouse: Warehouse, device: dict[str, Any]) -> None:
    declare(warehouse, {**LISBON, "sensors": [device]}, PUNE)
    stay(warehouse, 5, NOON)
    assert stale(warehouse) == []


def test_a_removed_store_is_not_due(warehouse: Warehouse) -> None:
    count(warehouse, raw_row())
    declare(warehouse, PUNE)
    assert stale(warehouse) == []


def stale_days(warehouse: Warehouse, now: dt.datetime | None = None) -> list[tuple[Any, ...]]:
    return judge.stale_days(warehouse, NOON - DAY, now).rows()


def summarise(warehouse: Warehouse, **figures: Any) -> None:
    with warehouse.transaction() as connection:
        tables.write_daily(connection, days(day_row(**figures)))


def test_a_day_without_a_summary_is_due_and_one_with_it_is_not(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row())
    assert stale_days(warehouse) == [("lisbon", NOON.date())]
    summarise(warehouse)
    assert stale_days(warehouse, NOON + DAY) == []


def test_a_changed_hour_makes_its_day_due(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row())
    summarise(warehouse)
    derive(warehouse, hour_row(version=LATER))
    assert stale_days(warehouse) == [("lisbon", NOON.date())]


def test_a_day_that_was_summed_up_before_its_end_is_due_after_it(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row())
    summarise(warehouse, hours_expected=13)
    midnight = NOON + DAY / 2
    assert stale_days(warehouse) == []
    assert stale_days(warehouse, midnight - HOUR) == []
    assert stale_days(warehouse, midnight) == [("lisbon", NOON.date())]


def test_a_day_is_due_when_its_last_gap_is_closed_as_lost_however_old_it_is(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row())
    summarise(warehouse, hours_reported=22, is_complete=False)
    with warehouse.transaction() as connection:
        gaps.open_missing(connection, gap_rows(NOON, NOON + HOUR), NOON)
        gaps.close_lost(connection, NOON + 30 * DAY)
    assert stale_days(warehouse, NOON + 30 * DAY) == [("lisbon", NOON.date())]

    summarise(warehouse, hours_reported=22, hours_lost=1)
    with warehouse.transaction() as connection:
        gaps.close_lost(connection, NOON + 31 * DAY)
    horizon = NOON + 20 * DAY
    assert judge.stale_days(warehouse, horizon, horizon + 11 * DAY).rows() == [("lisbon", NOON.date())]

    summarise(warehouse, hours_reported=22, hours_lost=2)
    assert stale_days(warehouse, NOON + 31 * DAY) == []


def test_a_gap_that_another_device_may_still_fill_leaves_the_day_alone(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row())
    summarise(warehouse)
    other = gap_rows(NOON, sensor_id="pune-door").with_columns(store_id=pl.lit("lisbon"), deadline=NOON + 60 * DAY)
    with warehouse.transaction() as connection:
        gaps.open_missing(connection, pl.concat([gap_rows(NOON), other], how="vertical_relaxed"), NOON)
        gaps.close_lost(connection, NOON + 40 * DAY)
    assert stale_days(warehouse, NOON + 40 * DAY) == []


def begun(warehouse: Warehouse, times: int, now: dt.datetime = NOON) -> None:
    for n in range(times):
        attempts.begin(warehouse, Step.HOURS, [("lisbon", NOON.date())], now + n * HOUR)


def given_up(warehouse: Warehouse, now: dt.datetime) -> list[tuple[Any, ...]]:
    return attempts.given_up(warehouse, now).rows()


def test_what_failed_three_times_in_a_row_waits_a_day(warehouse: Warehouse) -> None:
    begun(warehouse, 2)
    assert given_up(warehouse, NOON + HOUR) == []
    begun(warehouse, 1)
    attempts.fail(warehouse, Step.HOURS, [("lisbon", NOON.date())], "a figure is impossible")
    waiting = [("hours", "lisbon", NOON.date(), 3, "a figure is impossible")]
    assert given_up(warehouse, NOON + HOUR) == waiting
    assert given_up(warehouse, NOON + DAY - HOUR) == waiting
    assert given_up(warehouse, NOON + DAY) == []


def test_an_attempt_that_was_killed_counts_and_one_that_succeeded_begins_anew(warehouse: Warehouse) -> None:
    begun(warehouse, 3)
    [(*_, tries, said)] = given_up(warehouse, NOON + 3 * HOUR)
    assert (tries, said) == (3, None)
    with warehouse.transaction() as connection:
        attempts.settle(connection, Step.DAY, [("lisbon", NOON.date())])
    assert given_up(warehouse, NOON + 3 * HOUR) != []
    with warehouse.transaction() as connection:
        attempts.settle(connection, Step.HOURS, [("lisbon", NOON.date())])
    begun(warehouse, 2, NOON + 3 * HOUR)
    assert given_up(warehouse, NOON + 5 * HOUR) == []


def test_a_day_of_nothing_but_imputed_hours_needs_no_summary(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row(entries=None, completeness=0.0, is_complete=False, entries_imputed=4.0))
    assert stale_days(warehouse) == []


def test_what_was_derived_before_there_were_letters_is_derived_again(warehouse: Warehouse) -> None:
    derive(warehouse, hour_row(quality=None), hour_row(LATER, quality=None))
    summarise(warehouse, quality=None)
    assert stale_days(warehouse) == [("lisbon", NOON.date())]
    settled = judge.unjudged_hours(warehouse, NOON - DAY, LATER)
    assert settled.rows() == [("lisbon", NOON)]
    assert judge.unjudged_hours(warehouse, LATER, LATER + HOUR).rows() == [("lisbon", LATER)]


@pytest.mark.parametrize(
    ("past", "due"),
    [
        ((7, 14), True),
        ((7, 28), False),
        ((14,), False),
    ],
    ids=["two of three weeks are known", "the fourth does not count", "one is too few"],
)
def test_a_gap_that_could_be_imputed_is_due_until_it_is(warehouse: Warehouse, past: tuple[int, ...], due: bool) -> None:
    with warehouse.transaction() as connection:
        gaps.record_failures(connection, gap_rows(NOON, LATER), LATER)
    derive(warehouse, *(hour_row(NOON - days * DAY) for days in past))
    wanted = [("lisbon", NOON)] if due else []
    assert judge.unjudged_hours(warehouse, NOON - DAY, LATER).rows() == wanted
    assert judge.unjudged_hours(warehouse, NOON - DAY, LATER - HOUR / 60).is_empty()
    derive(warehouse, hour_row(entries=None, completeness=0.0, is_complete=False, entries_imputed=4.0, quality="D"))
    assert judge.unjudged_hours(warehouse, NOON - DAY, LATER).is_empty()
