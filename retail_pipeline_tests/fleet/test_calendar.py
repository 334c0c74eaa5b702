"""Local hours and trading days tile time, in every zone and over every clock change."""

import datetime as dt
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from retail_pipeline.fleet.calendar import (
    LocalHour,
    day_bounds,
    device_windows,
    hours_starting_in,
    local_hours,
    settles_at,
    trading_day_of,
)
from retail_pipeline.fleet.models import Store
from retail_pipeline.fleet.public_holidays import known_countries
from retail_pipeline_tests.fleet.declared import store

ZONES = [
    "UTC",
    "Europe/Lisbon",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Asia/Kolkata",  # half an hour
    "America/St_Johns",  # half an hour and clock changes
    "Asia/Kathmandu",  # three quarters
    "Pacific/Chatham",  # three quarters and clock changes
    "Australia/Adelaide",  # the southern hemisphere
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",  # changes by 30 minutes
    "America/Asuncion",  # these skip midnight, or go back to 23:00
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",
    "America/Nuuk",
    "Africa/Casablanca",  # changes around Ramadan
    "Europe/Istanbul",  # these changed their rules
    "America/Caracas",
    "Asia/Almaty",
    "Asia/Pyongyang",
    "Pacific/Apia",  # left out 30 December 2011
]
YEARS = range(2011, 2031)
APIA = ("Pacific/Apia", 2011)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
TICK = dt.datetime.resolution


@cache
def clock_changes(zone: str, year: int) -> list[dt.datetime]:
    """UTC midnights of the days in which the zone changes its clock; of January where it never does."""
    first = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    midnights = [first + day * DAY for day in range(366)]
    offsets = [midnight.astimezone(ZoneInfo(zone)).utcoffset() for midnight in midnights]
    days = [before for before, (was, now) in zip(midnights, pairwise(offsets), strict=False) if was != now]
    return days or [first]


CHANGES = st.sampled_from(ZONES).flatmap(
    lambda zone: st.tuples(st.just(zone), st.sampled_from([day for year in YEARS for day in clock_changes(zone, year)]))
)
DAY_STARTS = st.integers(0, 12).map(lambda hour: f"{hour:02}:00")


@given(change=CHANGES, day_starts_at=DAY_STARTS)
def test_local_hours_tile_time(change: tuple[str, dt.datetime], day_starts_at: str) -> None:
    zone, midnight = change
    shop = store(zone, day_starts_at=day_starts_at)
    hours = local_hours(shop, midnight - DAY, midnight + 2 * DAY)

    assert all(before.hour_end == after.hour_start for before, after in pairwise(hours))
    assert hours[0].hour_start < midnight - DAY + HOUR
    assert hours[-1].hour_end >= midnight + 2 * DAY
    for hour in hours:
        assert dt.timedelta(0) < hour.hour_end - hour.hour_start <= HOUR
        for instant in (hour.hour_start, hour.hour_end - TICK):
            local = instant.astimezone(shop.zone_info)
            assert (local.date(), local.hour) == (hour.local_date, hour.local_hour)
    for before, after in pairwise(hours):
        offsets = {hour.hour_start.astimezone(shop.zone_info).utcoffset() for hour in (before, after)}
        assert before[2:4] != after[2:4] or len(offsets) == 2  # otherwise they were one hour


@given(change=CHANGES, day_starts_at=DAY_STARTS)
@example(("Pacific/Chatham", dt.datetime(2025, 4, 5, tzinfo=dt.UTC)), "03:00")
@example(("America/St_Johns", dt.datetime(2011, 11, 6, tzinfo=dt.UTC)), "00:00")
def test_each_local_hour_lies_in_the_one_trading_day_that_it_belongs_to(
    change: tuple[str, dt.datetime], day_starts_at: str
) -> None:
    zone, midnight = change
    shop = store(zone, day_starts_at=day_starts_at)
    for hour in local_hours(shop, midnight - DAY, midnight + 2 * DAY):
        start, end = day_bounds(shop, hour.trading_day)
        assert start <= hour.hour_start
        assert hour.hour_end <= end
        assert trading_day_of(shop, hour.hour_start) == hour.trading_day
        assert trading_day_of(shop, hour.hour_end - TICK) == hour.trading_day


