from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.frames.schemas import ZONE_HOURS
from retail_pipeline_tests.frames.rows import COLLECTED, row, whole_day
from retail_pipeline_tests.frames.zone_shop import LINES, ZONES, one, stays_row, zone_hours_of, zone_shop
from retail_pipeline_tests.shops import door, utc

TEN = {1: (20, 4), 2: (12, 2), 3: (6, 1), 4: (1, 4)}
ELEVEN = {1: (10, 10), 2: (10, 9), 3: (8, 7), 4: (2, 2)}


@pytest.fixture(scope="module")
def day() -> pl.DataFrame:
    """Two hours of the shop: 10 o'clock fills it, 11 o'clock is steady."""
    return zone_hours_of(zone_shop(), row("10:00", TEN, sensor="d"), row("11:00", ELEVEN, sensor="d"))


def test_every_figure_of_a_steady_hour_of_the_queue(day: pl.DataFrame) -> None:
    """5 stood there at ten; 8 joined and 7 left, so 6 stand there, each for 6 / 8 of an hour."""
    assert one(day, "till", "11:00") == {
        "store_id": "shop-1",
        "organization_id": "acme",
        "zone": "till",
        "hour_start": utc("2026-07-18 11:00"),
        "hour_end": utc("2026-07-18 12:00"),
        "local_date": utc("2026-07-18 00:00").date(),
        "local_hour": 11,
        "trading_day": utc("2026-07-18 00:00").date(),
        "zone_kind": "queue",
        "entries": 8,
        "exits": 7,
        "occupancy_mean": 6.0,
        "occupancy_max": 6,
        "occupancy_mean_corrected": None,
        "occupancy_source": "lines",
        "occupancy_reason": None,
        "stays": None,
        "long_stays": None,
        "engagement": None,
        "draw_rate": 0.8,
        "occupancy_share": 6 / 16,
        "pass_on_rate": None,
        "dwell_minutes": 45.0,
        "queue_length_mean": 6.0,
        "queue_length_max": 6,
        "wait_minutes": 45.0,
        "wait_valid": True,
        "is_complete": True,
        "input_version": COLLECTED,
    }


def test_the_entrance_zone_tells_who_passes_on(day: pl.DataFrame) -> None:
    hall = one(day, "hall")
    assert (hall["entries"], hall["exits"], hall["occupancy_max"]) == (22, 16, 6)
    assert hall["pass_on_rate"] == 12 / 20
    assert hall["draw_rate"] == 22 / 20
    assert all(one(day, zone)["pass_on_rate"] is None for zone in ("floor", "till", "window"))


def test_only_a_queue_has_a_length_and_a_wait(day: pl.DataFrame) -> None:
    others = day.filter(pl.col("zone") != "till").select("queue_length_mean", "queue_length_max", "wait_valid")
    assert set(others.rows()) == {(None, None, None)}


def test_a_queue_that_fills_tells_its_length_but_no_wait(day: pl.DataFrame) -> None:
    till = one(day, "till")
    assert (till["queue_length_max"], till["wait_minutes"], till["wait_valid"]) == (5, None, False)


@pytest.mark.parametrize(
    ("hour", "lines", "valid"),
    [
        pytest.param("11:00", {3: (8, 6)}, True, id="a quarter apart"),
        pytest.param("11:00", {3: (8, 5)}, False, id="more than a quarter apart"),
        pytest.param("11:00", {}, False, id="nobody joined"),
        pytest.param("00:00", {3: (8, 8)}, False, id="the trading day began in the hour"),
        pytest.param("11:00", {3: (8, 10)}, False, id="more left than had come: held at nobody"),
    ],
)
def test_a_wait_is_told_only_of_a_steady_queue_that_was_not_reset(
    hour: str, lines: dict[int, tuple[int, int]], *, valid: bool
) -> None:
    till = one(zone_hours_of(zone_shop(), row(hour, lines, sensor="d")), "till", hour)
    assert till["wait_valid"] is valid
    assert (till["wait_minutes"] is not None) is valid


