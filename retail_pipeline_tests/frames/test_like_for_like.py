"""Stores against themselves, on the weekdays that both weeks measured whole; who cannot be compared says why."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.frames.like_for_like import like_for_like
from retail_pipeline.frames.schemas import DAILY_SUMMARIES

SUNDAY = dt.date(2026, 11, 22)
Day = tuple[str, int, int | None, float, float]
"""Store, days before Sunday, entries, completeness, open hours."""


def daily(*days: Day) -> pl.DataFrame:
    rows = [
        {
            "store_id": store,
            "trading_day": SUNDAY - dt.timedelta(days=ago),
            "entries": entries,
            "completeness": completeness,
            "open_hours": open_hours,
        }
        for store, ago, entries, completeness, open_hours in days
    ]
    return pl.DataFrame(rows, schema=DAILY_SUMMARIES)


def whole(store: str, ago: int, entries: int | None) -> Day:
    return (store, ago, entries, 1.0, 10.0)


def compared(*days: Day) -> dict[str, tuple[object, ...]]:
    rows = like_for_like(daily(*days), SUNDAY)
    return {row[0]: row[1:] for row in rows.rows()}


def test_sums_of_the_same_weekdays_are_compared_and_the_best_comes_first() -> None:
    found = compared(
        *(whole("grown", ago, 20) for ago in range(7)),
        *(whole("grown", ago, 10) for ago in range(7, 14)),
        *(whole("fallen", ago, 9) for ago in range(7)),
        *(whole("fallen", ago, 10) for ago in range(7, 14)),
    )
    assert list(found) == ["grown", "fallen"]
    assert found["grown"] == (7, 140, 70, 1.0, 1, None)
    assert found["fallen"] == (7, 63, 70, pytest.approx(-0.1), 2, None)


@pytest.mark.parametrize(
    "gap",
    [
        pytest.param(("shop", 2, 3, 0.99, 10.0), id="a gap this week"),
        pytest.param(("shop", 9, 3, 0.99, 10.0), id="a gap in the week before"),
        pytest.param(("shop", 2, 3, 1.0, 0.0), id="closed this week"),
        pytest.param(("shop", 9, 3, 1.0, 0.0), id="closed in the week before"),
        pytest.param(("shop", 2, None, 1.0, 10.0), id="entries unknown"),
    ],
)
def test_a_weekday_with_a_gap_or_closed_doors_is_left_out_of_both_weeks(gap: Day) -> None:
    others = [whole("shop", ago, 10 if ago >= 7 else 12) for ago in range(14) if ago % 7 != 2]
    other = whole("shop", 9 if gap[1] == 2 else 2, 1_000)
    assert compared(gap, other, *others)["shop"] == (6, 72, 60, pytest.approx(0.2), 1, None)


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        pytest.param([("shop", 1, 10, 0.5, 10.0), whole("shop", 8, 10)], "not_measured", id="no whole day this week"),
        pytest.param([whole("shop", 1, 10)], "not_measured_before", id="a new store"),
        pytest.param([whole("shop", 1, 10), whole("shop", 9, 10)], "no_pair", id="other weekdays"),
        pytest.param([whole("shop", 1, 10), whole("shop", 8, 0)], "nobody", id="nobody came before"),
        pytest.param([whole("shop", 20, 10)], "not_measured", id="older than both weeks"),
    ],
)
def test_a_store_that_cannot_be_compared_says_why_and_has_no_figures(days: list[Day], reason: str) -> None:
    assert compared(*days)["shop"] == (None, None, None, None, None, reason)


def test_stores_that_changed_alike_share_a_place_and_the_next_place_is_free() -> None:
    days = [(name, now) for name, now in (("a", 12), ("b", 12), ("c", 11), ("new", None))]
    found = compared(*(whole(name, 0, now or 1) for name, now in days), *(whole(n, 7, 10) for n in "abc"))
    assert [(name, row[4]) for name, row in found.items()] == [("a", 1), ("b", 1), ("c", 3), ("new", None)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.integers(0, 13),
            st.integers(0, 50),
            st.sampled_from([0.5, 1.0]),
            st.sampled_from([0.0, 9.0]),
        ),
        unique_by=lambda one: one[:2],
    )
)
def test_figures_are_those_of_a_plain_recomputation(days: list[Day]) -> None:
    found = compared(*days)
    for store in {one[0] for one in days}:
        whole_days = {
            ago: entries for name, ago, entries, share, hours in days if name == store and share == 1 and hours
        }
        pairs = [(whole_days[ago], whole_days[ago + 7]) for ago in range(7) if {ago, ago + 7} <= set(whole_days)]
        now, before = (sum(side) for side in zip(*pairs, strict=True)) if pairs else (0, 0)
        count, entries, entries_before, change, _, reason = found[store]
        if reason is None:
            assert (count, entries, entries_before) == (len(pairs), now, before)
            assert change == pytest.approx((now - before) / before)
        else:
            assert not before
