import datetime as dt

import polars as pl
import pytest

from retail_pipeline.frames.day_start import best_day_starts
from retail_pipeline.frames.quality.day_start import day_starts_when_empty
from retail_pipeline_tests.shops import store_of, utc

HOUR = dt.timedelta(hours=1)
FIRST = utc("2026-07-01 00:00")
BAR = {22: (30, 0), 1: (0, 10), 2: (0, 20)}
SHOP = {11: (30, 10), 18: (10, 30)}


def hours(people: dict[int, tuple[int, int]], days: int = 8, *, is_complete: bool = True) -> pl.DataFrame:
    """Hourly rows of days that are all the same; hours that are not named are empty."""
    starts = [FIRST + n * HOUR for n in range(days * 24)]
    rows = [("shop-1", at, at.date(), at.hour, *people.get(at.hour, (0, 0)), is_complete) for at in starts]
    schema = ["store_id", "hour_start", "local_date", "local_hour", "entries", "exits", "is_complete"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_bar_that_counts_from_midnight_loses_its_guests() -> None:
    [row] = best_day_starts(hours(BAR), [store_of()]).iter_rows(named=True)
    from_one_to_ten = 21 / 24
    assert (row["day_starts_at"], row["negative_share"]) == (0, pytest.approx(from_one_to_ten))
    before_the_first_day = 2 / (8 * 24)
    assert (row["best_hour"], row["best_share"]) == (3, pytest.approx(before_the_first_day))


def test_a_declared_hour_that_is_as_good_as_any_stays() -> None:
    [row] = best_day_starts(hours(SHOP), [store_of(day_starts_at="05:00")]).iter_rows(named=True)
    assert (row["negative_share"], row["best_hour"], row["best_share"]) == (0.0, 5, 0.0)


@pytest.mark.parametrize(
    "too_little", [hours(BAR, days=6), hours(BAR, is_complete=False)], ids=["six days", "nothing complete"]
)
def test_less_than_a_week_of_complete_hours_teaches_nothing(too_little: pl.DataFrame) -> None:
    assert best_day_starts(too_little, [store_of()]).is_empty()


def test_the_check_advises_and_is_content_when_the_advice_is_taken() -> None:
    [found] = day_starts_when_empty(hours(BAR), [store_of()]).iter_rows(named=True)
    assert found["severity"] == "warn"
    assert 'day_starts_at: "03:00"' in found["advice"]
    assert day_starts_when_empty(hours(BAR), [store_of(day_starts_at="03:00")]).is_empty()
    assert day_starts_when_empty(hours(SHOP), [store_of()]).is_empty()


def test_a_store_sets_its_own_limit() -> None:
    assert day_starts_when_empty(hours(BAR), [store_of(thresholds={"day_starts_when_empty": 0.9})]).is_empty()
