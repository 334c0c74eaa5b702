import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.schemas import DAILY_SUMMARIES
from retail_pipeline_tests.frames.rows import COLLECTED, DAY, LATER, hourly_of, hours_of, raw, row, whole_day
from retail_pipeline_tests.shops import door, store_of, utc

STREET = {4: {"role": "passers_by"}}


def day_of(
    store: Store,
    *rows: dict[str, Any],
    as_of: dt.datetime = LATER,
    lost: pl.DataFrame | None = None,
    day: dt.date = DAY,
) -> pl.DataFrame:
    """`daily_summaries` of one store's day."""
    hourly = hourly_of(store, raw(*rows), as_of, day)
    return daily_summaries(hourly, [store], hours_of(store, day), as_of, lost)


def test_a_day_is_recomputed_from_its_hours() -> None:
    store = store_of(
        sensors=[door("d", lines={1: {"role": "entrance"}} | STREET)], opening_hours={"mon-sun": "10:30-20:00"}
    )
    people = {9: (1, 0, 9), 10: (4, 1, 20), 11: (7, 5, 30), 12: (7, 4, 11)}
    rows = [
        row(start, {1: people.get(start.hour, (0, 0, 0))[:2], 4: (people.get(start.hour, (0, 0, 0))[2], 0)}, sensor="d")
        for start in hours_of(store)["hour_start"]
    ]
    expected = {
        "store_id": "shop-1",
        "organization_id": "acme",
        "trading_day": DAY,
        "day_start": utc("2026-07-18 00:00"),
        "day_end": utc("2026-07-19 00:00"),
        "entries": 19,
        "exits": 10,
        "net_flow": 9,
        "passers_by": 70,
        "capture_rate": 19 / 89,
        "turn_in_ratio": 19 / 70,
        "business_entries": 16.0,
        "non_business_entries": 3.0,
        "average_hourly_entries": 16 / 9.5,
        "peak_hour": 11,
        "peak_hour_entries": 7,
        "peak_hour_is_tied": True,
        "power_hours": [11, 12],
        "occupancy_max": 9,
        "occupancy_max_at": utc("2026-07-18 12:00"),
        "drift": 9,
        "drift_share": 9 / 19,
        "open_hours": 9.5,
        "hours_expected": 24,
        "hours_reported": 24,
        "hours_lost": 0,
        "completeness": 1.0,
        "imputed_share": 0.0,
        "quality": "A",
        "entries_last_week": None,
        "change_last_week": None,
        "entries_52_weeks_ago": None,
        "change_52_weeks": None,
        "is_complete": True,
        "input_version": COLLECTED,
    }
    assert_frame_equal(day_of(store, *rows), pl.DataFrame([expected], schema=DAILY_SUMMARIES))


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(dt.date(2026, 3, 29), 23, id="the day the clock goes forward"),
        pytest.param(dt.date(2026, 7, 18), 24, id="an ordinary day"),
        pytest.param(dt.date(2026, 10, 25), 25, id="the day the clock goes back"),
    ],
)
def test_a_day_expects_the_hours_that_elapse(day: dt.date, hours: int) -> None:
    store = store_of(timezone="Europe/Lisbon")
    summary = day_of(store, *whole_day(store, lines={1: (2, 1)}, day=day), day=day)
    assert summary.select("hours_expected", "hours_reported", "entries", "is_complete").row(0) == (
        hours,
        hours,
        2 * hours,
        True,
    )


def test_today_so_far_expects_only_hours_that_have_ended() -> None:
    store = store_of()
    rows = [row(f"{hour:02}:00", {1: (1, 1)}) for hour in range(10)] + [row("10:00", {1: (3, 0)}, is_complete=False)]
    today = day_of(store, *rows, as_of=utc("2026-07-18 10:32"))
    assert today.select("entries", "hours_expected", "hours_reported", "completeness", "is_complete").row(0) == (
        13,
        10,
        10,
        1.0,
        False,
    )


def test_a_day_that_has_just_begun_has_no_completeness_yet() -> None:
    today = day_of(store_of(), row("00:00", {1: (1, 0)}, is_complete=False), as_of=utc("2026-07-18 00:32"))
    assert today.select("hours_expected", "hours_reported", "completeness", "is_complete").row(0) == (0, 0, None, False)


def test_a_missing_hour_is_missing_and_never_a_zero() -> None:
    store = store_of()
    rows = [hour for hour in whole_day(store, lines={1: (6, 6)}) if hour["interval_start"].hour != 12]
    day = day_of(store, *rows)
    assert day.select("hours_reported", "completeness", "is_complete", "average_hourly_entries").row(0) == (
        23,
        23 / 24,
        False,
        6.0,
    )


