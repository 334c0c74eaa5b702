"""What a device's rows allow its counters, and who is inside by them: hand-computed, and untold where nobody knows."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.live_counters import RESET, UNDECLARED, UNKNOWN, beside_rows, live_occupancy
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline_tests.frames.readings import MIDNIGHT, reading, readings
from retail_pipeline_tests.frames.rows import DAY, raw, row
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

# 60 people an hour came from 00:00 to 12:00, 40 left.
MORNING = [row(f"{hour:02}:00", {1: (60, 40)}) for hour in range(12)]


def bounds(at: str, rows: list[dict[str, Any]] = MORNING, **read: Any) -> tuple[Any, ...]:
    told = beside_rows(readings(reading(at, 0, **read)), raw(*rows))
    return told.select("least_in", "least_out", "most_in", "most_out").row(0)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("10:30", (600, 400, 660, 440), id="in the middle of a row"),
        pytest.param("10:01", (540, 360, 660, 440), id="clocks may be two minutes apart: the row may not have ended"),
        pytest.param("10:02", (600, 400, 660, 440), id="and no more than two"),
        pytest.param("09:59", (540, 360, 660, 440), id="or the next may have begun"),
        pytest.param("00:10", (0, 0, 60, 40), id="in the first row of the day"),
    ],
)
def test_counters_lie_between_the_rows_that_had_ended_and_those_that_had_begun(at: str, expected: Any) -> None:
    assert bounds(at) == expected


def test_the_clock_of_the_device_says_which_rows_had_begun() -> None:
    assert bounds("09:30", skew_seconds=3600) == (600, 400, 660, 440)


def test_a_row_that_still_grows_bounds_nothing_from_above() -> None:
    open_hour = row("12:00", {1: (3, 0)}, is_complete=False)
    assert bounds("12:30", [*MORNING, open_hour]) == (720, 480, None, None)


def test_an_hour_that_is_not_there_bounds_nothing_from_above() -> None:
    assert bounds("10:30", [one for one in MORNING if one["interval_start"].hour != 4]) == (540, 360, None, None)


def test_yesterday_s_rows_are_not_today_s() -> None:
    yesterday = [row("2026-07-17 23:00", {1: (500, 500)})]
    assert bounds("01:30", [*yesterday, *MORNING]) == (60, 40, 120, 80)


def test_counters_never_fall_until_midnight() -> None:
    told = beside_rows(readings(reading("10:05", 700, 400), reading("10:10", 5, 1)), raw(*MORNING))
    assert told.select("in_count", "least_in", "least_out").rows() == [(700, 600, 400), (5, 700, 400)]


def test_a_reading_around_midnight_is_not_judged() -> None:
    assert beside_rows(readings(reading("00:01", 7, since=None)), raw(*MORNING)).is_empty()


def live_shop(*doors: dict[str, Any], **declared: Any) -> Store:
    return fleet_of(shop("shop-1", *(doors or (door("shop-1-door", live=True),)), **declared)).stores[0]


def inside(store: Store, rows: list[dict[str, Any]], *read: dict[str, Any]) -> tuple[list[Any], dict[str, str]]:
    now = max(one["observed_at"] for one in read)
    day = DAY if now.hour >= store.day_starts_at.hour else DAY - dt.timedelta(days=1)
    starts = pl.DataFrame(
        {"store_id": [store.id], "day_start": [day_bounds(store, day)[0]]},
        schema={"store_id": pl.String, "day_start": UTC_TIME},
    )
    told, untold = live_occupancy(beside_rows(readings(*read), raw(*rows)), raw(*rows), [store], starts)
    return told.select("zone", "occupancy", "observed_at", "source", "is_provisional").rows(), dict(untold.rows())


def test_who_came_and_did_not_leave_is_inside() -> None:
    told, untold = inside(live_shop(), MORNING, reading("10:30", 630, 421))
    assert told == [("", 209, utc("2026-07-18 10:30"), "live_counters", True)]
    assert untold == {}


def test_more_who_left_than_came_is_nobody() -> None:
    assert inside(live_shop(), [], reading("10:30", 3, 5))[0][0][1] == 0


def test_a_door_mounted_the_other_way_round_counts_the_other_way_round() -> None:
    lines = {1: {"role": "entrance", "inverted": True}}
    assert inside(live_shop(door("shop-1-door", live=True, lines=lines)), [], reading("10:30", 4, 30))[0][0][1] == 26


def test_whom_the_counters_hold_from_before_the_trading_day_are_taken_away() -> None:
    told, _ = inside(live_shop(day_starts_at="05:00"), MORNING, reading("10:30", 630, 421))
    assert told[0][1] == 209 - 5 * 20


def test_whom_the_counters_forgot_at_midnight_are_added() -> None:
    evening = [row(f"2026-07-17 {hour:02}:00", {1: (10, 6)}) for hour in range(5, 24)]
    told, _ = inside(live_shop(day_starts_at="05:00"), [*evening, *MORNING[:2]], reading("02:30", 130, 95))
    assert told[0][1] == 19 * 4 + 35


def test_rows_that_are_lacking_between_midnight_and_the_beginning_of_the_day_leave_it_untold() -> None:
    rows = [one for one in MORNING if one["interval_start"].hour != 3]
    assert inside(live_shop(day_starts_at="05:00"), rows, reading("10:30", 630, 421)) == ([], {"shop-1-door": UNKNOWN})
    assert len(inside(live_shop(), rows, reading("10:30", 630, 421))[0]) == 1


def test_counters_that_were_reset_during_the_day_tell_nothing() -> None:
    assert inside(live_shop(), MORNING, reading("10:30", 30, 21)) == ([], {"shop-1-door": RESET})
    fell = [reading("00:10", 9, 2), reading("00:15", 1, 1)]
    assert inside(live_shop(), [], *fell) == ([], {"shop-1-door": RESET})


def test_a_line_that_nobody_declared_is_in_the_counters_and_not_in_the_store() -> None:
    rows = [row("09:00", {1: (6, 4), 3: (1, 0)})]
    assert inside(live_shop(), rows, reading("10:30", 30, 21)) == ([], {"shop-1-door": UNDECLARED})


def test_a_store_is_told_by_all_its_doors_or_not_at_all() -> None:
    front, back = (door(f"shop-1-{name}", live=True) for name in ("front", "back"))
    both = [reading("10:30:10", 30, 10, sensor="shop-1-front"), reading("10:30:02", 8, 5, sensor="shop-1-back")]
    told, _ = inside(live_shop(front, back), [], *both)
    assert told == [("", 23, utc("2026-07-18 10:30:02"), "live_counters", True)]
    assert inside(live_shop(front, back), [], both[0])[0] == []
    assert inside(live_shop(front, back | {"live": False}), [], *both)[0] == []


def test_the_newest_reading_counts() -> None:
    assert inside(live_shop(), [], reading("10:25", 20, 0), reading("10:30", 22, 1))[0][0][1] == 21


def test_readings_of_another_day_do_not_bound_today_s() -> None:
    before = reading("2026-07-17 23:50", 900, 900, since=MIDNIGHT - dt.timedelta(days=1))
    assert inside(live_shop(), [], before, reading("10:30", 22, 1))[0][0][1] == 21
