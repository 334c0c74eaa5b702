"""A zone over a day: sums of counts, ratios of sums, and nothing of an hour's gap."""

from typing import Any

import pytest

from retail_pipeline.frames.zone_days import zone_days
from retail_pipeline_tests.frames.rows import hours_of, row
from retail_pipeline_tests.frames.zone_shop import stays_row, zone_hours_of, zone_shop

SIX_JOIN_ONE_LEAVES = row("10:00", {3: (6, 1)}, sensor="d")
EIGHT_JOIN_SEVEN_LEAVE = row("11:00", {3: (8, 7)}, sensor="d")
TWELVE_JOIN_THIRTEEN_LEAVE = row("12:00", {3: (12, 13)}, sensor="d")


def day_of(zone: str, *rows: dict[str, Any], stays: tuple[dict[str, Any], ...] = (), **declared: Any) -> dict[str, Any]:
    store = zone_shop(**declared)
    found = zone_days(zone_hours_of(store, *rows, stays=stays), hours_of(store))
    [of_zone] = [one for one in found.iter_rows(named=True) if one["zone"] == zone]
    return of_zone


def test_the_wait_of_a_day_is_the_minutes_in_the_queue_over_those_who_joined() -> None:
    """At 11:00 six wait for 60 minutes and eight join, at 12:00 five and twelve; at 10:00 the queue only grows."""
    day = day_of("till", SIX_JOIN_ONE_LEAVES, EIGHT_JOIN_SEVEN_LEAVE, TWELVE_JOIN_THIRTEEN_LEAVE)

    assert day["wait_minutes"] == pytest.approx((6 * 60 + 5 * 60) / (8 + 12))
    assert (day["entries"], day["queue_length_max"], day["occupancy_max"]) == (26, 6, 6)
    assert day["occupancy_mean"] == pytest.approx((5 + 6 + 5) / 3)


def test_hours_that_are_not_whole_are_counted_and_become_no_peak() -> None:
    broken = row("11:00", {3: (80, 7)}, sensor="d", is_complete=False)
    day = day_of("till", SIX_JOIN_ONE_LEAVES, broken)

    assert (day["entries"], day["queue_length_max"], day["wait_minutes"]) == (86, 5, None)
    assert day["completeness"] == pytest.approx(1 / 10)


def test_stays_are_not_entries_and_an_estimate_says_so() -> None:
    zones = {"booth": {"kind": "premium", "name": "Booth", "typical_stay_minutes": 15}}
    sensors = [{"id": "d", "url": "http://127.0.0.1:1/d", "lines": {1: {"role": "entrance"}}, "regions": {1: "booth"},
                "reports": ["lines", "regions"]}]  # fmt: skip
    stays = (stays_row("10:00", {1: 8}), stays_row("11:00", {1: 4}))
    day = day_of("booth", row("10:00", sensor="d"), stays=stays, zones=zones, sensors=sensors)

    assert (day["entries"], day["stays"], day["is_estimated"]) == (None, 12, True)
    assert day["occupancy_mean"] == pytest.approx((8 * 15 / 60 + 4 * 15 / 60) / 2)
    assert (day["occupancy_max"], day["queue_length_max"], day["wait_minutes"]) == (None, None, None)


def test_a_night_hour_counts_for_sums_and_not_for_the_mean_of_open_time() -> None:
    night = row("05:00", {3: (20, 20)}, sensor="d")
    day = day_of("till", night, SIX_JOIN_ONE_LEAVES)

    assert (day["entries"], day["occupancy_mean"]) == (26, 5.0)
