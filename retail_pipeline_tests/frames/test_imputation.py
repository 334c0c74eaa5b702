"""Hours beside the weeks before: what is normal for them, and what stands in for them where they are missing."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.imputation import backtested_wape
from retail_pipeline.frames.schemas import HOUR_HISTORY
from retail_pipeline_tests.frames.rows import DAY, LATER, hours_of, raw, row, weeks_before
from retail_pipeline_tests.shops import door, store_of, utc

TEN = utc(f"{DAY} 10:00")
WEEK = dt.timedelta(weeks=1)
STREET = {4: {"role": "passers_by"}}


def at_ten(
    *rows: dict[str, Any], past: pl.DataFrame, store: Store | None = None, as_of: dt.datetime = LATER
) -> dict[str, Any]:
    """The row of ten o'clock."""
    store = store or store_of()
    hourly = hourly_analytics(raw(*rows), [store], hours_of(store), as_of, past=past)
    found = hourly.filter(hour_start=TEN)
    assert found.height <= 1
    return found.row(0, named=True) if found.height else {}


def test_a_missing_open_hour_takes_the_median_of_three_weeks_in_columns_of_its_own() -> None:
    hour = at_ten(row("09:00", {1: (2, 1)}), past=weeks_before((4, 3), (10, 9), (100, 90)))
    assert (hour["entries"], hour["exits"], hour["completeness"], hour["is_complete"]) == (None, None, 0.0, False)
    assert (hour["entries_imputed"], hour["exits_imputed"]) == (10.0, 9.0)
    assert (hour["quality"], hour["imputation_method"]) == ("D", "median_3_weeks.v1")
    assert (hour["occupancy_end"], hour["traffic_share"], hour["index_vs_normal"]) == (None, None, None)
    assert hour["input_version"] == TEN


def test_a_day_that_nobody_reported_is_imputed_too() -> None:
    assert at_ten(past=weeks_before((4, 3), (10, 9)))["entries_imputed"] == 7.0


@pytest.mark.parametrize(
    ("past", "declared"),
    [
        pytest.param(weeks_before((4, 3)), {}, id="one week tells too little"),
        pytest.param(weeks_before((4, 3), None, None, (8, 8)), {}, id="the fourth week before is too far"),
        pytest.param(weeks_before((4, 3), (10, 9), hour=11), {}, id="another hour does not count"),
        pytest.param(weeks_before((4, 3), (10, 9)), {"opening_hours": {"sun": "10:00-20:00"}}, id="closed"),
        pytest.param(weeks_before((4, 3), (10, 9)), {"live_since": "2026-07-19"}, id="not live yet"),
    ],
)
def test_otherwise_a_missing_hour_has_no_row(past: pl.DataFrame, declared: dict[str, Any]) -> None:
    assert at_ten(past=past, store=store_of(**declared)) == {}


def test_an_hour_that_comes_after_all_replaces_its_estimate() -> None:
    hour = at_ten(row("10:00", {1: (2, 1)}), past=weeks_before((4, 3), (10, 9)))
    assert (hour["entries"], hour["entries_imputed"], hour["imputation_method"], hour["quality"]) == (
        2,
        None,
        None,
        "A",
    )


def test_half_an_hour_keeps_its_count_beside_the_estimate() -> None:
    store = store_of(sensors=[door("d", interval_minutes=30)])
    hour = at_ten(row("10:00", {1: (2, 1)}, sensor="d", minutes=30), past=weeks_before((4, 3), (10, 9)), store=store)
    assert (hour["entries"], hour["entries_imputed"], hour["completeness"], hour["quality"]) == (2, 7.0, 0.5, "C")
    assert hour["index_vs_normal"] is None


def test_with_one_of_two_doors_dead_the_hour_is_imputed_in_part() -> None:
    store = store_of(sensors=[door("a"), door("b")])
    hour = at_ten(row("10:00", {1: (2, 1)}, sensor="a"), past=weeks_before((4, 3), (10, 9)), store=store)
    assert (hour["entries"], hour["entries_imputed"], hour["quality"]) == (2, 7.0, "C")


