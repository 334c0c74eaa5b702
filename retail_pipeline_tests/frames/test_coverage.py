import datetime as dt
from typing import Any

import pytest

from retail_pipeline.frames.coverage import coverage
from retail_pipeline_tests.frames.rows import LATER, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of, utc

TEN = utc("2026-07-18 10:00")


def covered(rows: list[dict[str, Any]], as_of: dt.datetime = LATER, **declared: object) -> tuple[Any, ...]:
    """Completeness, is_complete, intervals expected and reported of the hour from 10 to 11."""
    store = store_of(**declared)
    found = coverage(raw(*rows), hours_of(store), [store], as_of).filter(hour_start=TEN)
    return found.drop("store_id", "hour_start").row(0)


TWO_DOORS = {"sensors": [door("a"), door("b"), door("street", lines={1: {"role": "passers_by"}})]}


@pytest.mark.parametrize(
    ("rows", "declared", "expected"),
    [
        pytest.param([row("10:00")], {}, (1.0, True, 1, 1), id="one complete hour is complete"),
        pytest.param([], {}, (0.0, False, 1, 0), id="nothing reported is 0 of 1"),
        pytest.param([row("10:00", is_complete=False)], {}, (0.0, False, 1, 0), id="a running interval does not count"),
        pytest.param(
            [row("10:00", minutes=30), row("10:30", minutes=30)],
            {},
            (1.0, True, 1, 2),
            id="two half hours of a device declared at 60 minutes are complete",
        ),
        pytest.param([row("10:15", minutes=15)], {}, (0.25, False, 1, 1), id="a quarter of an hour is a quarter"),
        pytest.param([row("10:30")], {}, (1.0, True, 1, 1), id="a row across two hours counts where it starts"),
        pytest.param(
            [row("10:00", sensor="a")],
            TWO_DOORS,
            (0.5, False, 2, 1),
            id="one of two doors is half, and the street is not asked",
        ),
        pytest.param(
            [row("10:00", sensor="a"), row("10:00", sensor="b")], TWO_DOORS, (1.0, True, 2, 2), id="both doors are all"
        ),
        pytest.param(
            [row("10:00", sensor="a"), row("10:00", minutes=90, sensor="a")],
            TWO_DOORS,
            (0.5, False, 2, 2),
            id="one door never makes up for another",
        ),
        pytest.param(
            [row("10:00", sensor="a"), row("10:00", sensor="b")],
            {"sensors": [door("a", interval_minutes=15), door("b", active=False)]},
            (1.0, True, 4, 1),
            id="an inactive device is neither expected nor counted",
        ),
    ],
)
def test_completeness_is_minutes_complete_over_minutes(
    rows: list[dict[str, Any]], declared: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert covered(rows, **declared) == expected


def test_an_hour_that_has_not_ended_is_not_complete() -> None:
    assert covered([row("10:00")], as_of=utc("2026-07-18 10:59")) == (1.0, False, 1, 1)
    assert covered([row("10:00")], as_of=utc("2026-07-18 11:00")) == (1.0, True, 1, 1)


def test_nothing_is_expected_before_a_store_is_live() -> None:
    store = store_of(live_since="2026-07-19", day_starts_at="12:00")
    hours = coverage(raw(), hours_of(store), [store], LATER)
    assert (hours.height, hours["hour_start"].min()) == (12, utc("2026-07-19 00:00"))


def test_a_store_without_an_entrance_line_expects_nothing() -> None:
    store = store_of(sensors=[door("street", lines={1: {"role": "passers_by"}})])
    assert coverage(raw(row("10:00", sensor="street")), hours_of(store), [store], LATER).is_empty()
