import datetime as dt
from functools import partial
from zoneinfo import available_timezones

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.calendar import day_bounds, local_hours, open_spans
from retail_pipeline.frames.local_time import offset_spans, store_hours, trading_day_hours, with_hours
from retail_pipeline.frames.schemas import STORE_HOURS
from retail_pipeline_tests.frames.rows import DAY, hours_of, raw, row
from retail_pipeline_tests.shops import store_of, utc

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
instant = partial(dt.datetime.fromtimestamp, tz=dt.UTC)
CALENDAR = ["hour_start", "hour_end", "local_date", "local_hour", "trading_day"]


@given(
    zone=st.sampled_from(ZONES),
    begin=st.integers(788_918_400, 2_082_758_400).map(instant),
    length=st.integers(1, 80),
    day_starts_at=st.integers(0, 12),
)
@example("Australia/Lord_Howe", dt.datetime(2026, 4, 4, 3, 20, tzinfo=dt.UTC), 40, 0)
@example("America/St_Johns", dt.datetime(2006, 10, 28, 20, tzinfo=dt.UTC), 30, 4)
@example("America/New_York", dt.datetime(2026, 11, 1, 3, tzinfo=dt.UTC), 12, 2)
@example("Africa/Casablanca", dt.datetime(2026, 2, 14, tzinfo=dt.UTC), 48, 0)
@example("Pacific/Apia", dt.datetime(2011, 12, 29, tzinfo=dt.UTC), 60, 0)
@example("Asia/Kathmandu", dt.datetime(2026, 7, 18, 0, 0, 0, 500, tzinfo=dt.UTC), 30, 0)
@settings(deadline=None, max_examples=150)
def test_hours_of_many_stores_are_the_hours_of_the_calendar(
    zone: str, begin: dt.datetime, length: int, day_starts_at: int
) -> None:
    store = store_of(timezone=zone, day_starts_at=dt.time(day_starts_at))
    end = begin + dt.timedelta(hours=length)
    hours = store_hours([store], begin, end)
    assert hours.select(CALENDAR).rows() == [tuple(hour) for hour in local_hours(store, begin, end)]


@given(zone=st.sampled_from(ZONES), day=st.dates(dt.date(1995, 1, 1), dt.date(2035, 12, 31)), starts=st.integers(0, 12))
@example("Europe/Lisbon", dt.date(2026, 10, 25), 0)
@example("Europe/Lisbon", dt.date(2026, 3, 29), 0)
@example("Pacific/Apia", dt.date(2011, 12, 31), 0)
@settings(deadline=None, max_examples=80)
def test_a_trading_day_is_made_of_all_its_hours_and_no_others(zone: str, day: dt.date, starts: int) -> None:
    store = store_of(timezone=zone, day_starts_at=dt.time(starts))
    hours = trading_day_hours([store], day, day)
    start, end = day_bounds(store, day)
    assert hours["minutes"].sum() == (end - start).total_seconds() / 60
    assert hours["hour_start"].min() == (start if start < end else None)
    assert (hours["hour_end"] == hours["hour_start"].shift(-1)).all(ignore_nulls=True)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(dt.date(2026, 3, 29), 23, id="the day the clock goes forward has 23 hours"),
        pytest.param(dt.date(2026, 7, 18), 24, id="an ordinary day has 24"),
        pytest.param(dt.date(2026, 10, 25), 25, id="the day the clock goes back has 25"),
    ],
)
def test_a_day_has_the_hours_that_elapse(day: dt.date, hours: int) -> None:
    assert hours_of(store_of(timezone="Europe/Lisbon"), day).height == hours


