"""A random week, computed twice: by the frames and by plain Python."""

import datetime as dt
import random
from typing import Any

import pytest

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
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
    """Rows of every device in its own interval; some are missing, some still run."""
    return [
        random_row(store, device.id, hour["start"] + minute * plain.MINUTE, device.interval_minutes, dice)
        for hour in hours
        for device in store.sensors
        for minute in range(0, hour["minutes"], device.interval_minutes)
        if dice.random() < 0.95
    ]


def random_row(store: Store, sensor: str, start: dt.datetime, step: int, dice: random.Random) -> plain.Row:
    people = {line: (dice.randrange(9), dice.randrange(9)) for line in (1, 2, 3, 4)}
    is_complete = dice.random() < 0.95
    return row(start, people, sensor=sensor, store=store.id, minutes=step, is_complete=is_complete)


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
    start = dt.datetime.combine(first, dt.time(), dt.UTC) - dt.timedelta(days=2)
    last = first + dt.timedelta(days=6)
    plain_hours = plain.local_hours(store, start, start + dt.timedelta(days=11))
    plain_hours = [hour for hour in plain_hours if first <= hour["day"] <= last]
    as_of = plain_hours[-1]["end"] if is_over else plain_hours[80]["start"] + dt.timedelta(minutes=32)
    rows = [row for row in random_rows(store, plain_hours, dice) if row["interval_start"] < as_of]
    expected = plain.hourly(store, rows, plain_hours, as_of)

    hours = hours_of(store, first, last)
    hourly = hourly_analytics(raw(*rows), [store], hours, as_of)
    assert hourly["hour_start"].to_list() == list(expected)
    for found in hourly.iter_rows(named=True):
        figures = expected[found["hour_start"]]
        assert_agree(found, {name: figures[name] for name in figures if name != "hour"})

    days = daily_summaries(hourly, [store], hours, as_of)
    expected_days = plain.daily(plain_hours, expected, as_of)
    assert days["trading_day"].to_list() == sorted(expected_days)
    for found in days.iter_rows(named=True):
        assert_agree(found, expected_days[found["trading_day"]])


def assert_agree(found: plain.Row, wanted: plain.Row) -> None:
    close = {name: pytest.approx(value) if isinstance(value, float) else value for name, value in wanted.items()}
    assert {name: found[name] for name in wanted} == close
