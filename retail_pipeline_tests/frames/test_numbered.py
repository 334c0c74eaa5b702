"""Numbers of hours and days, and the hours that rows belong to."""

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.frames.numbered import beside, in_turn, numbered, of_hour, placed, running, told_hours
from retail_pipeline_tests.frames.rows import DAY, hours_of, raw, row
from retail_pipeline_tests.shops import store_of

STORES = [store_of(name=name, id=name) for name in ("a", "b")]
NEXT = DAY + dt.timedelta(days=1)


def test_hours_and_days_are_numbered_in_the_order_of_stores_and_of_time() -> None:
    hours = numbered(hours_of(STORES, DAY, NEXT).reverse())
    assert hours["hour"].to_list() == list(range(2 * 2 * 24))
    days = hours.unique("day").sort("day")
    assert days.select("day", "store_id", "trading_day").rows() == [
        (0, "a", DAY),
        (1, "a", NEXT),
        (2, "b", DAY),
        (3, "b", NEXT),
    ]


def test_hours_keep_the_numbers_that_they_have() -> None:
    hours = numbered(hours_of(STORES))
    assert numbered(hours) is hours


def test_a_row_belongs_to_an_hour_of_its_own_store_or_to_none() -> None:
    hours = numbered(hours_of(STORES))
    at = ["2026-07-17 23:59", "00:00", "23:59", "2026-07-19 00:00"]
    rows = raw(*(row(start, store=store, sensor=store) for store in ("a", "b", "of nobody") for start in at))
    told = hours.lazy().select("hour", "hour_start")
    found = placed(rows, hours).join(told, on="hour").sort("store_id", "hour_start").collect()
    assert found.select("store_id", pl.col("hour_start").dt.hour()).rows() == [("a", 0), ("a", 23), ("b", 0), ("b", 23)]


def test_rows_stand_beside_that_of_the_same_number_or_beside_nothing() -> None:
    rows = pl.LazyFrame({"hour": [1, 1, 2, 4]})
    others = pl.LazyFrame({"hour": [0, 1, 3, 4], "people": [7, 8, 9, 10]})
    assert beside(rows, others, "hour").collect()["people"].to_list() == [8, 8, None, 10]


def test_groups_come_in_the_order_of_their_number() -> None:
    rows = pl.LazyFrame({"hour": [1, 1, 2, 4], "people": [1, 2, 3, 4]})
    assert in_turn(rows, "hour").agg(pl.col("people").sum()).collect().rows() == [(1, 3), (2, 3), (4, 4)]


def test_an_hour_s_columns_are_found_by_its_number() -> None:
    hours = numbered(hours_of(STORES))
    told = pl.DataFrame({"hour": [25, 0, 25]}).select(of_hour(hours, "store_id"), of_hour(hours, "local_hour"))
    assert told.rows() == [("b", 1), ("a", 0), ("b", 1)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9))))
def test_a_running_sum_is_that_of_each_group(people: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(sorted(people, key=lambda one: one[0]), schema=["day", "net"], orient="row", strict=False)
    frame = frame.cast(pl.Int64)
    sums = frame.select(group_by_group=pl.col("net").cum_sum().over("day"), at_once=running(pl.col("net"), "day"))
    assert sums["at_once"].to_list() == sums["group_by_group"].to_list()


def test_told_hours_keep_the_day_that_they_name_whatever_the_calendar_says_now() -> None:
    hours = numbered(hours_of(STORES, DAY, NEXT))
    first, another_day = hours.row(0, named=True), DAY - dt.timedelta(days=1)
    told = [
        ("b", first["hour_start"], DAY),
        ("a", first["hour_start"], NEXT),
        ("a", first["hour_start"] + dt.timedelta(minutes=30), DAY),
        ("a", first["hour_end"], another_day),
    ]
    rows = pl.DataFrame(told, schema=hours.select("store_id", "hour_start", "trading_day").schema, orient="row")
    found = told_hours(rows, hours).collect()
    assert found.select("store_id", "hour", "day").rows() == [("a", None, 0), ("a", 0, 1), ("b", 48, 2)]
