import datetime as dt
from typing import Any

import pytest

from retail_pipeline.frames.device_off import device_off
from retail_pipeline_tests.frames.rows import DAY, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of, utc

STORE = store_of(sensors=[door("d", lines={1: {"role": "entrance"}, 4: {"role": "passers_by"}})])
HOURS = hours_of(STORE, DAY - dt.timedelta(days=28), DAY)


def history(people: int, weeks: int = 4) -> list[dict[str, Any]]:
    """The same hours of the weeks before, with that many people on the street in each."""
    return [
        row(utc(f"{DAY} {hour:02}:00") - dt.timedelta(days=7 * week), {4: (people, 0)}, sensor="d")
        for week in range(1, weeks + 1)
        for hour in range(24)
    ]


def off_hours(rows: list[dict[str, Any]], past: list[dict[str, Any]]) -> list[int]:
    off = device_off(raw(*rows), raw(*past), HOURS)
    assert off.columns == ["store_id", "sensor_id", "hour_start"]
    return [start.hour for start in off["hour_start"]]


def zeros(*hours: int, is_complete: bool = True) -> list[dict[str, Any]]:
    return [row(f"{hour:02}:00", sensor="d", is_complete=is_complete) for hour in hours]


@pytest.mark.parametrize(
    ("rows", "past", "expected"),
    [
        pytest.param(
            zeros(12, 13, 14), history(5), [12, 13, 14], id="three busy hours of nobody at all are an off switch"
        ),
        pytest.param(zeros(12, 13), history(50), [], id="two quiet hours are not"),
        pytest.param(zeros(12, 13, 14), history(4), [], id="hours that are usually quiet tell nothing"),
        pytest.param(zeros(2, 3, 4), history(50), [], id="a closed shop is not switched off"),
        pytest.param(zeros(12, 13, 14), history(50, weeks=1), [], id="one week is no history"),
        pytest.param(zeros(12, 13, 14, is_complete=False), history(50), [], id="running intervals tell nothing"),
        pytest.param(
            [*zeros(12, 13), row("14:00", sensor="d", minutes=15)],
            history(50),
            [],
            id="an hour that has just begun is none",
        ),
        pytest.param(
            [*zeros(12, 13, 15), row("14:00", {4: (1, 0)}, sensor="d")],
            history(50),
            [],
            id="a single person on the street breaks the run",
        ),
        pytest.param(
            [*zeros(11, 12, 13), row("14:00", {1: (1, 0)}, sensor="d")],
            history(50),
            [11, 12, 13],
            id="the device was off until it was switched on again",
        ),
    ],
)
def test_a_device_is_off_when_busy_hours_are_all_zero(
    rows: list[dict[str, Any]], past: list[dict[str, Any]], expected: list[int]
) -> None:
    assert off_hours(rows, past) == expected
