"""A store is open when its exceptions, its country's holidays or its weekdays say so, in that order."""

import datetime as dt

import pytest

from retail_pipeline.fleet.calendar import open_spans
from retail_pipeline.fleet.models import Store
from retail_pipeline_tests.fleet.declared import store

WEEK = {"mon-sat": "10:00-22:00", "sun": "closed", "holidays": "12:00-18:00"}


def spans(shop: Store, day: str) -> list[tuple[str, str]]:
    found = open_spans(shop, dt.date.fromisoformat(day))
    return [(f"{start:%d %H:%M}", f"{end:%d %H:%M}") for start, end in found]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-07-18", [("18 09:00", "18 21:00")], id="a Saturday in summer"),
        pytest.param("2026-01-17", [("17 10:00", "17 22:00")], id="a Saturday in winter"),
        pytest.param("2026-07-19", [], id="a Sunday"),
        pytest.param("2026-12-25", [("25 12:00", "25 18:00")], id="a public holiday"),
        pytest.param("2026-12-24", [("24 10:00", "24 14:00")], id="an exception"),
        pytest.param("2026-12-08", [("08 10:00", "08 12:00")], id="an exception on a public holiday"),
    ],
)
def test_exceptions_stand_above_holidays_and_these_above_weekdays(day: str, expected: list[tuple[str, str]]) -> None:
    exceptions = {"2026-12-24": "10:00-14:00", "2026-12-08": "10:00-12:00"}
    assert spans(store(country="PT", opening_hours=WEEK, exceptions=exceptions), day) == expected


def test_without_a_country_holidays_are_weekdays() -> None:
    assert spans(store(opening_hours=WEEK), "2026-12-25") == [("25 10:00", "25 22:00")]


def test_holidays_without_hours_are_closed() -> None:
    assert spans(store(country="PT", opening_hours={"mon-sun": "10:00-22:00"}), "2026-12-25") == []


def test_a_bar_is_open_past_midnight_and_past_the_clock_change() -> None:
    bar = store(opening_hours={"mon-sun": "18:00-04:00"})
    assert spans(bar, "2026-10-24") == [("24 17:00", "25 04:00")]
    assert spans(bar, "2026-03-28") == [("28 18:00", "29 03:00")]


def test_a_repeated_time_means_its_first_occurrence() -> None:
    assert spans(store(opening_hours={"sat": "18:00-01:00"}), "2026-10-24") == [("24 17:00", "25 00:00")]


def test_a_span_that_the_clock_skips_is_none() -> None:
    shop = store(opening_hours={"sun": "01:00-02:00, 10:00-12:00"})
    assert spans(shop, "2026-03-29") == [("29 09:00", "29 11:00")]


def test_a_span_that_begins_in_skipped_time_begins_when_the_clock_jumps() -> None:
    assert spans(store(opening_hours={"sun": "01:30-03:00"}), "2026-03-29") == [("29 01:00", "29 02:00")]


def test_the_next_morning_begins_where_the_late_evening_ends() -> None:
    shop = store("UTC", opening_hours={"fri": "18:00-06:00", "sat": "02:00-04:00, 05:00-12:00"})
    assert spans(shop, "2026-07-17") == [("17 18:00", "18 06:00")]
    assert spans(shop, "2026-07-18") == [("18 06:00", "18 12:00")]
