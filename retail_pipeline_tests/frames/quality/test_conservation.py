import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.quality.conservation import hourly_conserves_raw, zone_mass_balance
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline_tests.frames.rows import COLLECTED, LATER, hourly_of, hours_of, raw, row
from retail_pipeline_tests.frames.test_zones import shop_with_till
from retail_pipeline_tests.shops import store_of, utc

STORE = store_of()
HOURS = hours_of(STORE)
ROWS = raw(row("10:00", {1: (5, 2), 4: (9, 9)}), row("11:00", {1: (1, 1)}))


def judged(rows: pl.DataFrame, hourly: pl.DataFrame, daily: pl.DataFrame, as_of: dt.datetime = LATER) -> list[Any]:
    found = hourly_conserves_raw(rows, hourly, daily, [STORE], HOURS, as_of=as_of)
    return found.select(pl.col("hour_start").dt.hour().cast(pl.Int64), "figure", "severity").rows()


def derived(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    hourly = hourly_of(STORE, rows)
    return hourly, daily_summaries(hourly, [STORE], HOURS, LATER)


def test_hours_and_days_that_hold_what_was_counted_pass() -> None:
    assert judged(ROWS, *derived(ROWS)) == []


def test_an_hour_with_other_people_than_raw_is_told() -> None:
    hourly, _ = derived(ROWS)
    wrong = hourly.with_columns(pl.col("entries") + pl.when(pl.col("local_hour") == 11).then(2).otherwise(0))
    same_day = daily_summaries(wrong, [STORE], HOURS, LATER)
    assert judged(ROWS, wrong, same_day) == [(11, 2.0, "error")]


def test_a_day_with_other_people_than_its_hours_is_told_at_its_start() -> None:
    hourly, daily = derived(ROWS)
    assert judged(ROWS, hourly, daily.with_columns(pl.col("exits") - 1)) == [(0, 1.0, "error")]


def test_an_hour_that_was_never_derived_is_told() -> None:
    hourly, _ = derived(ROWS.head(1))
    assert judged(ROWS, hourly, daily_summaries(hourly, [STORE], HOURS, LATER)) == [(11, 2.0, "error")]


def test_an_hour_without_any_raw_row_is_told() -> None:
    assert judged(ROWS.head(1), *derived(ROWS)) == [(11, 2.0, "error")]


def test_what_was_collected_just_now_may_wait_to_be_derived() -> None:
    hourly, daily = derived(ROWS)
    newer = raw(row("10:00", {1: (8, 2)}, collected_at=COLLECTED + dt.timedelta(minutes=30)), row("11:00", {1: (1, 1)}))
    at = COLLECTED + dt.timedelta(minutes=60)
    assert judged(newer, hourly, daily, at) == []
    assert judged(newer, hourly, daily, at + dt.timedelta(minutes=10)) == [(10, 3.0, "error")]


def test_rows_before_a_store_is_live_are_not_missed() -> None:
    store = store_of(live_since="2026-07-19")
    hourly = hourly_of(store, ROWS)
    daily = daily_summaries(hourly, [store], HOURS, LATER)
    assert hourly_conserves_raw(ROWS, hourly, daily, [store], HOURS, as_of=LATER).is_empty()


TILL = shop_with_till()
TILL_ROWS = raw(row("10:00", {1: (5, 1), 2: (3, 1)}, sensor="d"), row("11:00", {1: (0, 2), 2: (4, 4)}, sensor="d"))


def balance(zones: pl.DataFrame, store: Store = TILL) -> list[Any]:
    found = zone_mass_balance(zones, TILL_ROWS, [store], hours_of(store), LATER)
    return found.select("hour_start", "figure", "severity").rows()


@pytest.mark.parametrize("store", [TILL, store_of()], ids=["zones that balance", "a store without zones"])
def test_zones_gain_what_comes_through_their_outer_doors(store: Store) -> None:
    assert balance(virtual_region_occupancy(TILL_ROWS, [store], hours_of(store)), store) == []


def test_zones_that_gain_people_from_nowhere_are_told() -> None:
    zones = virtual_region_occupancy(TILL_ROWS, [TILL], hours_of(TILL))
    wrong = zones.with_columns(pl.col("exits") - pl.when(zone="till", entries=4).then(3).otherwise(0))
    assert balance(wrong) == [(utc("2026-07-18 11:00"), 3.0, "error")]


def test_a_zone_that_was_forgotten_is_told() -> None:
    zones = virtual_region_occupancy(TILL_ROWS, [TILL], hours_of(TILL)).filter(zone="hall")
    assert balance(zones) == [(utc("2026-07-18 10:00"), 2.0, "error")]
