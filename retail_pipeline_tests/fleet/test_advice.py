"""What is allowed but seldom meant is said once, in words."""

import pytest

from retail_pipeline.fleet.advice import fleet_advice, told_zones
from retail_pipeline_tests.fleet.declared import device, fleet, floor

HALL = floor({"hall": "entrance"}, {1: {"role": "entrance"}})


def test_a_fleet_that_says_what_it_means_needs_no_advice() -> None:
    assert fleet_advice(fleet()) == []
    assert fleet_advice(fleet(**HALL)) == []


@pytest.mark.parametrize(
    ("store_zone", "device_zone", "minutes", "straddles"),
    [
        ("Asia/Kolkata", "UTC", 60, True),
        ("Asia/Kolkata", "UTC", 30, False),
        ("Asia/Kathmandu", "UTC", 30, True),
        ("Asia/Kathmandu", "UTC", 15, False),
        ("Asia/Kolkata", None, 60, False),
        ("Europe/Lisbon", "Asia/Tokyo", 60, False),
        ("Australia/Lord_Howe", "Australia/Sydney", 60, True),
        ("Australia/Lord_Howe", None, 60, False),
    ],
)
def test_rows_that_straddle_two_local_hours_are_said(
    store_zone: str, device_zone: str | None, minutes: int, straddles: bool
) -> None:
    sensors = [device(timezone=device_zone, interval_minutes=minutes)]
    advice = fleet_advice(fleet(timezone=store_zone, sensors=sensors))
    assert [f"straddle two hours of the store ({store_zone})" in sentence for sentence in advice] == [True] * straddles


def test_a_store_without_an_entrance_line_on_an_active_device_is_said() -> None:
    [sentence] = fleet_advice(fleet(sensors=[device(active=False), device("till", lines={})]))
    assert sentence.startswith("store shop has no entrance line on an active device")


def test_a_store_without_opening_hours_is_said() -> None:
    [sentence] = fleet_advice(fleet(opening_hours={}))
    assert sentence.startswith("store shop declares no opening hours")


def test_zones_that_lines_cannot_close_are_said_with_the_reason() -> None:
    layout = floor({"hall": "entrance", "window": "premium"}, {1: {"role": "entrance"}}, hall={"closed": False})
    hall, window = fleet_advice(fleet(**layout))
    assert hall.startswith("store shop, zone hall: its occupancy will not be published: declared closed: false")
    assert window == "store shop, zone window: its occupancy will not be published: no counted line bounds it"


def test_the_zones_that_lines_do_tell_are_named() -> None:
    layout = floor({"hall": "entrance", "window": "premium"}, {1: {"role": "entrance", "to": "hall"}})
    assert told_zones(fleet(**layout)) == [
        "store shop: the counted lines tell the occupancy of hall (1 of 2 zones)",
    ]
    assert told_zones(fleet(**floor({"window": "premium"}, {1: {"role": "entrance"}}))) == [
        "store shop: the counted lines tell the occupancy of no zone (0 of 1 zones)",
    ]
    assert told_zones(fleet()) == []


def test_an_entrance_that_leads_to_no_zone_is_said_where_there_are_zones() -> None:
    layout = floor({"queue": "queue"}, {1: {"role": "entrance"}, 2: {"role": "entrance", "to": "queue"}})
    [sentence] = fleet_advice(fleet(**layout))
    assert sentence.startswith("store shop, sensor door, line 1: it leads to no zone")


def test_two_devices_at_one_address_are_said() -> None:
    [sentence] = fleet_advice(fleet(sensors=[device("a", url="http://x/d"), device("b", url="http://x/d/")]))
    assert sentence == "sensors a, b have the same url: the same people would be counted twice"


def test_a_warning_that_lies_above_its_error_is_said() -> None:
    [sentence] = fleet_advice(fleet(thresholds={"overdue_warn": 120, "device_clock_skew_warn": 900}))
    assert sentence.endswith(
        "the threshold overdue_warn lies above overdue_error, so that nothing is ever only a warning"
    )


def test_a_door_beside_live_ones_is_said_because_nobody_is_told_inside_without_it() -> None:
    doors = [device("front", live=True, url="http://sensor.example:1"), device("back", url="http://sensor.example:2")]
    [sentence] = fleet_advice(fleet(sensors=doors))
    assert sentence == (
        "store shop has live doors, but back is none: nobody can tell who is inside before all its doors are live"
    )
