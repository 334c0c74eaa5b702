"""Expected entries and the staff they ask for: dated rows, open hours only, each from the weeks before."""

import datetime as dt
import statistics
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.staffing import staffing_hours
from retail_pipeline_tests.shops import store_of, utc

NOW = utc("2026-07-18 12:30")
TODAY = dt.date(2026, 7, 18)
SUNDAY = dt.date(2026, 7, 19)
DAY = dt.timedelta(days=1)


def past_hours(
    entries: Callable[[dt.date, int], int], *, days: int = 56, complete: Callable[[dt.date], bool] = lambda _: True
) -> pl.DataFrame:
    """Hourly rows of the days before today, in UTC, and of today until noon."""
    rows = [
        ("shop-1", day, hour, entries(day, hour), 1.0 if 10 <= hour < 20 else 0.0, complete(day))
        for day in (TODAY - n * DAY for n in range(days + 1))
        for hour in range(24)
    ]
    schema = {"store_id": pl.String(), "local_date": pl.Date(), "local_hour": pl.Int16(), "entries": pl.Int64()}
    schema |= {"business_share": pl.Float64(), "is_complete": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def expected(hourly: pl.DataFrame, day: dt.date, hour: int, **declared: Any) -> dict[str, Any] | None:
    rows = staffing_hours(hourly, [store_of(**declared)], NOW)
    found = rows.filter(pl.col("local_date") == day, pl.col("local_hour") == hour).to_dicts()
    return found[0] if found else None


def by_week(day: dt.date, _hour: int) -> int:
    """1 last week, 2 the week before, and so on; today and what is to come stand out."""
    weeks = (TODAY - day).days // 7 + 1
    return 1000 if day == TODAY else {1: 10, 2: 20, 3: 30, 4: 90}.get(weeks, 500)


def test_the_median_of_the_last_four_weeks_is_expected_in_both_weeks_to_come() -> None:
    for sunday in (SUNDAY, SUNDAY + 7 * DAY):
        told = expected(past_hours(by_week), sunday, 11, entries_per_staff_hour=12)
        assert told is not None
        assert (told["expected_entries"], told["p25"], told["p75"]) == (25.0, 17.5, 45.0)
        assert told["recommended_staff"] == 3


def test_only_open_hours_of_the_next_fourteen_local_days_have_rows() -> None:
    declared = {"opening_hours": {"mon-sat": "10:00-20:00"}, "exceptions": {"2026-07-21": "closed"}}
    rows = staffing_hours(past_hours(by_week), [store_of(**declared)], NOW)
    days = {TODAY + n * DAY for n in range(1, 15)} - {SUNDAY, SUNDAY + 7 * DAY, dt.date(2026, 7, 21)}
    assert set(rows["local_date"]) == days
    assert set(rows["local_hour"]) == set(range(10, 20))


def test_a_public_holiday_gives_none() -> None:
    hourly = past_hours(by_week)
    assert expected(hourly, dt.date(2026, 7, 20), 11) is not None
    assert (
        staffing_hours(hourly, [store_of(country="PT")], utc("2026-08-10 12:00"))
        .filter(pl.col("local_date") == dt.date(2026, 8, 15))
        .is_empty()
    )


@pytest.mark.parametrize(
    ("known", "rows"), [pytest.param(1, 0, id="one week tells nothing"), pytest.param(2, 1, id="two weeks do")]
)
def test_hours_that_are_not_complete_are_no_past(known: int, rows: int) -> None:
    hourly = past_hours(by_week, complete=lambda day: (TODAY - day).days <= 7 * known)
    assert (expected(hourly, SUNDAY, 11) is not None) == bool(rows)


def test_without_a_rate_no_staff_is_recommended() -> None:
    told = expected(past_hours(by_week), SUNDAY, 11)
    assert told is not None
    assert told["recommended_staff"] is None


def test_the_error_is_that_of_telling_each_hour_a_week_ahead() -> None:
    def drifting(day: dt.date, hour: int) -> int:
        return 20 + (TODAY - day).days * 7 % 13 + hour

    told = expected(past_hours(drifting), SUNDAY, 11)
    assert told is not None
    recent = [(TODAY - n * DAY, hour) for n in range(1, 29) for hour in range(10, 20)]
    errors = [
        abs(drifting(day, hour) - statistics.median(drifting(day - 7 * k * DAY, hour) for k in range(1, 5)))
        for day, hour in recent
    ]
    assert told["expected_wape"] == pytest.approx(sum(errors) / sum(drifting(*one) for one in recent))
