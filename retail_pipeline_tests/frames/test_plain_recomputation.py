"""A random week and a real one, computed twice: by the frames and by plain Python."""

import csv
import datetime as dt
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.schemas import HOUR_HISTORY
from retail_pipeline.local import demo
from retail_pipeline_tests.frames import plain
from retail_pipeline_tests.frames.rows import hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of

ENTRANCE, INVERTED, STREET = {"role": "entrance"}, {"role": "entrance", "inverted": True}, {"role": "passers_by"}
ONE = [door("d", lines={1: ENTRANCE, 2: INVERTED, 3: {"role": "ignored"}, 4: STREET})]
TWO = [door("d", lines={1: ENTRANCE}, interval_minutes=30), door("e", lines={2: INVERTED, 4: STREET})]
APART = [door("d"), door("street", lines={1: STREET})]
MONDAY = dt.date(2026, 10, 19)


def shop_in(zone: str, sensors: list[dict[str, Any]], **declared: object) -> Store:
    hours = {"mon-fri": "08:30-12:15, 14:00-22:00", "sat": "18:00-02:00"}
    return store_of(**{"timezone": zone, "sensors": sensors, "opening_hours": hours} | declared)


def random_rows(store: Store, hours: list[plain.Row], dice: random.Random) -> list[plain.Row]:
    """Rows of every device in its own interval; on two days of three some are missing, and some still run."""
    return [
        random_row(store, device.id, hour["start"] + minute * plain.MINUTE, device.interval_minutes, dice, flaw=flaw)
        for hour in hours
        for flaw in [0.0 if hour["day"].day % 3 == 0 else 0.05]
        for device in store.sensors
        for minute in range(0, hour["minutes"], device.interval_minutes)
        if dice.random() >= flaw
    ]


def random_row(
    store: Store, sensor: str, start: dt.datetime, step: int, dice: random.Random, *, flaw: float
) -> plain.Row:
    people = {line: (dice.randrange(9), dice.randrange(9)) for line in (1, 2, 3, 4)}
    is_complete = dice.random() >= flaw
    return row(start, people, sensor=sensor, store=store.id, minutes=step, is_complete=is_complete)


def random_past(hours: list[plain.Row], dice: random.Random) -> list[plain.Row]:
    """Complete hours of the weeks before; some are missing."""
    return [
        {
            "hour": hour,
            "entries": dice.randrange(60),
            "exits": dice.randrange(60),
            "business_share": hour["open"] / hour["minutes"],
        }
        for hour in hours
        if dice.random() < 0.8
    ]


def history(store: Store, past: list[plain.Row]) -> pl.DataFrame:
    """The same hours as the warehouse returns them."""
    rows = [
        {"store_id": store.id, "hour_start": one["hour"]["start"], "trading_day": one["hour"]["day"]}
        | {name: one["hour"][name] for name in ("local_date", "local_hour")}
        | {name: one[name] for name in ("business_share", "entries", "exits")}
        for one in past
    ]
    return pl.DataFrame(rows, schema=HOUR_HISTORY)


@pytest.mark.parametrize(
    ("store", "first", "seed"),
    [
        pytest.param(shop_in("Europe/Lisbon", ONE), MONDAY, 1, id="Lisbon puts the clock back"),
        pytest.param(shop_in("Europe/Lisbon", TWO), dt.date(2026, 3, 23), 2, id="Lisbon puts it forward, two doors"),
        pytest.param(shop_in("Asia/Kolkata", APART, day_starts_at="04:00"), MONDAY, 3, id="a bar in India"),
        pytest.param(
            shop_in("Australia/Lord_Howe", [door("d", lines={1: ENTRANCE, 4: STREET}, interval_minutes=15)]),
            dt.date(2026, 3, 30),
            4,
            id="Lord Howe repeats half an hour",
        ),
        pytest.param(shop_in("America/St_Johns", TWO, day_starts_at="12:00"), MONDAY, 5, id="Newfoundland from noon"),
    ],
)
@pytest.mark.parametrize("is_over", [True, False], ids=["when the week is over", "in the middle of the week"])
def test_frames_and_plain_python_agree(store: Store, first: dt.date, seed: int, *, is_over: bool) -> None:
    dice = random.Random(seed)  # noqa: S311 - a repeatable week, not a secret
    before, last = first - dt.timedelta(weeks=12), first + dt.timedelta(days=6)
    known_hours = plain_hours_of(store, before, last)
    plain_hours = [hour for hour in known_hours if hour["day"] >= first]
    as_of = plain_hours[-1]["end"] if is_over else plain_hours[80]["start"] + dt.timedelta(minutes=32)
    rows = [row for row in random_rows(store, plain_hours, dice) if row["interval_start"] < as_of]
    past = random_past([hour for hour in known_hours if hour["day"] < first], dice)
    past_days = random_days(first, dice)
    late = {hour["start"] for hour in plain_hours if dice.random() < 0.2}
    figures = plain.hourly(store, rows, plain_hours, as_of)
    expected = plain.whole(plain_hours, figures, past, late, as_of)

    hours = hours_of(store, first, last)
    recovered = pl.DataFrame({"sensor_id": store.sensors[0].id, "hour_start": sorted(late)})
    hourly = hourly_analytics(raw(*rows), [store], hours, as_of, past=history(store, past), recovered=recovered)
    assert_hours_agree(hourly, expected)
    assert {*"ABC"} <= set(hourly["quality"])
    assert hourly["occupancy_mean_corrected"].count() >= 24

    days = daily_summaries(hourly, [store], hours, as_of, past=days_frame(store, past_days))
    assert_days_agree(days, plain.daily(plain_hours, expected, past_days, as_of))
    assert not is_over or days["change_last_week"].count() >= 1


