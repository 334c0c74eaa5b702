"""Missed hours become runs: contiguous, limited, cut from the side that is asked first."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.steps.recover import HOUR, contiguous
from retail_pipeline_tests.shops import utc

NOON = utc("2026-07-18 12:00")


def hours(*offsets: int) -> list[dt.datetime]:
    return [NOON + offset * HOUR for offset in offsets]


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        pytest.param([], [], id="nothing missed, nothing asked"),
        pytest.param([3], [(3, 3)], id="a single hour"),
        pytest.param([0, 1, 2, 4, 5], [(0, 2), (4, 5)], id="an hour that is there parts two runs"),
        pytest.param([2, 0, 1, 1], [(0, 2)], id="order and repetition do not matter"),
        pytest.param(range(5), [(0, 2), (3, 4)], id="no run is longer than allowed"),
    ],
)
def test_contiguous_hours_share_a_run(offsets, expected) -> None:
    assert contiguous(hours(*offsets), 3) == [tuple(hours(*pair)) for pair in expected]


def test_newest_first_cuts_from_the_newest_side() -> None:
    assert contiguous(hours(*range(5)), 3, newest_first=True) == [tuple(hours(2, 4)), tuple(hours(0, 1))]


@given(st.sets(st.integers(0, 200)), st.integers(1, 50), st.booleans())
def test_every_missed_hour_is_asked_for_once_and_no_other(offsets, longest, newest_first) -> None:
    stretches = contiguous(hours(*offsets), longest, newest_first=newest_first)

    asked = [first + n * HOUR for first, last in stretches for n in range(int((last - first) / HOUR) + 1)]
    assert sorted(asked) == sorted(hours(*offsets))
    assert all((last - first) / HOUR < longest for first, last in stretches)
