import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.quality.zones import (
    flows_make_zone_figures,
    queues_within_limits,
    zone_hours_conserve_intervals,
)
from retail_pipeline.frames.queues import queue_alerts
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline_tests.frames.rows import COLLECTED, LATER, hours_of, raw, row
from retail_pipeline_tests.frames.zone_shop import flows_of, zone_hours_of, zone_shop
from retail_pipeline_tests.shops import utc

STORE = zone_shop(queue_alert={"length": 4})
HOURS = hours_of(STORE)
COUNTS = [row("10:00", {1: (9, 1), 2: (7, 2), 3: (6, 1)}, sensor="d"), row("11:00", {3: (2, 2)}, sensor="d")]
INTERVALS = virtual_region_occupancy(raw(*COUNTS), [STORE], HOURS)
ZONE_HOURS = zone_hours_of(STORE, *COUNTS)
FLOWS = flows_of(STORE, *COUNTS)
JUST_NOW = COLLECTED + dt.timedelta(minutes=10)


def told(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return found.select(pl.col("hour_start").dt.hour().cast(pl.Int64), "figure", "severity").rows()


def one_more(frame: pl.DataFrame, column: str, zone: str) -> pl.DataFrame:
    """The frame with one person more in the 10 o'clock row of a zone."""
    here = (pl.col("zone") == zone) & (pl.col("hour_start") == utc("2026-07-18 10:00"))
    return frame.with_columns(pl.col(column) + here.cast(pl.Int64))


def test_zones_that_agree_with_their_intervals_and_ways_pass() -> None:
    assert told(zone_hours_conserve_intervals(ZONE_HOURS, INTERVALS, HOURS, LATER)) == []
    assert told(flows_make_zone_figures(FLOWS, ZONE_HOURS, LATER)) == []


@pytest.mark.parametrize("column", ["entries", "exits"])
def test_an_hour_with_other_people_than_its_intervals_or_ways_is_told(column: str) -> None:
    wrong = one_more(ZONE_HOURS, column, "till")
    [interval] = zone_hours_conserve_intervals(wrong, INTERVALS, HOURS, LATER).rows(named=True)
    assert (interval["figure"], interval["severity"], "till" in interval["advice"]) == (1, "error", True)
    assert told(flows_make_zone_figures(FLOWS, wrong, LATER)) == [(10, 1, "error")]


def test_an_hour_that_is_missing_on_either_side_is_told() -> None:
    till = pl.col("zone") == "till"
    assert told(zone_hours_conserve_intervals(ZONE_HOURS.filter(~till), INTERVALS, HOURS, LATER)) == [
        (10, 7, "error"),
        (11, 4, "error"),
    ]
    assert told(zone_hours_conserve_intervals(ZONE_HOURS, INTERVALS.filter(~till), HOURS, LATER)) == [
        (10, 7, "error"),
        (11, 4, "error"),
    ]
    without = FLOWS.filter(pl.col("local_hour") == 11)
    assert {hour for hour, *_ in told(flows_make_zone_figures(without, ZONE_HOURS, LATER))} == {10}


def test_what_was_collected_just_now_may_be_derived_at_this_moment() -> None:
    wrong = one_more(ZONE_HOURS, "entries", "till")
    assert told(zone_hours_conserve_intervals(wrong, INTERVALS, HOURS, JUST_NOW)) == []
    assert told(flows_make_zone_figures(FLOWS, wrong, JUST_NOW)) == []


def test_a_queue_that_passed_its_limit_is_a_warning_that_names_it() -> None:
    alerts = queue_alerts(ZONE_HOURS, [STORE])
    first, second = queues_within_limits(alerts, utc("2026-07-18 00:00")).rows(named=True)
    assert (first["figure"], first["severity"]) == (5, "warn")
    assert "till passed length: 4" in second["advice"]
    assert told(queues_within_limits(alerts, utc("2026-07-18 11:00"))) == [(11, 5, "warn")]
    assert told(queues_within_limits(queue_alerts(ZONE_HOURS, [zone_shop()]), utc("2026-07-18 00:00"))) == []
