"""One request a device where a reply of 24 hours holds all that is wanted, else one per local day."""

import datetime as dt

import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.asking import plan_asks, rolling_window, wanted_hours
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-07-18 10:40")
HOUR = dt.timedelta(hours=1)


def asks_for(fleet, hours, now=NOW):
    stores = dict.fromkeys(fleet.store_ids, hours)
    return plan_asks(Report.LINES, wanted_hours(fleet, Report.LINES, stores, now), frozenset(), now)


def test_the_hour_that_just_ended_is_asked_for_with_the_last_24_hours() -> None:
    [ask] = asks_for(fleet_of(shop()), [utc("2026-07-18 09:00")])

    assert (ask.start, ask.end) == (utc("2026-07-17 11:00"), utc("2026-07-18 11:00"))


def test_24_hours_of_one_local_day_cost_one_request_a_device() -> None:
    fleet = fleet_of(shop("shop-1", door("a"), door("b")))
    day = [utc("2026-07-10 00:00") + n * HOUR for n in range(24)]

    asks = asks_for(fleet, day)

    assert [(ask.device.id, ask.start, ask.end) for ask in asks] == [
        ("a", utc("2026-07-10 00:00"), utc("2026-07-11 00:00")),
        ("b", utc("2026-07-10 00:00"), utc("2026-07-11 00:00")),
    ]


def test_hours_of_two_local_days_cost_two_requests() -> None:
    fleet = fleet_of(shop(timezone="Asia/Tokyo"))
    day = [utc("2026-07-10 00:00") + n * HOUR for n in range(24)]

    assert [ask.start for ask in asks_for(fleet, day)] == [utc("2026-07-09 15:00"), utc("2026-07-10 15:00")]


def test_days_in_between_that_nobody_wants_are_not_asked_for() -> None:
    asks = asks_for(fleet_of(shop()), [utc("2026-07-01 12:00"), utc("2026-07-05 12:00")])

    assert [ask.start for ask in asks] == [utc("2026-07-01 00:00"), utc("2026-07-05 00:00")]


def test_no_window_is_longer_than_a_reply_even_on_a_day_of_25_hours() -> None:
    fleet = fleet_of(shop(timezone="Europe/Lisbon"))
    day = [utc("2026-10-24 23:00") + n * HOUR for n in range(25)]

    asks = asks_for(fleet, day, utc("2026-11-10 12:00"))

    assert len(asks) == 2
    assert asks[0].end == asks[1].start


@pytest.mark.parametrize(
    ("declared", "now"),
    [
        pytest.param({"live_since": "2026-08-01"}, NOW, id="a store that is not live yet"),
        pytest.param({"sensors": [door("a", active=False)]}, NOW, id="a store whose devices are all inactive"),
        pytest.param({}, utc("2026-07-18 09:05"), id="an hour that began five minutes ago"),
    ],
)
def test_nothing_is_expected_of(declared, now) -> None:
    assert asks_for(fleet_of(shop(**declared)), [utc("2026-07-18 09:00")], now) == []


def test_a_store_that_is_not_declared_is_left_out() -> None:
    assert wanted_hours(fleet_of(), Report.LINES, {"gone": [utc("2026-07-18 09:00")]}, NOW) == []


def test_the_open_hour_of_a_half_hour_zone_ends_at_half_past() -> None:
    store = fleet_of(shop(timezone="Asia/Kolkata")).stores[0]

    assert rolling_window(store, store.sensors[0], NOW)[1] == utc("2026-07-18 11:30")


def test_an_hour_that_ends_at_half_past_is_asked_for_by_the_poll_of_half_past() -> None:
    fleet = fleet_of(shop(timezone="Asia/Kolkata"))

    [wanted] = wanted_hours(fleet, Report.LINES, {"shop-1": [utc("2026-07-18 10:00")]}, utc("2026-07-18 10:32"))

    assert (wanted.hour, wanted.local_hours[0].hour_start) == (utc("2026-07-18 09:00"), utc("2026-07-18 09:30"))


def test_an_hour_is_not_wanted_twice() -> None:
    fleet = fleet_of(shop(timezone="Asia/Kolkata"))
    hours = {"shop-1": [utc("2026-07-18 09:00"), utc("2026-07-18 10:00")]}

    wanted = wanted_hours(fleet, Report.LINES, hours, utc("2026-07-18 10:32"))

    assert [one.hour for one in wanted] == [utc("2026-07-18 09:00")]


def test_a_device_that_has_been_down_is_only_probed() -> None:
    fleet = fleet_of(shop())
    wanted = wanted_hours(fleet, Report.LINES, {"shop-1": [utc("2026-07-18 09:00")]}, NOW)

    assert [ask.is_probe for ask in plan_asks(Report.LINES, wanted, {"shop-1-door"}, NOW)] == [True]


def test_devices_that_are_only_probed_are_asked_after_all_others() -> None:
    fleet = fleet_of(shop("shop-1", door("a"), door("b")), shop("shop-2", door("c")))
    hours = {"shop-1": [utc("2026-07-18 09:00")], "shop-2": [utc("2026-07-18 09:00")]}

    asks = plan_asks(Report.LINES, wanted_hours(fleet, Report.LINES, hours, NOW), {"a"}, NOW)

    assert [ask.device.id for ask in asks] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("zone", "polls"),
    [
        ("UTC", ["12:32"]),
        ("Asia/Kolkata", ["07:02"]),
        ("Asia/Kathmandu", ["07:02"]),
        ("Pacific/Chatham", ["00:02"]),
        ("America/Los_Angeles", ["19:32"]),
    ],
)
def test_once_a_day_about_noon_a_device_is_asked_for_its_whole_day(zone: str, polls: list[str]) -> None:
    fleet = fleet_of(shop(timezone=zone))
    midnight, whole_days = utc("2026-07-18 00:02"), []
    for poll in (midnight + n * HOUR / 2 for n in range(48)):
        [ask] = asks_for(fleet, [poll.replace(minute=0) - (HOUR if poll.minute < 30 else dt.timedelta())], poll)
        if ask.end > poll + HOUR:
            whole_days.append(f"{poll:%H:%M}")
            assert (ask.start.astimezone(ask.zone).hour, ask.end.astimezone(ask.zone).hour) == (0, 0)

    assert whole_days == polls


def test_hours_of_yesterday_are_asked_for_with_the_last_24_hours_at_noon_too() -> None:
    [ask] = asks_for(fleet_of(shop()), [utc("2026-07-17 20:00")], utc("2026-07-18 12:32"))

    assert ask.end == utc("2026-07-18 13:00")


def test_a_day_of_25_hours_is_no_window_at_noon() -> None:
    [ask] = asks_for(fleet_of(shop(timezone="Europe/Lisbon")), [utc("2026-10-25 12:00")], utc("2026-10-25 12:32"))

    assert ask.end == utc("2026-10-25 13:00")
