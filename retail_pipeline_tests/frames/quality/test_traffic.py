import datetime as dt
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.quality.traffic import enters_balance_exits, no_ghost_traffic
from retail_pipeline_tests.frames.rows import LATER, hourly_of, hours_of, raw, row
from retail_pipeline_tests.shops import store_of, utc

Check = Callable[..., pl.DataFrame]


def day_of(counts: dict[int, tuple[int, int]], as_of: dt.datetime = LATER, **declared: object) -> pl.DataFrame:
    """The summary of a day with these entries and exits per hour, zero in the others."""
    store = store_of(**declared)
    rows = raw(*(row(f"{hour:02}:00", {1: counts.get(hour, (0, 0))}) for hour in range(24)))
    return daily_summaries(hourly_of(store, rows, as_of), [store], hours_of(store), as_of)


@pytest.mark.parametrize(
    ("counts", "declared", "expected"),
    [
        pytest.param({3: (5, 5), 12: (95, 95)}, {}, [], id="one entry in twenty at night passes"),
        pytest.param({3: (6, 6), 12: (94, 94)}, {}, [(0.06, 0.05)], id="more than that are ghosts"),
        pytest.param({}, {}, [], id="a day without entries has no ghosts"),
        pytest.param({3: (6, 6)}, {"opening_hours": {}}, [], id="a store without opening hours knows no ghosts"),
        pytest.param({3: (6, 6)}, {"thresholds": {"no_ghost_traffic": 1}}, [], id="a store sets its own limit"),
    ],
)
def test_entries_while_the_shop_is_closed_are_told(
    counts: dict[int, tuple[int, int]], declared: dict[str, Any], expected: list[tuple[float, float]]
) -> None:
    found = no_ghost_traffic(day_of(counts, **declared), [store_of(**declared)], LATER)
    assert found.select("figure", "threshold").rows() == expected
    assert found["severity"].to_list() == ["warn"] * len(expected)
    assert found["hour_start"].to_list() == [utc("2026-07-18 00:00")] * len(expected)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({12: (100, 95)}, [], id="five in a hundred pass"),
        pytest.param({12: (100, 94)}, [("warn", 0.06)], id="six are a warning"),
        pytest.param({12: (100, 115)}, [("warn", 0.15)], id="fifteen, either way, still are"),
        pytest.param({12: (100, 116)}, [("error", 0.16)], id="sixteen are an error"),
        pytest.param({12: (0, 3)}, [("error", 1.0)], id="people who leave without coming are an error"),
        pytest.param({}, [], id="an empty day balances"),
    ],
)
def test_a_day_ends_with_as_many_exits_as_entries(
    counts: dict[int, tuple[int, int]], expected: list[tuple[str, float]]
) -> None:
    found = enters_balance_exits(day_of(counts), [store_of()], LATER)
    assert found.select("severity", "figure").rows() == [(weight, pytest.approx(share)) for weight, share in expected]


@pytest.mark.parametrize("check", [no_ghost_traffic, enters_balance_exits])
def test_today_is_not_judged_before_it_is_over(check: Check) -> None:
    as_of = utc("2026-07-18 23:59")
    assert check(day_of({3: (90, 0)}, as_of), [store_of()], as_of).is_empty()


def test_a_day_with_a_missing_hour_says_nothing_about_balance() -> None:
    store = store_of()
    hourly = hourly_of(store, raw(row("12:00", {1: (100, 0)})))
    daily = daily_summaries(hourly, [store], hours_of(store), LATER)
    assert enters_balance_exits(daily, [store], LATER).is_empty()
