"""Numbers of hours and days, and the hours that rows belong to."""

import datetime as dt

import polars as pl

from retail_pipeline.frames.numbered import numbered, placed
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


def test_a_row_belongs_to_an_hour_of_its_own_store_or_to_none() -> None:
    hours = numbered(hours_of(STORES))
    at = ["2026-07-17 23:59", "00:00", "23:59", "2026-07-19 00:00"]
    rows = raw(*(row(start, store=store, sensor=store) for store in ("a", "b") for start in at))
    told = hours.lazy().select("hour", "hour_start")
    found = placed(rows, hours).join(told, on="hour").sort("store_id", "hour_start").collect()
    assert found.select("store_id", pl.col("hour_start").dt.hour()).rows() == [("a", 0), ("a", 23), ("b", 0), ("b", 23)]
