"""No hour is lost, doubled or shifted, from a device's stamps to a day's figures, whatever the clocks do."""

import datetime as dt
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retail_pipeline.fleet.models import Store
from retail_pipeline_tests.cases import cases
from retail_pipeline_tests.shops import door, store_of
from retail_pipeline_tests.time.pipeline import Worked, collected_again, polled, refused, work_through
from retail_pipeline_tests.time.wall_device import (
    ATOM,
    Offset,
    PlainHour,
    WallDevice,
    atoms,
    clock_changes,
    plain_hours,
    right,
    told_by_rows,
    total,
)

HOUR, DAY, MINUTE = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(minutes=1)
ZONES = [
    "UTC",
    "Europe/Lisbon",
    "America/New_York",
    "Asia/Kolkata",  # half an hour
    "America/St_Johns",  # half an hour and clock changes
    "Asia/Kathmandu",  # three quarters
    "Pacific/Chatham",  # three quarters and clock changes, in the south
    "Australia/Adelaide",
    "Pacific/Auckland",
    "America/Asuncion",  # these skip midnight, or go back to 23:00
    "America/Sao_Paulo",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",
    "Africa/Casablanca",  # changes around Ramadan
    "Europe/Istanbul",  # these changed their rules
    "America/Mexico_City",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",  # changes by 30 minutes
]

FINEST = {"Pacific/Chatham": 15, "Asia/Kathmandu": 15, "Australia/Lord_Howe": 30}
"""Rows longer than that lie across two of the zone's hours when its clock changes, or in another zone's hours."""


class Played(NamedTuple):
    """A store, its device, and the span of a clock change in which both are watched."""

    store: Store
    device: WallDevice
    start: dt.datetime
    end: dt.datetime

    @property
    def zone(self) -> ZoneInfo:
        return self.store.zone_info

    def hours(self) -> list[PlainHour]:
        """Those of the trading days that lie whole in the span."""
        hours = plain_hours(self.zone, self.start, self.end, self.store.day_starts_at.hour)
        first, last = hours[0].trading_day, hours[-1].trading_day
        return [hour for hour in hours if first < hour.trading_day < last]


def played(
    zone: str,
    midnight: dt.datetime,
    minutes: int = 60,
    *,
    two_rows: bool = False,
    day_starts_at: int = 0,
    device_zone: str | None = None,
    offset: Offset = right,
) -> Played:
    sensor = door("door", interval_minutes=minutes, **({"timezone": device_zone} if device_zone else {}))
    store = store_of(timezone=zone, sensors=[sensor], day_starts_at=f"{day_starts_at:02}:00")
    start, end = midnight - 2 * DAY, midnight + 4 * DAY
    device = WallDevice(ZoneInfo(device_zone or zone), minutes, start - DAY, end + DAY, two_rows, offset)
    return Played(store, device, start, end)


CHANGES = st.sampled_from(ZONES).flatmap(
    lambda zone: st.integers(2012, 2030).flatmap(
        lambda year: st.tuples(st.just(zone), st.sampled_from(clock_changes(ZoneInfo(zone), year)))
    )
)
HOURLY = [hour * 60 + 2 for hour in range(40, 84)]
"""As scheduled, through the day of the change."""

POLLS = st.one_of(
    st.just(HOURLY),
    st.lists(st.integers(0, 6 * 24 * 60 - 1), max_size=12).map(sorted),
)
DAY_STARTS = st.sampled_from([0, 4])


def worked(play: Played, polls: list[int], *, sends_date: bool = True) -> Worked:
    """Polls at those minutes, and a backfill of everything at the end."""
    moments = [play.start + minute * MINUTE for minute in polls]
    replies = [polled(play.store, play.device, now, sends_date=sends_date) for now in moments]
    return work_through(
        play.store, [*replies, *collected_again(play.store, play.device, play.start, play.end)], play.end + 4 * HOUR
    )