def test_hours_closed_as_lost_let_the_day_close_without_pretending() -> None:
    store = store_of()
    rows = [hour for hour in whole_day(store) if hour["interval_start"].hour not in (12, 13)]
    lost = pl.DataFrame(
        {"store_id": ["shop-1"] * 3, "hour_start": [utc("2026-07-18 12:00")] * 2 + [utc("2026-07-18 13:00")]}
    )
    closed = day_of(store, *rows, lost=lost)
    assert closed.select("completeness", "hours_lost", "is_complete").row(0) == (22 / 24, 2, True)
    still_open = day_of(store, *rows, lost=lost.head(2))
    assert still_open.select("completeness", "hours_lost", "is_complete").row(0) == (22 / 24, 1, False)


def test_an_incomplete_hour_is_never_the_peak() -> None:
    rows = [row("11:00", {1: (5, 0)}), row("12:00", {1: (50, 0)}, is_complete=False), row("13:00", {1: (4, 0)})]
    peak = day_of(store_of(), *rows)
    assert peak.select("peak_hour", "peak_hour_entries", "peak_hour_is_tied").row(0) == (11, 5, False)


def test_a_closed_hour_is_never_the_peak() -> None:
    rows = [row("03:00", {1: (80, 0)}), row("13:00", {1: (4, 0)})]
    assert day_of(store_of(), *rows)["peak_hour"].item() == 13


def test_a_closed_day_has_no_peak_and_no_average() -> None:
    store = store_of(opening_hours={"mon-fri": "10:00-20:00"})
    columns = ("peak_hour", "peak_hour_entries", "peak_hour_is_tied", "average_hourly_entries", "open_hours")
    closed = day_of(store, *whole_day(store, lines={1: (1, 1)}))
    assert closed.select(columns).row(0) == (None, None, None, None, 0.0)
    assert closed.select("business_entries", "non_business_entries").row(0) == (0.0, 24.0)


def test_a_day_without_entries_has_no_drift_share() -> None:
    day = day_of(store_of(), row("10:00", {1: (0, 4)}))
    assert day.select("drift", "drift_share", "occupancy_max").row(0) == (-4, None, 0)


def test_a_store_without_a_street_line_has_no_capture() -> None:
    day = day_of(store_of(), row("10:00", {1: (3, 4)}))
    assert day.select("passers_by", "capture_rate", "turn_in_ratio").row(0) == (None, None, None)


def test_capture_compares_only_hours_that_measured_both() -> None:
    store = store_of(sensors=[door("d"), door("street", lines=STREET)])
    rows = [
        row("10:00", {1: (5, 0)}, sensor="d"),
        row("10:00", {4: (20, 0)}, sensor="street"),
        row("11:00", {1: (5, 0)}, sensor="d"),
    ]
    assert day_of(store, *rows).select("entries", "passers_by", "capture_rate").row(0) == (10, 20, 5 / 25)


def test_a_day_in_which_only_the_street_reported_has_no_entries() -> None:
    store = store_of(sensors=[door("d"), door("street", lines=STREET)])
    columns = (
        "entries",
        "net_flow",
        "business_entries",
        "passers_by",
        "occupancy_max",
        "hours_reported",
        "completeness",
    )
    day = day_of(store, row("10:00", {4: (20, 0)}, sensor="street"))
    assert day.select(columns).row(0) == (None, None, None, 20, None, 0, 0.0)


def test_the_first_of_two_equal_maxima_tells_when() -> None:
    rows = [row("10:00", {1: (5, 0)}), row("11:00", {1: (1, 1)}), row("12:00", {1: (0, 0)})]
    assert day_of(store_of(), *rows)["occupancy_max_at"].item() == utc("2026-07-18 10:00")


def test_no_hours_give_no_days() -> None:
    assert_frame_equal(day_of(store_of()), pl.DataFrame(schema=DAILY_SUMMARIES))


def test_hours_as_the_warehouse_returns_them_give_the_same_day() -> None:
    store = store_of()
    rows = whole_day(store, lines={1: (3, 2)})
    hourly = hourly_of(store, raw(*rows))
    narrow = hourly.with_columns(pl.col("entries", "exits", "passers_by", "occupancy_max").cast(pl.Int32))
    assert_frame_equal(daily_summaries(narrow, [store], hours_of(store), LATER), day_of(store, *rows))
