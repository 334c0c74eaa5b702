"""Rows of a till's export: which are believed, and the sentence for each that is not."""

from decimal import Decimal

import polars as pl
import pytest

from retail_pipeline.frames.transactions import COLUMNS, Judged, judge_transactions, with_silent_hours
from retail_pipeline_tests.shops import fleet_of, shop, utc

STORES = fleet_of(
    shop("lisbon", timezone="Europe/Lisbon"), shop("bengaluru", timezone="Asia/Kolkata", opening_hours={})
).stores


def judged(*rows: tuple[str | None, ...]) -> Judged:
    cells = [(number, *row, *[None] * (5 - len(row))) for number, row in enumerate(rows, 1)]
    schema = {"row_number": pl.Int32(), **dict.fromkeys(COLUMNS, pl.String())}
    return judge_transactions(pl.DataFrame(cells, schema=schema, orient="row"), STORES)


@pytest.mark.parametrize(
    ("store", "told", "instant"),
    [
        pytest.param("lisbon", "2026-07-18 10:00", "2026-07-18 09:00", id="the store's own time"),
        pytest.param("lisbon", "2026-07-18T10:00+01:00", "2026-07-18 09:00", id="with an offset"),
        pytest.param("lisbon", "2026-07-18T09:00Z", "2026-07-18 09:00", id="in UTC"),
        pytest.param("bengaluru", "2026-07-18 10:00", "2026-07-18 04:30", id="a zone of half an hour"),
        pytest.param("lisbon", "2026-10-25T01:00+00:00", "2026-10-25 01:00", id="the second of a repeated hour"),
    ],
)
def test_an_hour_is_told_by_the_wall_clock_or_by_an_offset(store: str, told: str, instant: str) -> None:
    good = judged((store, told, "12", "345.50", "20")).good
    assert good.rows() == [(store, utc(instant), "acme", 12, Decimal("345.50"), 20)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param(("nowhere", "2026-07-18 10:00", "1"), "no store", id="unknown store"),
        pytest.param((None, "2026-07-18 10:00", "1"), "no store", id="no store"),
        pytest.param(("lisbon", "2026-07-18 10:30", "1"), "start of an hour", id="half past"),
        pytest.param(("bengaluru", "2026-07-18T10:00Z", "1"), "start of an hour", id="no hour of that zone"),
        pytest.param(("lisbon", "2026-10-25 01:00", "1"), "stands twice that day", id="repeated hour without offset"),
        pytest.param(("lisbon", "2026-03-29 01:00", "1"), "start of an hour", id="skipped hour"),
        pytest.param(("lisbon", "18/07/2026", "1"), "start of an hour", id="no ISO time"),
        pytest.param(("lisbon", "0001-01-01 00:00", "1"), "start of an hour", id="a time long ago"),
        pytest.param(("lisbon", "2026-07-18 10:00", None), "whole number", id="no transactions"),
        pytest.param(("lisbon", "2026-07-18 10:00", "1.5"), "whole number", id="half a sale"),
        pytest.param(("lisbon", "2026-07-18 10:00", "9999999999"), "whole number", id="more than the table holds"),
        pytest.param(("lisbon", "2026-07-18 10:00", "-1"), "negative", id="negative"),
        pytest.param(("lisbon", "2026-07-18 10:00", "1", "EUR 5"), "sales", id="sales in words"),
        pytest.param(("lisbon", "2026-07-18 10:00", "1", "5", "x"), "units", id="units in words"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_its_reason(row: tuple[str | None, ...], words: str) -> None:
    result = judged(("lisbon", "2026-07-18 12:00", "3"), row)
    assert result.good["transactions"].to_list() == [3]
    assert result.rejected["row_number"].to_list() == [2]
    assert words in result.rejected["reason"][0]


def test_an_hour_that_stands_twice_is_refused_both_times() -> None:
    result = judged(("lisbon", "2026-07-18 10:00", "3"), ("lisbon", "2026-07-18T09:00Z", "4"))
    assert result.good.is_empty()
    assert result.rejected["reason"].to_list() == ["the store and hour stand twice in the file"] * 2


def test_what_is_not_told_is_not_zero_and_refunds_may_outweigh_sales() -> None:
    good = judged(("lisbon", "2026-07-18 10:00", "0"), ("lisbon", "2026-07-18 11:00", "1", "-12.00", "-1")).good
    assert good.select("transactions", "sales", "units").rows() == [(0, None, None), (1, Decimal("-12.00"), -1)]


def test_silent_open_hours_of_a_told_day_sold_nothing_where_that_is_said() -> None:
    told = judged(("lisbon", "2026-07-18 10:00", "3", "9.99", "4")).good
    filled = with_silent_hours(told, STORES)
    assert filled["hour_start"].dt.hour().to_list() == list(range(9, 19))
    assert filled["transactions"].to_list() == [3, *[0] * 9]
    assert with_silent_hours(told.clear(), STORES).is_empty()