def test_a_week_at_a_real_door_agrees() -> None:
    """Twelve weeks of CalIt2, half-hourly: the last of them, with holes, against the eleven before."""
    store = shop_in("America/Los_Angeles", [door("d", interval_minutes=30)])
    first, last = dt.date(2005, 7, 25), dt.date(2005, 10, 16)
    plain_hours = plain_hours_of(store, first, last)
    as_of = plain_hours[-1]["end"] + dt.timedelta(hours=1)
    missing = [hour["start"] for hour in plain_hours if hour["day"] == last - dt.timedelta(days=2)][14:17]
    rows = [
        row(at.astimezone(dt.UTC), {1: people}, sensor="d", minutes=30)
        for at, people in calit2(store, first, last)
        if not any(at == start + n * dt.timedelta(minutes=30) for start in missing for n in range(2))
    ]
    assert len(rows) == 84 * 48 - 6
    expected = plain.whole(plain_hours, plain.hourly(store, rows, plain_hours, as_of), [], set(), as_of)

    hours = hours_of(store, first, last)
    hourly = hourly_analytics(raw(*rows), [store], hours, as_of)
    week = last - dt.timedelta(days=6)
    assert_hours_agree(
        hourly.filter(pl.col("trading_day") >= week),
        {start: one for start, one in expected.items() if one["hour"]["day"] >= week},
    )
    assert hourly.filter(pl.col("hour_start").is_in(missing)).select("entries", "quality").unique().rows() == [
        (None, "D")
    ]
    assert_days_agree(daily_summaries(hourly, [store], hours, as_of), plain.daily(plain_hours, expected, {}, as_of))


@lru_cache
def plain_hours_of(store: Store, first: dt.date, last: dt.date) -> list[plain.Row]:
    start = dt.datetime.combine(first, dt.time(), dt.UTC) - dt.timedelta(days=2)
    found = plain.local_hours(store, start, start + (last - first) + dt.timedelta(days=5))
    return [hour for hour in found if first <= hour["day"] <= last]


def calit2(store: Store, first: dt.date, last: dt.date) -> Iterator[tuple[dt.datetime, tuple[int, int]]]:
    """Start and (IN, OUT) of each half hour, straight from the data file."""
    with (Path(demo.__file__).parent / "data" / "calit2.csv").open() as file:
        for slot in csv.DictReader(file):
            wall = dt.datetime.fromisoformat(slot["slot_start"])
            if first <= wall.date() <= last:
                yield wall.replace(tzinfo=ZoneInfo(store.timezone)), (int(slot["in"]), int(slot["out"]))


def random_days(first: dt.date, dice: random.Random) -> dict[dt.date, plain.Row]:
    """Days a week and a year before the week that begins on `first`."""
    return {
        first + dt.timedelta(days=day, weeks=-weeks): {
            "entries": dice.randrange(300),
            "completeness": dice.choice([0.89, 0.9, 1.0, 1.0]),
        }
        for day in range(7)
        for weeks in (1, 52)
    }


def days_frame(store: Store, days: dict[dt.date, plain.Row]) -> pl.DataFrame:
    return pl.DataFrame([{"store_id": store.id, "trading_day": day, **row} for day, row in days.items()])


def assert_hours_agree(hourly: pl.DataFrame, expected: dict[dt.datetime, plain.Row]) -> None:
    assert hourly["hour_start"].to_list() == list(expected)
    for found in hourly.iter_rows(named=True):
        figures = expected[found["hour_start"]]
        assert_agree(found, {name: figures[name] for name in figures if name not in {"hour", "slots"}})


def assert_days_agree(days: pl.DataFrame, expected: dict[dt.date, plain.Row]) -> None:
    assert days["trading_day"].to_list() == sorted(expected)
    for found in days.iter_rows(named=True):
        assert_agree(found, expected[found["trading_day"]])


def assert_agree(found: plain.Row, wanted: plain.Row) -> None:
    """To the last digit."""
    assert {name: found[name] for name in wanted} == wanted
