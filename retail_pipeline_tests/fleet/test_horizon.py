"""The horizon starts on a Monday, and gives way to the budget of partitions."""

import datetime as dt

import hypothesis.strategies as st
import pytest
from hypothesis import given

from retail_pipeline.fleet.horizon import BUDGET, horizon_start

THURSDAY = dt.datetime(2026, 7, 16, 10, 20, tzinfo=dt.UTC)


def start_of(days: int, stores: int, now: dt.datetime = THURSDAY) -> str:
    return f"{horizon_start(now, days, stores):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("days", "stores", "start"),
    [
        pytest.param(31, 100, "Mon 2026-06-15 00:00", id="the default"),
        pytest.param(31, 0, "Mon 2026-06-15 00:00", id="no stores yet"),
        pytest.param(31, 200, "Mon 2026-06-29 00:00", id="a later Monday within the budget"),
        pytest.param(31, 1000, "Mon 2026-07-13 00:00", id="this Monday"),
        pytest.param(31, 20_000, "Mon 2026-07-13 00:00", id="never below three days"),
        pytest.param(1, 10, "Mon 2026-07-13 00:00", id="as short as it was asked for"),
    ],
)
def test_it_starts_on_a_monday(days: int, stores: int, start: str) -> None:
    assert start_of(days, stores) == start


def test_where_a_week_is_too_much_it_starts_at_a_midnight() -> None:
    monday = dt.datetime(2026, 7, 13, 10, tzinfo=dt.UTC)
    assert start_of(31, 900, monday) == "Thu 2026-07-09 00:00"
    assert start_of(31, 20_000, monday) == "Fri 2026-07-10 00:00"
    assert start_of(1, 20_000, monday) == "Sun 2026-07-12 00:00"


def test_it_does_not_move_within_a_week() -> None:
    days = [dt.datetime(2026, 7, 15, 23, 59, tzinfo=dt.UTC) + number * dt.timedelta(days=1) for number in range(7)]
    assert {start_of(30, 100, now) for now in days} == {"Mon 2026-06-15 00:00"}


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        horizon_start(dt.datetime(2026, 7, 16), 31, 100)  # noqa: DTZ001 (that is what is tested)


@given(
    now=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    days=st.integers(1, 60),
    stores=st.integers(1, 5000),
)
def test_it_keeps_to_the_budget_or_to_three_days(now: dt.datetime, days: int, stores: int) -> None:
    start = horizon_start(now, days, stores)
    reach = now - start
    assert start.time() == dt.time(0)
    assert reach >= dt.timedelta(days=min(3, days))
    assert reach < dt.timedelta(days=days + 7)
    assert (reach / dt.timedelta(hours=1)) * stores <= BUDGET or reach < dt.timedelta(days=min(3, days) + 1)