def test_an_hour_that_is_still_counted_has_a_length_and_no_rates() -> None:
    rows = zone_hours_of(
        zone_shop(), row("10:00", TEN, sensor="d"), row("11:00", ELEVEN, sensor="d", is_complete=False)
    )
    till = one(rows, "till", "11:00")
    assert (till["queue_length_max"], till["dwell_minutes"], till["wait_valid"], till["is_complete"]) == (
        *(6, None, False),
        False,
    )


def test_a_mean_is_weighted_by_the_length_of_intervals() -> None:
    rows = [
        row("10:00", {3: (4, 0)}, sensor="d", minutes=15),
        row("10:15", {3: (4, 0)}, sensor="d", minutes=15),
        row("10:30", {3: (0, 6)}, sensor="d", minutes=30),
    ]
    till = one(zone_hours_of(zone_shop(), *rows), "till")
    assert (till["occupancy_mean"], till["occupancy_max"], till["is_complete"]) == ((4 + 8 + 2 + 2) / 4, 8, True)


def test_a_part_of_an_hour_is_not_a_complete_one() -> None:
    till = one(zone_hours_of(zone_shop(), row("10:00", TEN, sensor="d", minutes=30)), "till")
    assert (till["entries"], till["is_complete"]) == (6, False)


WINDOW_ONLY = {name: LINES[name] for name in (1, 2, 3)}
BY_REGION: dict[str, Any] = {
    "sensors": [door("d", lines=WINDOW_ONLY, reports=["lines", "regions"], regions={3: "till", 4: "window"})],
}


def test_stays_stand_beside_the_lines_and_are_never_added_to_them() -> None:
    store = zone_shop(**BY_REGION)
    till = one(zone_hours_of(store, row("10:00", TEN, sensor="d"), stays=(stays_row("10:00", {3: 90}),)), "till")
    assert (till["entries"], till["stays"], till["occupancy_source"]) == (6, 90, "lines")


def test_where_lines_cannot_tell_stays_estimate_and_say_so() -> None:
    zones = ZONES | {"window": ZONES["window"] | {"typical_stay_minutes": 2.5}}
    window = one(zone_hours_of(zone_shop(**BY_REGION, zones=zones), stays=(stays_row("10:00", {4: 48}),)), "window")
    assert (window["stays"], window["occupancy_mean"], window["occupancy_source"]) == (48, 2.0, "estimated")
    assert window["occupancy_reason"] == "no counted line bounds it"
    told_by_lines_only = ("entries", "exits", "occupancy_max", "draw_rate", "occupancy_share", "dwell_minutes")
    assert {window[name] for name in told_by_lines_only} == {None}


def test_where_nothing_can_tell_the_occupancy_is_null_with_the_reason() -> None:
    window = one(zone_hours_of(zone_shop(**BY_REGION), stays=(stays_row("10:00", {4: 48}),)), "window")
    assert (window["stays"], window["occupancy_mean"], window["occupancy_source"]) == (48, None, "not_measurable")
    assert window["occupancy_reason"]


def test_an_open_zone_has_flows_and_no_length_of_its_queue() -> None:
    zones = ZONES | {"till": ZONES["till"] | {"closed": False}}
    till = one(zone_hours_of(zone_shop(zones=zones), row("10:00", TEN, sensor="d")), "till")
    assert (till["entries"], till["exits"], till["occupancy_source"]) == (6, 1, "not_measurable")
    assert (till["queue_length_mean"], till["wait_minutes"], till["wait_valid"]) == (None, None, False)


def test_a_zone_that_declares_both_is_complete_only_with_both() -> None:
    store = zone_shop(**BY_REGION)
    counted = row("10:00", TEN, sensor="d")
    assert one(zone_hours_of(store, counted), "till")["is_complete"] is False
    open_stays = stays_row("10:00", {3: 9}, is_complete=False)
    assert one(zone_hours_of(store, counted, stays=(open_stays,)), "till")["is_complete"] is False
    assert one(zone_hours_of(store, counted, stays=(stays_row("10:00", {3: 9}),)), "till")["is_complete"] is True


