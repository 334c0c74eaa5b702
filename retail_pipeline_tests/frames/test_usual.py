"""The usual figure of an hour: same local weekday and hour, weeks before, complete hours only."""

import datetime as dt
import statistics
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.usual import usual_hours
from retail_pipeline_tests.frames.rows import LATER, raw, row
from retail_pipeline_tests.shops import store_of

SATURDAY = dt.date(2026, 7, 18)
KEY = {"store_id": pl.String(), "local_date": pl.Date(), "local_hour": pl.Int8()}


def hour(weeks_ago: int, entries: int | None = None, at: int = 10, store: str = "shop-1") -> dict[str, Any]:
    return {
        "store_id": store,
        "local_date": SATURDAY - dt.timedelta(weeks=weeks_ago),
        "local_hour": at,
        "entries": entries,
    }


def usual_of(*past: dict[str, Any], weeks: int = 4) -> list[dict[str, Any]]:
    targets = pl.DataFrame([hour(0)], schema=KEY, strict=False)
    return usual_hours(targets, pl.DataFrame(past, schema=KEY | {"entries": pl.Int64()}), "entries", weeks).to_dicts()


def test_the_usual_hour_is_the_median_of_the_same_weekday_and_hour() -> None:
    [told] = usual_of(hour(1, 10), hour(2, 20), hour(3, 90), hour(4, 30), hour(5, 1000), hour(1, 7, at=11))
    assert told["usual_weeks"] == 4
    assert (told["usual"], told["usual_p25"], told["usual_p75"]) == (25.0, 17.5, 45.0)
    assert told["usual_deviation"] == statistics.median([15, 5, 65, 5])


def test_an_hour_without_a_past_has_no_row_and_an_unknown_figure_is_no_past() -> None:
    assert usual_of() == []
    assert usual_of(hour(1), hour(2, 5, store="shop-2"), hour(9, 5)) == []


def test_an_hour_that_clocks_repeat_counts_once() -> None:
    [told] = usual_of(hour(1, 10), hour(1, 99), hour(2, 20))
    assert (told["usual_weeks"], told["usual"]) == (2, 15.0)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_median_and_deviation_are_those_of_the_standard_library(figures: list[int]) -> None:
    [told] = usual_of(*(hour(n, figure) for n, figure in enumerate(figures, 1)), weeks=8)
    median = statistics.median(figures)
    assert told["usual"] == median
    assert told["usual_deviation"] == statistics.median(abs(figure - median) for figure in figures)


def test_an_hour_that_a_clock_change_cuts_short_is_compared_with_none_and_none_with_it() -> None:
    """On 2026-04-05 Lord Howe has two one o'clock hours: one of 60 minutes, then one of 30 from 01:30 on."""
    store = store_of(timezone="Australia/Lord_Howe", opening_hours={"mon-sun": "00:00-24:00"})
    change = dt.date(2026, 4, 5)
    hours = trading_day_hours([store], change - dt.timedelta(weeks=3), change + dt.timedelta(weeks=2))
    rows = [
        row(hour, {1: (minutes, 0)}, minutes=int(minutes))
        for hour, minutes, day in hours.select("hour_start", "minutes", "trading_day").rows()
        if (change - day).days % 7 == 0
    ]
    told = hourly_analytics(raw(*rows), [store], hours, LATER)

    cut = told.filter(pl.col("hour_end") - pl.col("hour_start") == dt.timedelta(minutes=30))
    assert cut.select("local_date", "local_hour", "entries", "index_vs_normal").rows() == [(change, 1, 30, None)]
    at_one = told.filter(pl.col("local_hour") == 1, pl.col("local_date") > change)
    assert at_one["index_vs_normal"].to_list() == [1.0, 1.0]
