"""A real day of one shop: the counts per hour are as reported, their split into IN and OUT follows the day's."""

import datetime as dt
from itertools import accumulate, pairwise

import polars as pl
import pytest

from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline_tests.frames.rows import LATER, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of, utc

DOOR = [1, 8, 0, *[0] * 10, 5, 12, 5, 9, 22, 19, 18, 12, 26, 8, 16]
STREET = [321, 242, 14, *[0] * 10, 341, 406, 351, 382, 522, 585, 610, 508, 490, 385, 425]
NINE_IN_THE_EVENING = utc("2025-07-18 20:00")  # 21:00 in Lisbon
STORE = store_of(
    timezone="Europe/Lisbon",
    country="PT",
    sensors=[door("d", lines={1: {"role": "entrance"}, 4: {"role": "passers_by"}})],
)


def split(crossings: list[int], entries: int) -> list[tuple[int, int]]:
    """IN and OUT per hour that add up to the day's."""
    shares = [0, *(round(so_far * entries / sum(crossings)) for so_far in accumulate(crossings))]
    return [(high - low, both - (high - low)) for both, (low, high) in zip(crossings, pairwise(shares), strict=True)]


@pytest.fixture
def hourly() -> pl.DataFrame:
    rows = [
        row(NINE_IN_THE_EVENING + dt.timedelta(hours=hour), {1: at_door, 4: in_street}, sensor="d")
        for hour, (at_door, in_street) in enumerate(zip(split(DOOR, 93), split(STREET, 4085), strict=True))
    ]
    hours = hours_of(STORE, dt.date(2025, 7, 18), dt.date(2025, 7, 19))
    return hourly_analytics(raw(*rows), [STORE], hours, LATER)


def test_the_street_never_counts_as_entries(hourly: pl.DataFrame) -> None:
    assert hourly.select(pl.col("entries", "exits", "passers_by").sum()).row(0) == (93, 68, 4085 + 1497)


def test_capture_of_the_day_is_one_and_two_thirds_percent_of_the_street(hourly: pl.DataFrame) -> None:
    entries, passers_by = hourly["entries"].sum(), hourly["passers_by"].sum()
    assert entries / passers_by == pytest.approx(0.0167, abs=5e-5)
    assert entries / (entries + passers_by) == pytest.approx(0.0164, abs=5e-5)


def test_the_two_local_days_hold_all_24_hours(hourly: pl.DataFrame) -> None:
    hours = hours_of(STORE, dt.date(2025, 7, 18), dt.date(2025, 7, 19))
    days = daily_summaries(hourly, [STORE], hours, LATER)
    assert days["hours_reported"].to_list() == [3, 21]
    assert days["entries"].sum() == 93
    assert days["turn_in_ratio"].to_list() == [
        pytest.approx(entries / passers_by)
        for entries, passers_by in zip(days["entries"], days["passers_by"], strict=True)
    ]


def test_the_peak_of_the_second_day_is_the_hour_of_six_in_the_evening(hourly: pl.DataFrame) -> None:
    days = daily_summaries(hourly, [STORE], hours_of(STORE, dt.date(2025, 7, 18), dt.date(2025, 7, 19)), LATER)
    assert days["peak_hour"].to_list()[1] == 18
