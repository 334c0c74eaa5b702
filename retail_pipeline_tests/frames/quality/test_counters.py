"""Counters and rows of a device tell of the same people, or somebody is told which of the two holds more."""

from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.quality.counters import live_counters_agree
from retail_pipeline_tests.frames.readings import reading, readings
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import store_of, utc

STREET = raw(*(row(f"{hour:02}:00", {1: (6, 4), 4: (300, 280)}) for hour in range(12)))


def found(*read: dict[str, Any], rows: pl.DataFrame = STREET, **declared: Any) -> pl.DataFrame:
    return live_counters_agree(readings(*read), rows, [store_of(**declared)])


@pytest.mark.parametrize(
    ("entered", "left"),
    [
        pytest.param(10 * 306, 10 * 284, id="nobody passed since the row ended"),
        pytest.param(11 * 306, 11 * 284, id="everybody of the row had passed"),
        pytest.param(10 * 306 - 5, 10 * 284, id="five people are within the limit"),
        pytest.param(10 * 306, 11 * 284 + 5, id="either way"),
    ],
)
def test_counters_within_what_the_rows_allow_pass_the_street_included(entered: int, left: int) -> None:
    assert found(reading("10:30", entered, left)).is_empty()


@pytest.mark.parametrize(
    ("entered", "left", "figure", "words"),
    [
        pytest.param(10 * 306 - 6, 10 * 284, 6.0, "hold 6 people fewer than its rows", id="fewer came"),
        pytest.param(0, 0, 3060.0, "they were reset after midnight", id="a reset"),
        pytest.param(11 * 306, 11 * 284 + 20, 20.0, "hold 20 people more than its rows", id="more left"),
    ],
)
def test_counters_outside_of_it_are_a_warning(entered: int, left: int, figure: float, words: str) -> None:
    finding = found(reading("10:30", entered, left))
    told = finding.select("check", "severity", "sensor_id", "hour_start", "figure", "threshold").rows()
    assert told == [("live_counters_agree", "warn", "shop-1-door", utc("2026-07-18 10:00"), figure, 5.0)]
    assert words in finding["advice"][0]


def test_one_finding_a_device_and_day_the_worst() -> None:
    several = [reading(f"{hour}:30", 10 * 306 - 100, 10 * 284) for hour in (10, 11)]
    assert found(*several)["figure"].to_list() == [2 * 306 - 306 + 100]


def test_a_store_sets_its_own_limit() -> None:
    assert found(reading("10:30", 10 * 306 - 6, 10 * 284), thresholds={"live_counters_agree": 6}).is_empty()


def test_an_hour_that_was_never_delivered_is_no_contradiction() -> None:
    without = STREET.filter(pl.col("interval_start") != utc("2026-07-18 04:00"))
    assert found(reading("10:30", 10 * 306, 10 * 284), rows=without).is_empty()


def test_nothing_was_read_and_nothing_is_found() -> None:
    assert found().is_empty()
