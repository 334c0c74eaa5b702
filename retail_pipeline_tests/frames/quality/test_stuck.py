import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.quality.stuck import not_stuck
from retail_pipeline_tests.frames.rows import LATER, hours_of, raw, row
from retail_pipeline_tests.shops import store_of, utc


def day(stuck: range = range(0), people: tuple[int, int] = (3, 2), missing: range = range(0)) -> list[dict[str, Any]]:
    """A day that counts something else every hour, except for the hours that are stuck or missing."""
    return [
        row(f"{hour:02}:00", {1: people if hour in stuck else (10 + hour, hour)})
        for hour in range(24)
        if hour not in missing
    ]


def judged(rows: list[dict[str, Any]], as_of: dt.datetime = LATER, **declared: object) -> list[tuple[Any, ...]]:
    store = store_of(**declared)
    found = not_stuck(raw(*rows), hours_of(store), [store], as_of)
    return found.select("severity", pl.col("hour_start").dt.hour().cast(pl.Int64), "figure").rows()


@pytest.mark.parametrize(
    ("rows", "declared", "expected"),
    [
        pytest.param(day(), {}, [], id="a day that changes passes"),
        pytest.param(day(range(11, 14)), {}, [], id="three equal hours pass"),
        pytest.param(day(range(11, 15)), {}, [("warn", 11, 4.0)], id="four equal hours are a warning"),
        pytest.param(day(range(9, 21)), {}, [("error", 9, 12.0)], id="a whole day of business is an error"),
        pytest.param(day(range(11, 16), missing=range(13, 14)), {}, [], id="a missing hour breaks the run"),
        pytest.param(day(range(11, 15)), {"thresholds": {"not_stuck": 5}}, [], id="a store sets its own limit"),
        pytest.param(day(range(10, 20), people=(0, 0)), {}, [("error", 10, 10.0)], id="nobody all day is an error"),
        pytest.param(day(range(10, 19), people=(0, 0)), {}, [], id="nobody for most of the day is a quiet shop"),
        pytest.param(
            day(range(24), people=(0, 0)), {"exceptions": {"2026-07-18": "closed"}}, [], id="a closed day is zero"
        ),
        pytest.param(
            day(range(10, 13), people=(0, 0)),
            {"exceptions": {"2026-07-18": "10:00-13:00"}},
            [],
            id="three open hours are too few to tell",
        ),
        pytest.param(
            [row("10:00", {1: (3, 2)}, is_complete=False), *(row(f"{hour}:00", {1: (3, 2)}) for hour in (11, 12, 13))],
            {},
            [],
            id="a running hour is not compared",
        ),
    ],
)
def test_a_counter_that_repeats_itself_is_told(
    rows: list[dict[str, Any]], declared: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    assert judged(rows, **declared) == expected


def switched_off(rows: list[dict[str, Any]], *hours: int) -> pl.DataFrame:
    store = store_of()
    off = pl.DataFrame({"sensor_id": "shop-1-door", "hour_start": [utc(f"2026-07-18 {hour}:00") for hour in hours]})
    return not_stuck(raw(*rows), hours_of(store), [store], LATER, off)


def test_a_device_that_was_off_is_told_once_a_day_with_what_to_do() -> None:
    found = switched_off(day(range(12, 16), people=(0, 0)), 12, 13, 14, 15)
    assert found.select("severity", "sensor_id", "hour_start", "figure", "threshold").rows() == [
        ("warn", "shop-1-door", utc("2026-07-18 12:00"), 4.0, 3.0)
    ]
    assert "see its power" in found["advice"].item()


def test_a_device_that_was_off_all_day_has_the_error_of_the_whole_day_alone() -> None:
    found = switched_off(day(range(10, 20), people=(0, 0)), *range(11, 19))
    assert found.select("severity", "figure").rows() == [("error", 10.0)]


def test_zeros_are_judged_when_the_day_has_ended() -> None:
    rows = day(range(10, 20), people=(0, 0))
    assert judged(rows, utc("2026-07-18 23:59")) == []
    assert len(judged(rows, utc("2026-07-19 00:00"))) == 1


def test_two_lines_that_differ_are_not_the_same_figures() -> None:
    rows = [row(f"{hour}:00", {1: (3, 2), 4: (hour, 0)}) for hour in range(10, 16)]
    assert judged(rows) == []
