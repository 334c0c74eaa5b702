"""What holds whatever the traffic."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import crossings, entrance_crossings, lines_frame
from retail_pipeline.frames.daily import daily_summaries
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline_tests.frames.rows import LATER, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of

FIRST, LAST = dt.date(2026, 10, 24), dt.date(2026, 10, 25)
LINES = {
    1: {"role": "entrance", "from": "outside", "to": "hall"},
    2: {"role": "interior", "from": "hall", "to": "till", "inverted": True},
    3: {"role": "entrance", "from": "outside", "to": "hall", "inverted": True},
    4: {"role": "passers_by"},
}
ZONES = {"hall": {"kind": "entrance", "name": "Hall"}, "till": {"kind": "queue", "name": "Till"}}


def shop_in(zone: str) -> Store:
    return store_of(timezone=zone, sensors=[door("d", lines=LINES), door("e", lines={1: LINES[1]})], zones=ZONES)


STORES = {zone: shop_in(zone) for zone in ("Europe/Lisbon", "Asia/Kathmandu", "America/New_York")}
HOURS = {zone: hours_of(store, FIRST, LAST) for zone, store in STORES.items()}
people = st.integers(0, 400)
reports = st.lists(
    st.tuples(
        st.integers(0, 47),
        st.sampled_from(["d", "e"]),
        st.fixed_dictionaries({line: st.tuples(people, people) for line in LINES}),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda report: report[:2],
)


@st.composite
def raw_days(draw: st.DrawFn) -> tuple[str, pl.DataFrame]:
    """A zone, and raw rows of two devices in some of the hours of two days."""
    zone = draw(st.sampled_from(sorted(STORES)))
    starts = HOURS[zone]["hour_start"]
    rows = [
        row(starts[hour], lines, sensor=sensor, is_complete=is_complete)
        for hour, sensor, lines, is_complete in draw(reports)
    ]
    return zone, raw(*rows)


def derived(zone: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    stores, hours = [STORES[zone]], HOURS[zone]
    hourly = hourly_analytics(rows, stores, hours, LATER)
    return hourly, daily_summaries(hourly, stores, hours, LATER), virtual_region_occupancy(rows, stores, hours)


@given(raw_days())
@settings(deadline=None, max_examples=60)
def test_nobody_is_lost_and_nobody_counts_twice(days: tuple[str, pl.DataFrame]) -> None:
    zone, rows = days
    hourly, daily, _ = derived(zone, rows)
    at_doors = entrance_crossings(crossings(rows, lines_frame([STORES[zone]])))
    counted = (at_doors["in_count"].sum(), at_doors["out_count"].sum())
    by_hand = (
        rows.filter(sensor_id="d").select(pl.col("line1_in").sum() + pl.col("line3_out").sum()).item()
        + rows.filter(sensor_id="e")["line1_in"].sum()
    )
    assert counted[0] == by_hand
    for frame in (hourly, daily):
        assert (frame["entries"].sum(), frame["exits"].sum()) == counted


@given(raw_days(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_rows_does_not_matter(days: tuple[str, pl.DataFrame], dice: object) -> None:
    zone, rows = days
    shuffled = rows.sample(fraction=1, shuffle=True, seed=dice.randrange(1 << 30))  # type: ignore[attr-defined]
    for frame, again in zip(derived(zone, rows), derived(zone, shuffled), strict=True):
        assert_frame_equal(frame, again)


@given(raw_days())
@settings(deadline=None, max_examples=30)
def test_deriving_twice_gives_the_same_rows(days: tuple[str, pl.DataFrame]) -> None:
    for frame, again in zip(derived(*days), derived(*days), strict=True):
        assert_frame_equal(frame, again, check_exact=True)


@given(raw_days(), st.integers(2, 7))
@settings(deadline=None, max_examples=30)
def test_more_people_scale_totals_and_leave_rates_alone(days: tuple[str, pl.DataFrame], factor: int) -> None:
    zone, rows = days
    one = derived(zone, rows)
    many = derived(zone, rows.with_columns(pl.col(LINE_COUNTS) * factor))
    counts = (
        "entries",
        "exits",
        "passers_by",
        "occupancy",
        "occupancy_end",
        "occupancy_max",
        "drift",
        "business_entries",
    )
    rates = ("capture_rate", "turn_in_ratio", "drift_share", "completeness", "peak_hour", "occupancy_max_at")
    for frame, scaled in zip(one, many, strict=True):
        grown = frame.with_columns(pl.col(name) * factor for name in counts if name in frame.columns)
        shown = [name for name in (*counts, *rates) if name in frame.columns]
        assert_frame_equal(scaled.select(shown), grown.select(shown))


@given(raw_days())
@settings(deadline=None, max_examples=30)
def test_occupancy_is_never_negative(days: tuple[str, pl.DataFrame]) -> None:
    hourly, daily, zones = derived(*days)
    columns = [
        zones["occupancy"],
        daily["occupancy_max"],
        *(hourly[f"occupancy_{what}"] for what in ("end", "max", "mean")),
    ]
    assert all((column >= 0).all() for column in columns)


@given(raw_days())
@settings(deadline=None, max_examples=30)
def test_a_day_alone_is_the_day_among_others(days: tuple[str, pl.DataFrame]) -> None:
    zone, rows = days
    stores, both = [STORES[zone]], HOURS[zone]
    hours = both.filter(trading_day=LAST)
    hourly = hourly_analytics(rows, stores, hours, LATER)
    together, _, _ = derived(zone, rows)
    assert_frame_equal(hourly, together.filter(trading_day=LAST))


@pytest.mark.parametrize("zone", sorted(STORES))
def test_adding_a_store_changes_no_other(zone: str) -> None:
    rows = [row(start, {1: (3, 1), 4: (9, 9)}, sensor="d") for start in HOURS[zone]["hour_start"]]
    alone = derived(zone, raw(*rows))[0]
    other = store_of(name="other", id="other", sensors=[door("o")])
    stores = [STORES[zone], other]
    both = hourly_analytics(
        raw(*rows, row("10:00", {1: (7, 7)}, sensor="o", store="other")), stores, hours_of(stores, FIRST, LAST), LATER
    )
    assert_frame_equal(both.filter(store_id="shop-1"), alone)