@given(change=CHANGES, day_starts_at=DAY_STARTS)
def test_trading_days_tile_time(change: tuple[str, dt.datetime], day_starts_at: str) -> None:
    zone, midnight = change
    shop = store(zone, day_starts_at=day_starts_at)
    days = [day_bounds(shop, midnight.date() + number * DAY) for number in range(-2, 4)]
    assert all(before[1] == after[0] for before, after in pairwise(days))
    assert all(22 * HOUR < end - start < 26 * HOUR for start, end in days) or (zone, midnight.year) == APIA


@given(change=CHANGES)
def test_each_partition_holds_hours_and_closes_with_the_last_of_them(change: tuple[str, dt.datetime]) -> None:
    zone, midnight = change
    shop = store(zone)
    utc_hours = [midnight + number * HOUR for number in range(48)]
    content = [hours_starting_in(shop, hour) for hour in utc_hours]
    assert all(1 <= len(hours) <= 2 for hours in content)
    assert [hour for hours in content for hour in hours] == local_hours(shop, midnight, midnight + 48 * HOUR)
    ends = [hours[-1].hour_end for hours in content]
    assert ends == [max(found.hour_end for found in hours) for hours in content]
    assert all(hour < end < hour + 2 * HOUR for hour, end in zip(utc_hours, ends, strict=True))


@given(change=CHANGES, first=st.integers(0, 60 * 60), minutes=st.integers(1, 72 * 60))
def test_device_windows_are_whole_days_and_lose_no_hour(
    change: tuple[str, dt.datetime], first: int, minutes: int
) -> None:
    zone, midnight = ZoneInfo(change[0]), change[1]
    start = midnight - DAY + dt.timedelta(minutes=first)
    end = start + dt.timedelta(minutes=minutes)
    windows = device_windows(zone, start, end)

    assert all(dt.timedelta(0) < until - since <= DAY for since, until in windows)
    assert all(before[1] == after[0] for before, after in pairwise(windows))
    assert windows[0][0] <= start
    assert end <= windows[-1][1]
    dates = [local_date(zone, windows[0][0]), local_date(zone, windows[-1][1] - TICK)]
    assert dates == [local_date(zone, start), local_date(zone, end - TICK)]
    assert local_date(zone, windows[0][0] - TICK) < dates[0]
    assert dates[1] < local_date(zone, windows[-1][1])


def local_date(zone: ZoneInfo, instant: dt.datetime) -> dt.date:
    return instant.astimezone(zone).date()


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_ten_in_the_morning_in_india_starts_at_half_past_four() -> None:
    shop = store("Asia/Kolkata")
    [hour] = hours_starting_in(shop, utc("2026-07-18 04:00"))
    assert hour == LocalHour(
        utc("2026-07-18 04:30"), utc("2026-07-18 05:30"), dt.date(2026, 7, 18), 10, dt.date(2026, 7, 18)
    )
    assert hours_starting_in(shop, utc("2026-07-18 04:00"))[-1].hour_end == utc("2026-07-18 05:30")
    assert hours_starting_in(store("Asia/Kathmandu"), utc("2026-07-18 04:00"))[-1].hour_end == utc("2026-07-18 05:15")


def test_the_repeated_hour_is_two_and_the_skipped_one_none() -> None:
    shop = store("Europe/Lisbon")
    assert clock(shop, "2026-10-25 00:00", 4) == [1, 1, 2, 3]
    assert clock(shop, "2026-03-29 00:00", 3) == [0, 2, 3]


@pytest.mark.parametrize(
    ("zone", "start", "settled"),
    [
        ("Europe/Lisbon", "2026-10-25 00:00", "2026-10-25 02:00"),
        ("Europe/Lisbon", "2026-10-25 01:00", "2026-10-25 02:00"),
        ("Europe/Lisbon", "2026-10-25 02:00", "2026-10-25 03:00"),
        ("Australia/Lord_Howe", "2026-04-04 14:00", "2026-04-04 15:30"),
        ("Pacific/Chatham", "2026-04-04 12:15", "2026-04-04 14:15"),
    ],
)
def test_an_hour_that_comes_twice_settles_with_the_second(zone: str, start: str, settled: str) -> None:
    shop = store(zone)
    [hour] = [one for one in local_hours(shop, utc(start), utc(start) + HOUR) if one.hour_start == utc(start)]
    assert settles_at(shop, hour) == utc(settled)