def test_a_region_that_the_report_leaves_out_is_absent_not_zero() -> None:
    window = zone_hours_of(zone_shop(**BY_REGION), stays=(stays_row("10:00", {4: None}),)).filter(zone="window")
    assert window.is_empty()


def test_a_day_counted_whole_is_corrected_and_a_day_with_a_hole_is_not() -> None:
    store = zone_shop()
    day = [one_row | ({"line3_in": 8, "line3_out": 4}) for one_row in whole_day(store, "d")]
    rows = zone_hours_of(store, *day).filter(zone="till")
    assert rows["occupancy_mean"].to_list() == [4.0 * n for n in range(1, 25)]
    assert rows["occupancy_mean_corrected"].to_list() == [0.0] * 24
    assert zone_hours_of(store, *day[:-1]).filter(zone="till")["occupancy_mean_corrected"].to_list() == [None] * 23


def test_a_shop_in_which_nobody_came_has_zeros_and_no_rates() -> None:
    till = one(zone_hours_of(zone_shop(), row("10:00", sensor="d")), "till")
    assert (till["entries"], till["occupancy_mean"], till["queue_length_max"]) == (0, 0.0, 0)
    assert (till["draw_rate"], till["occupancy_share"], till["wait_minutes"]) == (None, None, None)


def test_a_shop_without_zones_has_no_rows() -> None:
    assert_frame_equal(zone_hours_of(zone_shop(zones={}, sensors=[door("d")])), pl.DataFrame(schema=ZONE_HOURS))


def engaged(long: dict[str, Any] | None, stays: dict[str, Any] | None = None, **declared: Any) -> dict[str, Any]:
    stays = stays or stays_row("10:00", {4: 48})
    longer = () if long is None else (long,)
    return one(zone_hours_of(zone_shop(**BY_REGION | declared), stays=(stays,), long_stays=longer), "window")


@pytest.mark.parametrize(
    ("stays", "long", "expected"),
    [
        pytest.param({4: 48}, {4: 12}, (12, 0.25), id="a quarter stayed long"),
        pytest.param({4: 48}, {4: 0}, (0, 0.0), id="nobody stayed long"),
        pytest.param({4: 0}, {4: 0}, (0, None), id="nobody stayed at all"),
        pytest.param({4: 48}, None, (None, None), id="the device was not asked"),
    ],
)
def test_engagement_is_the_share_of_long_stays(stays: dict, long: dict | None, expected: tuple[Any, ...]) -> None:
    window = engaged(None if long is None else stays_row("10:00", long), stays_row("10:00", stays))
    assert (window["long_stays"], window["engagement"]) == expected


@pytest.mark.parametrize("growing", ["stays", "long"])
def test_two_reports_of_an_hour_that_still_grows_are_of_two_instants(growing: str) -> None:
    stays, long = (
        stays_row("10:00", {4: n}, is_complete=growing != which) for which, n in (("stays", 48), ("long", 12))
    )
    window = engaged(long, stays)
    assert (window["stays"], window["long_stays"], window["engagement"]) == (48, 12, None)


def test_a_zone_of_two_devices_of_which_one_filters_has_no_engagement() -> None:
    both = {"sensors": [door(name, reports=["lines", "regions"], regions={4: "window"}) for name in ("d", "e")]}
    stays = (stays_row("10:00", {4: 48}), stays_row("10:00", {4: 52}, "e"))
    rows = zone_hours_of(zone_shop(**both), stays=stays, long_stays=(stays_row("10:00", {4: 12}),))
    assert one(rows, "window")["engagement"] is None
    longer = (stays_row("10:00", {4: 12}), stays_row("10:00", {4: 13}, "e"))
    assert one(zone_hours_of(zone_shop(**both), stays=stays, long_stays=longer), "window")["engagement"] == 0.25
