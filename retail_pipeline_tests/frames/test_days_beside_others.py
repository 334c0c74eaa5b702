"""A day's power hours, estimates, letter, and how it stands against the same weekday before."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline_tests.frames.rows import DAY, LATER, hours_of, raw, row, weeks_before, whole_day
from retail_pipeline_tests.shops import door, store_of, utc

WEEK = dt.timedelta(weeks=1)
DAYS = {"store_id": pl.String(), "trading_day": pl.Date(), "entries": pl.Int64(), "completeness": pl.Float64()}
STREET = {4: {"role": "passers_by"}}


def day_of(
    *rows: dict[str, Any],
    past: pl.DataFrame | None = None,
    days: pl.DataFrame | None = None,
    late: tuple[str, ...] = (),
    as_of: dt.datetime = LATER,
    **declared: Any,
) -> dict[str, Any]:
    """The day's summary; nothing where it has none."""
    store, hours = store_of(**declared), hours_of(store_of(**declared))
    recovered = pl.DataFrame(
        {"sensor_id": ["shop-1-door"] * len(late), "hour_start": [utc(f"{DAY} {one}") for one in late]},
        schema={"sensor_id": pl.String(), "hour_start": hours.schema["hour_start"]},
    )
    hourly = hourly_analytics(raw(*rows), [store], hours, as_of, past=past, recovered=recovered)
    summary = daily_summaries(hourly, [store], hours, as_of, past=days)
    return summary.row(0, named=True) if summary.height else {}


def without(hour: int) -> list[dict[str, Any]]:
    """A whole day but for one hour; one person in and out in each."""
    return [one for one in whole_day(store_of(), lines={1: (1, 1)}) if one["interval_start"].hour != hour]


def peopled(**hours: int) -> list[dict[str, Any]]:
    return [row(f"{name[1:]}:00", {1: (people, 0)}) for name, people in hours.items()]


@pytest.mark.parametrize(
    ("rows", "power"),
    [
        pytest.param(peopled(h10=10, h12=40, h18=50), [18], id="one hour carries them"),
        pytest.param(peopled(h10=30, h12=35, h18=35), [12, 18], id="two do, in order of time"),
        pytest.param(peopled(h10=25, h12=25, h17=25, h18=25), [10, 12], id="the earlier on a tie"),
        pytest.param(peopled(h10=60, h12=40), [10], id="just enough"),
        pytest.param(peopled(h10=0, h12=0), None, id="nobody came"),
    ],
)
def test_power_hours_are_the_fewest_that_carry_two_fifths(rows: list[dict[str, Any]], power: list[int] | None) -> None:
    assert day_of(*rows)["power_hours"] == power


def test_an_incomplete_hour_is_neither_a_power_hour_nor_the_fullest() -> None:
    day = day_of(row("10:00", {1: (5, 0)}), row("12:00", {1: (90, 0)}, is_complete=False))
    assert (day["power_hours"], day["occupancy_max"], day["entries"]) == ([10], 5, 95)


@pytest.mark.parametrize(
    ("rows", "past", "late", "letter"),
    [
        pytest.param(whole_day(store_of()), None, (), "A", id="as measured"),
        pytest.param(whole_day(store_of()), None, ("12:00",), "B", id="an hour came late"),
        pytest.param(without(12), weeks_before((6, 6), (8, 8), hour=12), (), "C", id="an open hour is imputed"),
        pytest.param(without(3), None, (), "C", id="a closed hour is missing"),
        pytest.param(without(12), None, (), "X", id="an open hour is missing"),
    ],
)
def test_a_letter_tells_how_far_a_day_can_be_relied_on(
    rows: list[dict[str, Any]], past: pl.DataFrame | None, late: tuple[str, ...], letter: str
) -> None:
    assert day_of(*rows, past=past, late=late)["quality"] == letter


