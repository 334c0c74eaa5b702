"""Hours far from usual, and how well the rule finds the 30 known events of CalIt2 (attribution: local/data/NOTICE)."""

import csv
import datetime as dt
import statistics
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from retail_pipeline.frames.quality.unusual import entries_as_usual
from retail_pipeline.local.simulator.calit2 import FIRST_DATE, calit2_slots
from retail_pipeline_tests.shops import store_of, utc

HOUR = dt.timedelta(hours=1)
WEEK = dt.timedelta(weeks=1)
NOON = utc("2026-07-18 12:00")
Span = tuple[dt.datetime, dt.datetime]


def hours(entries: dict[dt.datetime, int], *, is_complete: bool = True) -> pl.DataFrame:
    rows = [
        ("shop-1", start, start + HOUR, start.date(), start.hour, people, is_complete)
        for start, people in entries.items()
    ]
    instant = pl.Datetime("us", "UTC")
    schema = {"store_id": pl.String(), "hour_start": instant, "hour_end": instant, "local_date": pl.Date()}
    schema |= {"local_hour": pl.Int16(), "entries": pl.Int64(), "is_complete": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row")


def weeks_before(*entries: int) -> pl.DataFrame:
    return hours({NOON - n * WEEK: people for n, people in enumerate(entries, 1)})


@pytest.mark.parametrize(
    ("now", "past", "declared", "figures"),
    [
        pytest.param(105, (100, 110, 90, 100), {}, [], id="about as many as always"),
        pytest.param(200, (100, 110, 90, 100), {}, [pytest.approx(100 / 101**0.5)], id="twice as many"),
        pytest.param(0, (100, 110, 90, 100), {}, [pytest.approx(-100 / 101**0.5)], id="nobody at a busy hour"),
        pytest.param(9, (0, 0, 0, 0), {}, [], id="nine people where nobody comes are no event"),
        pytest.param(12, (0, 0, 0, 0), {}, [12.0], id="twelve are"),
        pytest.param(200, (100, 110), {}, [], id="two weeks tell too little"),
        pytest.param(200, (100, 110, 90, 100), {"entries_as_usual": 12}, [], id="a store sets its own limit"),
        pytest.param(12, (0, 0, 0, 0), {"entries_as_usual_people": 20}, [], id="and its own least number"),
    ],
)
def test_hours_far_from_usual_are_told(
    now: int, past: Sequence[int], declared: dict[str, float], figures: list[float]
) -> None:
    found = entries_as_usual(hours({NOON: now}), weeks_before(*past), [store_of(thresholds=declared)])
    assert found["figure"].to_list() == figures
    assert found["hour_start"].to_list() == [NOON] * len(figures)
    assert found["severity"].to_list() == ["warn"] * len(figures)


def test_an_hour_that_is_not_complete_is_neither_judged_nor_usual() -> None:
    open_hour = hours({NOON: 500}, is_complete=False)
    assert entries_as_usual(open_hour, weeks_before(100, 100, 100, 100), [store_of()]).is_empty()
    gaps = hours({NOON - n * WEEK: 0 for n in (1, 2)}, is_complete=False)
    past = pl.concat([gaps, hours({NOON - n * WEEK: 100 for n in (3, 4)})])
    assert entries_as_usual(hours({NOON: 500}), past, [store_of()]).is_empty()


def test_known_events_are_found_with_a_quarter_of_the_alarms_of_three_sigma() -> None:
    ours = entries_as_usual(hours(building()), hours({}), [store_of()]).filter(pl.col("figure") > 0)["hour_start"]
    assert report(ours.to_list()) == {"events": 21, "found": 17, "alarms": 34, "right": 19}
    assert report(beyond_three_sigma()) == {"events": 21, "found": 18, "alarms": 135, "right": 22}


def building() -> dict[dt.datetime, int]:
    """Entries per hour of the 15 weeks, in plain Python."""
    start = dt.datetime.combine(FIRST_DATE, dt.time(), dt.UTC)
    slots = calit2_slots()
    return {start + n * HOUR: slots[2 * n].entries + slots[2 * n + 1].entries for n in range(len(slots) // 2)}


def beyond_three_sigma() -> list[dt.datetime]:
    """The plain rule: above mean and three standard deviations of the same hour in four weeks, three of them known."""
    counts = building()
    alarms = []
    for at, people in counts.items():
        past = [counts[at - n * WEEK] for n in range(1, 5) if at - n * WEEK in counts]
        if len(past) >= 3 and people > statistics.mean(past) + 3 * statistics.stdev(past):
            alarms.append(at)
    return alarms


def report(alarming_hours: Sequence[dt.datetime]) -> dict[str, int]:
    """Events that an alarm touches (an hour around them counts), and alarms (hours in a row are one) that are right."""
    first_judged = dt.datetime.combine(FIRST_DATE, dt.time(), dt.UTC) + 3 * WEEK
    events = [event for event in known_events() if event[0] >= first_judged]
    alarms = in_a_row(alarming_hours)
    found = sum(any(touches(alarm, event) for alarm in alarms) for event in events)
    right = sum(any(touches(alarm, event) for event in events) for alarm in alarms)
    return {"events": len(events), "found": found, "alarms": len(alarms), "right": right}


def touches(alarm: Span, event: Span) -> bool:
    return alarm[0] < event[1] + HOUR and event[0] - HOUR < alarm[1]


def in_a_row(starts: Sequence[dt.datetime]) -> list[Span]:
    spans: list[Span] = []
    for start in sorted(starts):
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], start + HOUR)
        else:
            spans.append((start, start + HOUR))
    return spans


def known_events() -> list[Span]:
    with Path(__file__).with_name("calit2_events.csv").open(encoding="utf-8") as file:
        return [(utc(row["begin"]), utc(row["end"])) for row in csv.DictReader(file)]
