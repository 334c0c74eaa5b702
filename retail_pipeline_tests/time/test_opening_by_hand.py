"""Opening hours, public holidays, exceptions and trading days against a look at the wall clock every minute."""

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retail_pipeline.fleet.calendar import trading_day_of
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline_tests.cases import cases
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import store_of
from retail_pipeline_tests.time.opened_by_hand import DAY, WEEKDAYS, Declared, easter, hours_by_hand, public_holidays

ZONES = (
    *("Europe/Lisbon", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "America/Santiago", "Africa/Casablanca"),
)
SPANS = (
    *("10:00-22:00", "18:00-02:00", "08:10-12:25, 13:05-19:00", "00:00-24:00", "12:00-18:00", "closed"),
    *("20:00-06:00", "00:30-02:45", "22:15-01:30"),
)
YEARS = range(2019, 2030)


def days_worth_looking_at(timezone: str, country: str) -> list[dt.date]:
    """Days on which clocks change, public holidays and the days around them, and some plain ones."""
    zone, found = ZoneInfo(timezone), []
    for year in YEARS:
        days = [dt.date(year, 1, 1) + n * DAY for n in range(365)]
        noons = [dt.datetime.combine(day, dt.time(12), zone).utcoffset() for day in days]
        found += [day for day, before, after in zip(days[1:], noons, noons[1:], strict=False) if before != after]
        found += [day + ago * DAY for day in sorted(public_holidays(country, year)) for ago in (-1, 0)]
        found.append(dt.date(year, 7, 15))
    return found


@st.composite
def declared(draw: st.DrawFn) -> tuple[Declared, dt.date]:
    """A shop and a day of it."""
    timezone, country = draw(st.sampled_from(ZONES)), draw(st.sampled_from(("PT", "DE")))
    day = draw(st.sampled_from(days_worth_looking_at(timezone, country)))
    spans = st.sampled_from(SPANS)
    week = {name: draw(spans) for name in WEEKDAYS}
    if draw(st.booleans()):
        week["holidays"] = draw(spans)
    excepted = draw(st.lists(st.sampled_from([day - DAY, day, day + DAY]), max_size=2, unique=True))
    exceptions = {date.isoformat(): draw(spans) for date in excepted}
    return Declared(timezone, country, week, exceptions, draw(st.sampled_from((0, 0, 3, 4, 12)))), day


@given(declared())
@example((Declared("Europe/Lisbon", "PT", {"sat": "18:00-02:00", "sun": "18:00-02:00"}, {}, 4), dt.date(2026, 10, 25)))
@example((Declared("Pacific/Chatham", "DE", {"sat": "20:00-06:00"}, {}, 3), dt.date(2026, 4, 5)))
@cases(12)
def test_hours_are_open_and_belong_to_days_as_the_wall_clock_says(case: tuple[Declared, dt.date]) -> None:
    told, day = case
    store = store_of(**told.fields())
    start = dt.datetime.combine(day, dt.time(), dt.UTC) - DAY
    by_hand = hours_by_hand(told, start, start + 3 * DAY)[1:]
    hours = store_hours([store], start, start + 3 * DAY).filter(pl.col("hour_start") >= by_hand[0].start)

    assert hours.select("hour_start", "minutes", "trading_day").rows() == [
        (hour.start, hour.minutes, hour.trading_day) for hour in by_hand
    ]
    expected = [hour.open_minutes / hour.minutes for hour in by_hand]
    assert hours["business_share"].to_list() == pytest.approx(expected)
    assert [trading_day_of(store, hour.start) for hour in by_hand] == [hour.trading_day for hour in by_hand]

    whole = store_hours([store], start - 2 * DAY, start + 5 * DAY)
    counts = raw(*(row(at, store=store.id, sensor=store.sensors[0].id) for at in hours["hour_start"]))
    hourly = hourly_analytics(counts, [store], whole, start + 30 * DAY).filter(pl.col("entries").is_not_null())
    assert dict(hourly.select("hour_start", "is_business_hour").rows()) == {
        hour.start: hour.open_minutes > 0 for hour in by_hand
    }


def test_easter_is_where_the_almanac_has_it() -> None:
    assert [easter(year).isoformat() for year in (2019, 2024, 2025, 2026, 2049, 2076)] == [
        *("2019-04-21", "2024-03-31", "2025-04-20", "2026-04-05", "2049-04-18", "2076-04-19")
    ]


@pytest.mark.parametrize("country", ["PT", "DE"])
def test_public_holidays_are_those_of_the_law(country: str) -> None:
    store = store_of(timezone="UTC", country=country, opening_hours={"mon-sun": "00:00-24:00"})
    for year in YEARS:
        start = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
        hours = store_hours([store], start, start.replace(year=year + 1))
        closed = hours.group_by("local_date").agg(pl.col("business_share").sum()).filter(business_share=0.0)
        assert set(closed["local_date"]) == public_holidays(country, year)