def test_a_day_has_no_letter_before_it_is_over_and_settled() -> None:
    midnight = utc(f"{DAY + dt.timedelta(days=1)} 00:00")
    rows = whole_day(store_of())
    assert day_of(*rows, as_of=midnight - dt.timedelta(minutes=1))["quality"] is None
    assert day_of(*rows, as_of=midnight)["quality"] == "A"
    assert day_of(*rows[:-1], as_of=midnight + dt.timedelta(minutes=39))["quality"] is None
    assert day_of(*rows[:-1], as_of=midnight + dt.timedelta(minutes=40))["quality"] == "C"


def test_the_imputed_share_counts_what_estimates_add() -> None:
    past = pl.concat([weeks_before((6, 6), (8, 8), hour=12), weeks_before((9, 9), (9, 9), hour=13)])
    rows = [*without(12)[:12], row("13:00", {1: (4, 0)}, is_complete=False), *without(12)[13:]]
    day = day_of(*rows, past=past)
    assert (day["entries"], day["hours_reported"], day["completeness"]) == (26, 23, 22 / 24)
    assert day["imputed_share"] == (7 + 5) / (26 + 7 + 5)


def test_a_day_of_nothing_but_estimates_is_no_day() -> None:
    assert day_of(past=weeks_before((6, 6), (8, 8), hour=12)) == {}


def test_where_only_the_street_was_measured_all_entries_are_imputed() -> None:
    sensors = [door("shop-1-door"), door("street", lines=STREET)]
    rows = whole_day(store_of(), sensor="street", lines={4: (9, 9)})
    past = weeks_before((6, 6), (8, 8), hour=10)
    day = day_of(*rows, past=past, sensors=sensors, opening_hours={"mon-sun": "10:00-11:00"})
    assert (day["entries"], day["imputed_share"], day["quality"], day["passers_by"]) == (None, 1.0, "D", 432)


def days(*rows: tuple[int, int | None, float]) -> pl.DataFrame:
    """Days so many weeks before, with their entries and completeness."""
    told = [("shop-1", DAY - weeks * WEEK, entries, completeness) for weeks, entries, completeness in rows]
    return pl.DataFrame(told, schema=DAYS, orient="row")


@pytest.mark.parametrize(
    ("before", "last_week", "year"),
    [
        pytest.param(days((1, 20, 1.0), (52, 32, 0.9)), (20, 20.0), (32, -25.0), id="both days are measured"),
        pytest.param(days((1, 20, 0.89), (52, 32, 1.0)), (None, None), (32, -25.0), id="one lacks too much"),
        pytest.param(days((1, 0, 1.0), (2, 20, 1.0)), (0, None), (None, None), id="nobody came then"),
        pytest.param(days((53, 20, 1.0)), (None, None), (None, None), id="other days do not count"),
    ],
)
def test_a_day_is_compared_like_for_like(
    before: pl.DataFrame, last_week: tuple[int, float], year: tuple[int, float]
) -> None:
    day = day_of(*whole_day(store_of(), lines={1: (1, 0)}), days=before)
    assert (day["entries_last_week"], day["change_last_week"]) == last_week
    assert (day["entries_52_weeks_ago"], day["change_52_weeks"]) == year


def test_a_day_that_runs_or_lacks_too_much_is_not_compared() -> None:
    rows = whole_day(store_of(), lines={1: (1, 0)})
    for one in (
        day_of(*rows, days=days((1, 20, 1.0)), as_of=utc(f"{DAY} 23:59")),
        day_of(*rows[:21], days=days((1, 20, 1.0))),
    ):
        assert (one["entries_last_week"], one["change_last_week"]) == (None, None)


def test_a_week_summed_up_at_once_is_compared_with_itself() -> None:
    store = store_of()
    rows = [*whole_day(store, lines={1: (1, 0)}, day=DAY - WEEK), *whole_day(store, lines={1: (2, 0)})]
    hours = hours_of(store, DAY - WEEK, DAY)
    stale = days((1, 7, 1.0))
    summary = daily_summaries(hourly_analytics(raw(*rows), [store], hours, LATER), [store], hours, LATER, past=stale)
    assert summary.filter(trading_day=DAY).select("entries_last_week", "change_last_week").rows() == [(24, 100.0)]