def test_where_only_the_street_was_measured_the_entries_are_imputed() -> None:
    store = store_of(sensors=[door("d"), door("street", lines=STREET)])
    hour = at_ten(row("10:00", {4: (9, 9)}, sensor="street"), past=weeks_before((4, 3), (10, 9)), store=store)
    assert (hour["passers_by"], hour["entries"], hour["entries_imputed"], hour["quality"]) == (18, None, 7.0, "D")


@pytest.mark.parametrize(
    ("minutes_after", "letter"), [(39, None), (40, "C")], ids=["a poll may still bring it", "both polls are over"]
)
def test_an_hour_is_not_given_up_before_both_polls_are_over(minutes_after: int, letter: str | None) -> None:
    as_of = TEN + dt.timedelta(minutes=60 + minutes_after)
    hour = at_ten(row("10:00", {1: (2, 1)}, is_complete=False), past=weeks_before((4, 3), (10, 9)), as_of=as_of)
    assert (hour["quality"], hour["entries_imputed"] is not None) == (letter, letter is not None)


def test_without_an_estimate_a_broken_hour_is_unusable() -> None:
    hour = at_ten(row("10:00", {1: (2, 1)}, is_complete=False), past=weeks_before())
    assert (hour["quality"], hour["entries_imputed"]) == ("X", None)


@pytest.mark.parametrize(
    ("past", "index"),
    [
        pytest.param(weeks_before((10, 0), (20, 0), (30, 0), (40, 0)), 2.0, id="median of four"),
        pytest.param(weeks_before((10, 0), None, None, (40, 0)), 2.0, id="of the two that are known"),
        pytest.param(weeks_before((10, 0)), None, id="one tells too little"),
        pytest.param(weeks_before((10, 0), None, None, None, (40, 0)), None, id="the fifth week is too far"),
        pytest.param(weeks_before((0, 0), (0, 0)), None, id="nobody is normal"),
    ],
)
def test_an_hour_stands_against_the_median_of_four_weeks(past: pl.DataFrame, index: float | None) -> None:
    assert at_ten(row("10:00", {1: (50, 1)}), past=past)["index_vs_normal"] == index


def test_an_hour_that_came_twice_is_compared_twice_with_the_same_normal() -> None:
    store, day = store_of(timezone="Europe/Lisbon", opening_hours={"mon-sun": "00:00-24:00"}), dt.date(2026, 10, 25)
    rows = [row("2026-10-25 00:00", {1: (8, 0)}), row("2026-10-25 01:00", {1: (4, 0)})]
    past = weeks_before((4, 3), (4, 9), hour=1, day=day)
    hourly = hourly_analytics(raw(*rows), [store], hours_of(store, day), LATER, past=past)
    assert hourly.select("local_hour", "index_vs_normal").rows() == [(1, 2.0), (1, 1.0)]


def test_days_derived_together_are_history_to_each_other_and_replace_what_stood() -> None:
    store = store_of()
    rows = [row(TEN - n * WEEK, {1: (people, 0)}) for n, people in enumerate((30, 10, 20))]
    hours = hours_of(store, DAY - 2 * WEEK, DAY)
    hourly = hourly_analytics(raw(*rows), [store], hours, LATER, past=weeks_before((999, 0), (999, 0), (40, 0)))
    assert hourly.filter(hour_start=TEN)["index_vs_normal"].to_list() == [30 / 20]


def test_the_method_is_tried_on_the_eight_weeks_before() -> None:
    day = pl.DataFrame({"store_id": ["shop-1"], "trading_day": [DAY]})
    five = weeks_before((10, 0), (20, 0), (20, 0), (30, 0), (30, 0))
    assert backtested_wape(day, five)["imputation_wape"].to_list() == [(10 + 10 + 10) / (10 + 20 + 20)]
    nine_weeks_ago = weeks_before(*[None] * 8, (5, 0), (50, 0), (50, 0))
    assert backtested_wape(day, nine_weeks_ago).is_empty()
    nobody = weeks_before((0, 0), (0, 0), (0, 0))
    assert backtested_wape(day, nobody)["imputation_wape"].to_list() == [None]


def test_closed_hours_do_not_flatter_the_method() -> None:
    day = pl.DataFrame({"store_id": ["shop-1"], "trading_day": [DAY]})
    closed = weeks_before((10, 0), (10, 0), (10, 0), hour=3).with_columns(business_share=pl.lit(0.0))
    assert backtested_wape(day, closed).is_empty()
    assert closed.schema == HOUR_HISTORY