def assert_adds_up(play: Played, found: Worked) -> set[dt.datetime]:
    """Every hour and day has its people, what no row stands for is owned up to; returns those hours."""
    hours = play.hours()
    told = told_by_rows(play.device, hours)
    reported = [hour for hour in hours if told.untold.get(hour.start, 0) * ATOM < hour.end - hour.start]
    assert {hour.start: found.entries.get(hour.start) for hour in hours} == {
        **dict.fromkeys((hour.start for hour in hours), None),
        **{hour.start: told.entries[hour.start] for hour in reported},
    }
    assert found.swallowed == set(told.untold)
    days = {row["trading_day"]: row for row in found.daily.iter_rows(named=True)}
    for day in {hour.trading_day for hour in hours}:
        mine = [hour for hour in hours if hour.trading_day == day]
        missing = [told.untold.get(hour.start, 0) * ATOM / (hour.end - hour.start) for hour in mine]
        row = days[day]
        assert (row["day_start"], row["day_end"]) == (mine[0].start, mine[-1].end)
        assert (row["entries"], row["hours_expected"]) == (sum(told.entries[h.start] for h in mine), len(mine))
        assert row["completeness"] == pytest.approx(1 - sum(missing) / len(mine))
        assert row["is_complete"]
    spans = found.raw.select("interval_start", "interval_end").rows()
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert refused(found) == []
    return set(told.untold)


def assert_people_are_conserved(play: Played, found: Worked) -> None:
    """Whatever row they are in, the people of whole days are those who passed."""
    hours = play.hours()
    entries, exits = total(atom for hour in hours for atom in atoms(hour.start, hour.end))
    days = found.daily.filter(pl.col("trading_day").is_in({hour.trading_day for hour in hours}))
    assert (days["entries"].sum(), days["exits"].sum()) == (entries, exits)


@given(change=CHANGES, minutes=st.sampled_from([15, 30, 60]), starts=DAY_STARTS, polls=POLLS)
@example(("Europe/Lisbon", dt.datetime(2026, 10, 25, tzinfo=dt.UTC)), 60, 0, HOURLY)
@example(("America/Sao_Paulo", dt.datetime(2018, 2, 18, tzinfo=dt.UTC)), 60, 0, [])
@example(("Pacific/Chatham", dt.datetime(2026, 4, 4, tzinfo=dt.UTC)), 15, 4, [2900, 2960, 3000])
@cases(14)
def test_a_device_with_two_rows_for_the_repeated_hour_fills_every_hour(
    change: tuple[str, dt.datetime], minutes: int, starts: int, polls: list[int]
) -> None:
    minutes = min(minutes, FINEST.get(change[0], 60))
    play = played(*change, minutes, two_rows=True, day_starts_at=starts)
    found = worked(play, polls)
    assert assert_adds_up(play, found) == set()
    assert_people_are_conserved(play, found)


@given(change=CHANGES, minutes=st.sampled_from([15, 30, 60]), starts=DAY_STARTS, polls=POLLS)
@example(("Europe/Lisbon", dt.datetime(2026, 10, 25, tzinfo=dt.UTC)), 60, 0, HOURLY)
@example(("Asia/Beirut", dt.datetime(2026, 10, 24, tzinfo=dt.UTC)), 30, 0, [])
@example(("Australia/Lord_Howe", dt.datetime(2026, 4, 4, tzinfo=dt.UTC)), 60, 0, [2880, 3600])
@example(("Australia/Lord_Howe", dt.datetime(2026, 10, 3, tzinfo=dt.UTC)), 60, 4, [])
@cases(14)
def test_a_device_with_one_row_for_it_fills_the_first_and_owns_up_to_the_second(
    change: tuple[str, dt.datetime], minutes: int, starts: int, polls: list[int]
) -> None:
    minutes = min(minutes, 15 if change[0] == "Pacific/Chatham" else 60)
    play = played(*change, minutes, day_starts_at=starts)
    found = worked(play, polls)
    hours = play.hours()
    twice = {
        hour.start for n, hour in enumerate(hours) if any(hour.local == one.local for one in hours[max(0, n - 2) : n])
    }
    assert assert_adds_up(play, found) == twice
    assert_people_are_conserved(play, found)


@given(
    change=CHANGES,
    device_zone=st.sampled_from(ZONES),
    minutes=st.sampled_from([15, 30, 60]),
    starts=DAY_STARTS,
    polls=POLLS,
)
@example(("Asia/Kolkata", dt.datetime(2026, 10, 25, tzinfo=dt.UTC)), "Europe/Lisbon", 30, 4, [2900])
@cases(10)
def test_a_clock_in_another_zone_than_its_store_shifts_nothing(
    change: tuple[str, dt.datetime], device_zone: str, minutes: int, starts: int, polls: list[int]
) -> None:
    minutes = min(minutes, *(FINEST.get(zone, 30) for zone in (device_zone, change[0])))
    play = played(*change, minutes, two_rows=True, day_starts_at=starts, device_zone=device_zone)
    found = worked(play, polls)
    assert assert_adds_up(play, found) == set()
    assert_people_are_conserved(play, found)