def test_an_hour_in_india_starts_at_half_past() -> None:
    store = store_of(timezone="Asia/Kolkata", opening_hours={"mon-sun": "10:15-20:00"})
    hour = store_hours([store], utc("2026-07-18 04:30"), utc("2026-07-18 05:00"))
    expected = {
        "store_id": "shop-1",
        "hour_start": utc("2026-07-18 04:30"),
        "hour_end": utc("2026-07-18 05:30"),
        "local_date": DAY,
        "local_hour": 10,
        "trading_day": DAY,
        "business_share": 0.75,
        "minutes": 60.0,
    }
    assert_frame_equal(hour, pl.DataFrame([expected], schema=STORE_HOURS))


def test_the_half_hour_that_lord_howe_repeats_is_an_hour_of_its_own() -> None:
    store = store_of(timezone="Australia/Lord_Howe")
    hours = store_hours([store], utc("2026-04-04 14:00"), utc("2026-04-04 16:00"))
    assert hours.select("hour_start", "local_hour", "minutes").rows() == [
        (utc("2026-04-04 14:00"), 1, 60.0),
        (utc("2026-04-04 15:00"), 1, 30.0),
        (utc("2026-04-04 15:30"), 2, 60.0),
    ]


def test_a_bar_that_closes_at_two_keeps_the_night_in_its_trading_day() -> None:
    store = store_of(day_starts_at="04:00", opening_hours={"mon-sun": "18:00-02:00"})
    hours = hours_of(store)
    assert (hours["hour_start"].min(), hours["hour_end"].max()) == (utc("2026-07-18 04:00"), utc("2026-07-19 04:00"))
    assert hours["business_share"].sum() == 8.0


def test_no_store_has_no_hours() -> None:
    hours = store_hours([], utc("2026-07-18 00:00"), utc("2026-07-19 00:00"))
    assert_frame_equal(hours, pl.DataFrame(schema=STORE_HOURS))


@given(
    zone=st.sampled_from(["Europe/Lisbon", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]),
    day=st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
    spans=st.sampled_from(["10:00-22:00", "08:10-12:25, 13:05-19:00", "18:00-02:00", "00:00-24:00", "closed"]),
)
@example("Europe/Lisbon", dt.date(2026, 10, 25), "00:00-24:00")
@settings(deadline=None, max_examples=60)
def test_business_shares_add_up_to_the_open_minutes(zone: str, day: dt.date, spans: str) -> None:
    store = store_of(timezone=zone, opening_hours={"mon-sun": spans})
    hours = hours_of(store, day)
    start, end = day_bounds(store, day)
    declared = [span for ago in (1, 0) for span in open_spans(store, day - dt.timedelta(days=ago))]
    minutes = sum(max(0.0, (min(to, end) - max(begin, start)).total_seconds() / 60) for begin, to in declared)
    assert hours.select((pl.col("business_share") * pl.col("minutes")).sum()).item() == pytest.approx(minutes)
    assert hours["business_share"].is_between(0, 1).all()


def test_a_row_belongs_to_the_hour_it_starts_in_and_to_none_outside() -> None:
    hours = hours_of(store_of())
    rows = raw(row("23:30"), row("2026-07-19 00:30"), row("10:00"))
    placed = with_hours(rows, hours).sort("interval_start")
    assert placed.select("hour_start", "local_hour").rows() == [
        (utc("2026-07-18 10:00"), 10),
        (utc("2026-07-18 23:00"), 23),
    ]


def test_a_clock_change_is_found_to_the_second() -> None:
    spans = offset_spans("Europe/Lisbon", utc("2026-10-24 00:00"), utc("2026-10-26 00:00"))
    assert [(span.start, span.end, span.offset) for span in spans] == [
        (utc("2026-10-24 00:00"), utc("2026-10-25 01:00"), dt.timedelta(hours=1)),
        (utc("2026-10-25 01:00"), utc("2026-10-26 00:00"), dt.timedelta()),
    ]


def test_a_clock_change_at_the_window_s_end_leaves_no_empty_span() -> None:
    spans = offset_spans("Europe/Lisbon", utc("2026-10-24 00:00"), utc("2026-10-25 01:00"))
    assert [span.end for span in spans] == [utc("2026-10-25 01:00")]
