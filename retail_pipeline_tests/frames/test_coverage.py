import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.coverage import coverage
from retail_pipeline.frames.numbered import numbered, placed
from retail_pipeline_tests.frames.rows import LATER, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of, utc

TEN = utc("2026-07-18 10:00")


def covered(rows: list[dict[str, Any]], as_of: dt.datetime = LATER, **declared: object) -> tuple[Any, ...]:
    """Completeness and is_complete of the hour from 10 to 11."""
    found = coverage_of(store_of(**declared), *rows, as_of=as_of).filter(hour_start=TEN)
    return found.select("completeness", "is_complete").row(0)


def coverage_of(store: Store, *rows: dict[str, Any], as_of: dt.datetime = LATER) -> pl.DataFrame:
    hours = numbered(hours_of(store))
    return coverage(placed(raw(*rows), hours), hours, [store], as_of).collect()


TWO_DOORS = {"sensors": [door("a"), door("b"), door("street", lines={1: {"role": "passers_by"}})]}


@pytest.mark.parametrize(
    ("rows", "declared", "expected"),
    [
        pytest.param([row("10:00")], {}, (1.0, True), id="one complete hour is complete"),
        pytest.param([], {}, (0.0, False), id="nothing reported is 0 of 1"),
        pytest.param([row("10:00", is_complete=False)], {}, (0.0, False), id="a running interval does not count"),
        pytest.param(
            [row("10:00", minutes=30), row("10:30", minutes=30)],
            {},
            (1.0, True),
            id="two half hours of a device declared at 60 minutes are complete",
        ),
        pytest.param([row("10:15", minutes=15)], {}, (0.25, False), id="a quarter of an hour is a quarter"),
        pytest.param([row("10:30")], {}, (1.0, True), id="a row across two hours counts where it starts"),
        pytest.param(
            [row("10:00", sensor="a")],
            TWO_DOORS,
            (0.5, False),
            id="one of two doors is half, and the street is not asked",
        ),
        pytest.param(
            [row("10:00", sensor="a"), row("10:00", sensor="b")], TWO_DOORS, (1.0, True), id="both doors are all"
        ),
        pytest.param(
            [row("10:00", sensor="a"), row("10:00", minutes=90, sensor="a")],
            TWO_DOORS,
            (0.5, False),
            id="one door never makes up for another",
        ),
        pytest.param(
            [row("10:00", sensor="a"), row("10:00", sensor="b")],
            {"sensors": [door("a", interval_minutes=15), door("b", active=False)]},
            (1.0, True),
            id="an inactive device is neither expected nor counted",
        ),
    ],
)
def test_completeness_is_minutes_complete_over_minutes(
    rows: list[dict[str, Any]], declared: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert covered(rows, **declared) == expected


def test_an_hour_that_has_not_ended_is_not_complete() -> None:
    assert covered([row("10:00")], as_of=utc("2026-07-18 10:59")) == (1.0, False)
    assert covered([row("10:00")], as_of=utc("2026-07-18 11:00")) == (1.0, True)


def test_nothing_is_expected_before_a_store_is_live() -> None:
    store = store_of(live_since="2026-07-19", day_starts_at="12:00")
    hours = coverage_of(store)
    assert (hours.height, hours["hour_start"].min()) == (12, utc("2026-07-19 00:00"))


def test_a_store_without_an_entrance_line_expects_nothing() -> None:
    store = store_of(sensors=[door("street", lines={1: {"role": "passers_by"}})])
    assert coverage_of(store, row("10:00", sensor="street")).is_empty()
