import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.local_time import zone_hours
from retail_pipeline.frames.quality.overdue import overdue, overdue_minutes
from retail_pipeline_tests.frames.rows import DAY, raw, row, whole_day
from retail_pipeline_tests.frames.test_local_time import ZONES
from retail_pipeline_tests.shops import door, shop, store_of, utc

YESTERDAY = DAY - dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


def until(store: Store, hour: int) -> list[dict[str, Any]]:
    """Complete rows of yesterday and of today before `hour`."""
    return whole_day(store, day=YESTERDAY) + whole_day(store)[:hour]


def judged(rows: list[dict[str, Any]], at: str, **declared: object) -> list[tuple[Any, ...]]:
    """Severity, minutes and threshold of what is found."""
    found = overdue(raw(*rows), [store_of(**declared)], utc(f"2026-07-18 {at}"))
    return found.select("severity", "figure", "threshold").rows()


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("13:04", [], id="an hour has five minutes to come in"),
        pytest.param("13:50", [], id="45 minutes later all is well"),
        pytest.param("13:51", [("warn", 46.0, 45.0)], id="46 minutes are a warning"),
        pytest.param("14:35", [("warn", 90.0, 45.0)], id="90 minutes are still one"),
        pytest.param("14:36", [("error", 91.0, 90.0)], id="91 minutes are an error"),
        pytest.param("20:30", [], id="nobody is woken when the shop has closed"),
    ],
)
def test_the_first_missing_interval_tells_how_late_a_store_is(at: str, expected: list[tuple[Any, ...]]) -> None:
    assert judged(until(store_of(), 12), at) == expected


def test_an_hour_that_comes_twice_is_late_from_the_end_of_the_second_on() -> None:
    bar = store_of(timezone="Europe/Lisbon", opening_hours={"mon-sun": "18:00-04:00"})
    days = [dt.date(2026, 10, 23), dt.date(2026, 10, 24)]
    rows = raw(*(one for day in days for one in whole_day(bar, day=day)), row("2026-10-24 23:00"))
    assert overdue(rows, [bar], utc("2026-10-25 02:50")).is_empty()
    late = overdue(rows, [bar], utc("2026-10-25 02:51")).row(0, named=True)
    assert (late["hour_start"], late["figure"]) == (utc("2026-10-25 00:00"), 46.0)


def test_a_store_that_misses_nothing_is_zero_minutes_late() -> None:
    store = store_of()
    told = overdue_minutes(raw(*until(store, 12)), [store], utc("2026-07-18 12:40"))
    assert told.rows(named=True) == [
        {
            "store_id": "shop-1",
            "sensor_id": None,
            "hour_start": None,
            "interval_end": None,
            "is_open": True,
            "overdue_minutes": 0.0,
        }
    ]


def test_the_finding_names_the_device_and_the_interval() -> None:
    store = store_of(sensors=[door("a"), door("b", interval_minutes=30)])
    rows = whole_day(store, "a", day=YESTERDAY) + whole_day(store, "b", day=YESTERDAY) + whole_day(store, "a")[:14]
    rows += [*whole_day(store, "b")[:12], row("12:00", sensor="b", minutes=30)]
    found = overdue(raw(*rows), [store], utc("2026-07-18 14:00")).row(0, named=True)
    assert (found["sensor_id"], found["hour_start"], found["figure"]) == ("b", utc("2026-07-18 12:30"), 55.0)
    assert "2026-07-18 13:00 UTC" in found["advice"]


def test_a_device_that_is_cut_off_over_night_wakes_nobody_in_the_morning() -> None:
    store = store_of()
    rows = [hour for hour in until(store, 11) if 10 <= hour["interval_start"].hour < 20]
    assert judged(rows, "11:10") == []


def test_a_device_lost_before_closing_is_an_error_at_opening() -> None:
    rows = whole_day(store_of(), day=YESTERDAY)[:19]
    assert judged(rows, "10:00") == [("error", 835.0, 90.0)]


def test_half_hours_of_a_device_declared_at_an_hour_are_not_late() -> None:
    halves = [
        row(hour["interval_start"] + part * MINUTE, minutes=30) for hour in until(store_of(), 12) for part in (0, 30)
    ]
    assert judged(halves, "12:59") == []