def test_lord_howe_repeats_and_skips_half_an_hour() -> None:
    shop = store("Australia/Lord_Howe")
    assert clock(shop, "2026-04-04 13:00", 4) == [0, 1, 1, 2, 3]
    assert [len(hours_starting_in(shop, utc(f"2026-04-04 {hour}:00"))) for hour in (13, 14, 15)] == [1, 1, 2]
    assert clock(shop, "2026-10-03 13:00", 4) == [0, 1, 2, 3]
    assert hours_starting_in(shop, utc("2026-10-03 15:00"))[-1].hour_end == utc("2026-10-03 16:00")


def clock(shop: Store, start: str, hours: int) -> list[int]:
    return [hour.local_hour for hour in local_hours(shop, utc(start), utc(start) + hours * HOUR)]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Lisbon", dt.date(2026, 7, 18), 24),
        ("Europe/Lisbon", dt.date(2026, 3, 29), 23),
        ("Europe/Lisbon", dt.date(2026, 10, 25), 25),
        ("Asia/Beirut", dt.date(2026, 3, 29), 23),
        ("Africa/Cairo", dt.date(2026, 10, 29), 25),
        ("Australia/Lord_Howe", dt.date(2026, 10, 4), 23.5),
        ("Pacific/Apia", dt.date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_it_is(zone: str, day: dt.date, hours: float) -> None:
    start, end = day_bounds(store(zone), day)
    assert (end - start) / HOUR == hours


def test_a_bar_counts_the_small_hours_to_the_evening_before() -> None:
    bar = store("Europe/Lisbon", day_starts_at="04:00")
    assert trading_day_of(bar, utc("2026-07-19 02:59")) == dt.date(2026, 7, 18)
    assert trading_day_of(bar, utc("2026-07-19 03:00")) == dt.date(2026, 7, 19)
    assert day_bounds(bar, dt.date(2026, 7, 18)) == (utc("2026-07-18 03:00"), utc("2026-07-19 03:00"))


def test_a_day_that_has_begun_does_not_end_because_the_clock_goes_back() -> None:
    shop = store("Pacific/Chatham", day_starts_at="03:00")
    hours = local_hours(shop, utc("2025-04-05 13:00"), utc("2025-04-05 15:00"))
    assert [(hour.local_hour, hour.trading_day.day) for hour in hours] == [(3, 6), (2, 6), (3, 6)]


def test_a_device_day_of_25_hours_is_asked_for_in_two_windows() -> None:
    assert device_windows(ZoneInfo("Europe/Lisbon"), utc("2026-10-25 10:00"), utc("2026-10-25 11:00")) == [
        (utc("2026-10-24 23:00"), utc("2026-10-25 11:00")),
        (utc("2026-10-25 11:00"), utc("2026-10-26 00:00")),
    ]


def test_the_half_hour_more_of_lord_howe_is_cut_at_a_local_hour() -> None:
    assert device_windows(ZoneInfo("Australia/Lord_Howe"), utc("2026-04-05 00:00"), utc("2026-04-05 01:00")) == [
        (utc("2026-04-04 13:00"), utc("2026-04-05 00:30")),
        (utc("2026-04-05 00:30"), utc("2026-04-05 13:30")),
    ]


def test_no_time_needs_no_window() -> None:
    assert device_windows(ZoneInfo("UTC"), utc("2026-07-18 10:00"), utc("2026-07-18 10:00")) == []


def test_instants_of_any_zone_are_understood() -> None:
    shop = store("Asia/Tokyo")
    tokyo = utc("2026-07-18 04:00").astimezone(ZoneInfo("Asia/Tokyo"))
    assert hours_starting_in(shop, tokyo) == hours_starting_in(shop, utc("2026-07-18 04:00"))
    assert local_hours(shop, tokyo, tokyo + HOUR)[0].hour_start.tzinfo is dt.UTC


def test_every_country_of_the_library_is_known() -> None:
    assert known_countries() == set(holidays.list_supported_countries())
