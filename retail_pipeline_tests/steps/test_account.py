"""Which hours of a poll are missing, and why."""

import datetime as dt

import polars as pl
import pytest

from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.account import Trouble, missed_hours
from retail_pipeline.steps.asking import WantedHour, just_ended, plan_asks, wanted_hours
from retail_pipeline_tests.shops import door, fleet_of, shop, store_of, utc

DOWN = "no connection"
HALL = {"hall": {"kind": "entrance", "name": "Hall"}}
HOUR = dt.timedelta(hours=1)
NO_ROWS = pl.DataFrame(schema={"sensor_id": pl.String, "hour_start": pl.Datetime("us", "UTC")})


def poll_that_fails(now: dt.datetime, hour: dt.datetime, **declared) -> list[tuple[dt.datetime, str]]:
    """Hours that the ledger gets when a poll at `now` for the UTC hour `hour` finds the device down."""
    fleet = fleet_of(shop(**declared))
    wanted = wanted_hours(fleet, Report.LINES, {"shop-1": [hour]}, now)
    asks = plan_asks(Report.LINES, wanted, frozenset(), now)
    troubles = [Trouble(ask.device.id, ask.start, ask.end, "unreachable", DOWN) for ask in asks]
    missed = missed_hours(wanted, asks, NO_ROWS, troubles, {}, now)
    return missed.select("hour_start", "cause").rows()


def test_an_hour_that_ends_at_half_past_is_missed_by_the_poll_of_half_past() -> None:
    missed = poll_that_fails(utc("2026-07-18 11:32"), utc("2026-07-18 11:00"), timezone="Asia/Kolkata")

    assert missed == [(utc("2026-07-18 10:30"), "unreachable")]


def test_at_the_full_hour_the_hour_that_ended_is_missed_once() -> None:
    missed = poll_that_fails(utc("2026-07-18 11:02"), utc("2026-07-18 10:00"))

    assert missed == [(utc("2026-07-18 10:00"), "unreachable")]


def test_an_old_hour_says_nothing_about_the_one_that_just_ended() -> None:
    missed = poll_that_fails(utc("2026-07-18 11:02"), utc("2026-07-10 10:00"))

    assert missed == [(utc("2026-07-10 10:00"), "unreachable")]


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("UTC", "2026-07-18 10:00"),
        ("Asia/Kolkata", "2026-07-18 09:30"),
        ("Asia/Kathmandu", "2026-07-18 09:15"),
        ("Pacific/Chatham", "2026-07-18 09:15"),
    ],
)
def test_the_hour_that_ended_last_is_a_local_one(zone: str, start: str) -> None:
    ended = just_ended(store_of(timezone=zone), utc("2026-07-18 11:02"))

    assert ended is not None
    assert ended.hour_start == utc(start)


def test_nothing_has_ended_at_a_store_that_is_not_live() -> None:
    assert just_ended(store_of(live_since="2026-07-19"), utc("2026-07-18 11:02")) is None


def test_hours_of_devices_that_were_not_asked_are_not_missed() -> None:
    now = utc("2026-07-18 11:02")
    fleet = fleet_of(shop("shop-1", door("a"), door("busy")))
    wanted: list[WantedHour] = wanted_hours(fleet, Report.LINES, {"shop-1": [utc("2026-07-18 10:00")]}, now)
    asks: list[Ask] = [ask for ask in plan_asks(Report.LINES, wanted, frozenset(), now) if ask.device.id == "a"]
    down = [Trouble("a", ask.start, ask.end, "unreachable", DOWN) for ask in asks]

    missed = missed_hours(wanted, asks, NO_ROWS, down, {}, now)

    assert missed["sensor_id"].to_list() == ["a"]


def test_an_hour_that_ends_at_a_quarter_past_is_missed_by_the_next_poll() -> None:
    missed = poll_that_fails(utc("2026-07-18 11:32"), utc("2026-07-18 11:00"), timezone="Asia/Kathmandu")

    assert missed == [(utc("2026-07-18 10:15"), "unreachable")]


def shortfalls(now: dt.datetime, report: Report, skews: dict[str, float]) -> list[tuple[dt.datetime, str]]:
    """Hours and details that the ledger gets when a reply holds no row, at a poll on the hour."""
    fleet = fleet_of(shop("shop-1", door("a", reports=list(Report), regions={1: "hall"}), zones=HALL))
    wanted = wanted_hours(fleet, report, {"shop-1": [now.replace(minute=0) - HOUR]}, now)
    missed = missed_hours(wanted, plan_asks(report, wanted, frozenset(), now), NO_ROWS, (), skews, now)
    return missed.sort("hour_start").select("hour_start", "detail").rows()


@pytest.mark.parametrize("report", [Report.REGIONS, Report.LONG_STAYS, Report.HEAT])
def test_a_report_that_is_asked_for_once_an_hour_is_judged_once_its_row_can_grow_no_more(report: Report) -> None:
    now, nothing = utc("2026-07-18 11:02"), "the reply holds no row for this hour"

    assert shortfalls(now, Report.LINES, {}) == []  # judged at half past
    assert shortfalls(now, report, {}) == [(utc("2026-07-18 09:00"), nothing)]


def test_an_hour_that_has_not_ended_by_the_device_s_clock_is_missing_for_that() -> None:
    now = utc("2026-07-18 11:02")
    slow = "its clock is 1:30:00 behind UTC: by it this hour has not ended"

    assert shortfalls(now, Report.REGIONS, {"a": -5400.0}) == [(utc("2026-07-18 09:00"), slow)]
    assert shortfalls(now, Report.REGIONS, {"a": 5400.0})[0][1].startswith("the reply holds no row")