def test_an_hour_that_a_clock_change_repeats_is_excused() -> None:
    store = store_of(timezone="Europe/Lisbon", opening_hours={"mon-sun": "00:00-24:00"})
    day = dt.date(2026, 10, 25)
    rows = whole_day(store, day=day - dt.timedelta(days=1)) + whole_day(store, day=day)[:12]
    del rows[24 + 2]
    excused = pl.DataFrame({"sensor_id": ["shop-1-door"], "hour_start": [utc("2026-10-25 01:00")]})
    as_of = utc("2026-10-25 11:40")
    assert overdue(raw(*rows), [store], as_of)["severity"].to_list() == ["error"]
    assert overdue(raw(*rows), [store], as_of, excused).is_empty()


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param({"live_since": "2026-07-19"}, id="a store that is not live yet owes nothing"),
        pytest.param({"sensors": [door("d", active=False)]}, id="an inactive device owes nothing"),
        pytest.param(
            {"sensors": [door("d", reports=["regions"])]}, id="a device that is not asked for lines owes none"
        ),
        pytest.param({"exceptions": {"2026-07-17": "closed", "2026-07-18": "closed"}}, id="a closed shop owes nothing"),
    ],
)
def test_what_is_not_expected_is_not_late(declared: dict[str, Any]) -> None:
    assert judged([], "15:00", **declared) == []


def test_a_store_without_opening_hours_is_judged_around_the_clock() -> None:
    assert judged(until(store_of(), 1), "03:00", opening_hours={}) == [("warn", 55.0, 45.0)]


def test_a_store_sets_its_own_limits() -> None:
    assert judged(until(store_of(), 12), "13:51", thresholds={"overdue_warn": 60}) == []


def test_every_store_is_told_by_itself() -> None:
    stores = [store_of(), store_of(**shop("late"))]
    rows = until(stores[0], 13) + until(stores[1], 12)
    assert overdue(raw(*rows), stores, utc("2026-07-18 14:00"))["store_id"].to_list() == ["late"]


def polled(store: Store, as_of: dt.datetime) -> list[dict[str, Any]]:
    """What a healthy device has delivered by `as_of`: asked at :02:05 and :32:05, complete two minutes late."""
    device = store.sensors[0]
    asked = max(
        at
        for hours in range(3)
        for minute in (2, 32)
        if (at := as_of.replace(minute=minute, second=5) - dt.timedelta(hours=hours)) <= as_of
    )
    zone = str(store.device_zone(device))
    hours = zone_hours([zone], as_of - dt.timedelta(hours=28), as_of).select("hour_start", "hour_end")
    rows = []
    for hour_start, hour_end in hours.rows():
        start = hour_start
        while start < hour_end:
            end = min(start + device.interval_minutes * MINUTE, hour_end)
            is_complete = end + 2 * MINUTE <= asked
            rows.append(row(start, minutes=int((end - start) / MINUTE), is_complete=is_complete, collected_at=asked))
            start = end
    return [kept for kept in rows if kept["interval_start"] <= asked]


@given(
    zone=st.sampled_from(ZONES),
    device_zone=st.none() | st.sampled_from(ZONES),
    minute=st.integers(0, 525_599),
    interval=st.sampled_from([5, 10, 15, 30, 60]),
    opening=st.sampled_from(["00:00-24:00", "10:00-22:00", "18:30-02:15"]),
)
@example("Asia/Kathmandu", None, 144_000, 60, "00:00-24:00")
@example("Asia/Kolkata", "Asia/Kathmandu", 144_031, 60, "00:00-24:00")
@example("Europe/Lisbon", None, 427_740, 60, "00:00-24:00")
@settings(deadline=None, max_examples=120)
def test_a_healthy_device_never_warns_at_any_minute_in_any_zone(
    zone: str, device_zone: str | None, minute: int, interval: int, opening: str
) -> None:
    device = door("shop-1-door", interval_minutes=interval, timezone=device_zone)
    store = store_of(timezone=zone, sensors=[device], opening_hours={"mon-sun": opening})
    as_of = utc("2026-01-01 00:00") + minute * MINUTE
    told = overdue_minutes(raw(*polled(store, as_of)), [store], as_of)
    assert told["overdue_minutes"].item() <= 30
    assert overdue(raw(*polled(store, as_of)), [store], as_of).is_empty()
