import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.quality.arrival import all_sensors_reported, long_stays_reported, no_missing_intervals
from retail_pipeline.frames.schemas import REGIONAL_COUNTS
from retail_pipeline_tests.frames.rows import DAY, LATER, hours_of, raw, row, whole_day
from retail_pipeline_tests.shops import door, store_of, utc

Check = Callable[..., pl.DataFrame]
TWO = store_of(sensors=[door("a"), door("b")])
BOTH_CHECKS = pytest.mark.parametrize("check", [all_sensors_reported, no_missing_intervals])


def hours_found(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return found.select("sensor_id", pl.col("hour_start").dt.hour().cast(pl.Int64), "figure", "severity").rows()


@BOTH_CHECKS
@pytest.mark.parametrize("day", [DAY, dt.date(2026, 3, 29), dt.date(2026, 10, 25)], ids=["24 h", "23 h", "25 h"])
def test_a_whole_day_passes_however_long_it_is(check: Check, day: dt.date) -> None:
    store = store_of(timezone="Europe/Lisbon")
    assert check(raw(*whole_day(store, day=day)), hours_of(store, day), [store], LATER).is_empty()


@BOTH_CHECKS
def test_an_hour_that_comes_twice_is_due_when_the_second_has_passed(check: Check) -> None:
    store = store_of(timezone="Europe/Lisbon")
    day = dt.date(2026, 10, 25)
    before = [row("2026-10-24 23:00")]
    assert check(raw(*before), hours_of(store, day), [store], utc("2026-10-25 01:59")).is_empty()
    found = check(raw(*before), hours_of(store, day), [store], utc("2026-10-25 02:45"))
    assert found["hour_start"].to_list() == [utc("2026-10-25 00:00"), utc("2026-10-25 01:00")]


def test_a_silent_device_is_named_with_its_hour() -> None:
    rows = raw(*whole_day(TWO, "a"), *whole_day(TWO, "b")[:-1])
    found = all_sensors_reported(rows, hours_of(TWO), [TWO], LATER)
    assert hours_found(found) == [("b", 23, 0.0, "error")]
    assert "check its power" in found["advice"].item()


def test_a_running_interval_is_a_sign_of_life_but_not_a_whole_hour() -> None:
    store = store_of()
    rows = [*whole_day(store)[:-1], row("23:00", is_complete=False)]
    assert all_sensors_reported(raw(*rows), hours_of(store), [store], LATER).is_empty()
    found = no_missing_intervals(raw(*rows), hours_of(store), [store], LATER)
    assert hours_found(found) == [("shop-1-door", 23, 60.0, "error")]


def test_minutes_that_are_missing_are_counted() -> None:
    store = store_of()
    rows = [*whole_day(store)[1:], row("00:00", minutes=15), row("00:30", minutes=15)]
    found = no_missing_intervals(raw(*rows), hours_of(store), [store], LATER)
    assert hours_found(found) == [("shop-1-door", 0, 30.0, "error")]
    assert "misses 30.0 minutes" in found["advice"].item()


@pytest.mark.parametrize(
    ("check", "minute", "expected"),
    [
        pytest.param(all_sensors_reported, 4, 0, id="rows have five minutes to come in"),
        pytest.param(all_sensors_reported, 5, 1, id="then their device is silent"),
        pytest.param(no_missing_intervals, 39, 0, id="intervals have two polls to close"),
        pytest.param(no_missing_intervals, 40, 1, id="then they are missing"),
    ],
)
def test_an_hour_is_judged_when_it_had_its_time(check: Check, minute: int, expected: int) -> None:
    store = store_of()
    as_of = utc(f"2026-07-18 01:{minute:02}")
    assert check(raw(), hours_of(store), [store], as_of).height == expected


@BOTH_CHECKS
def test_hours_that_can_never_be_had_are_excused(check: Check) -> None:
    store = store_of()
    excused = pl.DataFrame({"sensor_id": ["shop-1-door"], "hour_start": [utc("2026-07-18 23:00")]})
    assert check(raw(*whole_day(store)[:-1]), hours_of(store), [store], LATER, excused=excused).is_empty()


@BOTH_CHECKS
def test_nothing_is_asked_of_a_store_that_is_not_live(check: Check) -> None:
    store = store_of(live_since="2026-07-19")
    assert check(raw(), hours_of(store), [store], LATER).is_empty()


@BOTH_CHECKS
def test_region_reports_are_judged_by_themselves(check: Check) -> None:
    store = store_of(sensors=[door("a", reports=["lines", "regions"]), door("b")])
    nothing = pl.DataFrame(schema=REGIONAL_COUNTS)
    found = check(nothing, hours_of(store), [store], LATER, report=Report.REGIONS)
    assert found.group_by("sensor_id").len().rows() == [("a", 24)]


def test_long_stays_that_alone_are_missing_are_a_warning() -> None:
    store = store_of(sensors=[door("a", reports=["lines", "regions", "long_stays"]), door("b")])
    hour = pl.DataFrame(
        [("a", "shop-1", utc("2026-07-18 00:00"), utc("2026-07-18 01:00"), True)],
        schema=["sensor_id", "store_id", "interval_start", "interval_end", "is_complete"],
        orient="row",
    )
    told = pl.concat([pl.DataFrame(schema=REGIONAL_COUNTS), hour], how="diagonal_relaxed")
    found = long_stays_reported(told, hours_of(store), [store], utc("2026-07-18 02:40"))
    assert hours_found(found) == [("a", 1, 60.0, "warn")]
    assert "take long_stays out of its reports" in found["advice"].item()
    assert long_stays_reported(told, hours_of(store), [store], utc("2026-07-18 02:39")).is_empty()
