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
from retail_pipeline.frames.known_hours import known_hours
from retail_pipeline.frames.metrics import metrics_of
from retail_pipeline.frames.schemas import HOUR_HISTORY, LINE_COUNTS, conform
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


def weeks_before(zone: str) -> pl.DataFrame:
    """Three known weeks before both days, busier by the hour; some hours of them are missing."""
    local = pl.col("local_hour").cast(pl.Int64)
    weeks = [
        HOURS[zone]
        .filter((local + week) % 5 > 0)
        .with_columns(
            *(pl.col(name) - dt.timedelta(weeks=week) for name in ("hour_start", "local_date", "trading_day")),
            (local * (week + 3)).alias("entries"),
            (local * 4).alias("exits"),
        )
        for week in (1, 2, 3)
    ]
    return conform(pl.concat(weeks), HOUR_HISTORY)


PAST = {zone: weeks_before(zone) for zone in STORES}


def derived(zone: str, rows: pl.DataFrame, factor: int = 1) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    stores, hours = [STORES[zone]], HOURS[zone]
    past = PAST[zone].with_columns(pl.col("entries", "exits") * factor)
    hourly = hourly_analytics(rows, stores, hours, LATER, past=past)
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
    many = derived(zone, rows.with_columns(pl.col(LINE_COUNTS) * factor), factor)
    counts = (
        "entries",
        "exits",
        "passers_by",
        "occupancy",
        "occupancy_end",
        "occupancy_max",
        "drift",
        "business_entries",
        "occupancy_mean_corrected",
        "entries_imputed",
        "exits_imputed",
    )
    rates = (
        *("capture_rate", "turn_in_ratio", "drift_share", "completeness", "peak_hour", "occupancy_max_at"),
        *("traffic_share", "index_vs_normal", "imputation_wape", "quality", "power_hours", "imputed_share"),
    )
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
@settings(deadline=None, max_examples=60)
def test_every_figure_lies_in_the_range_of_its_definition(days: tuple[str, pl.DataFrame]) -> None:
    hourly, daily, zones = derived(*days)
    tables = {"hourly_analytics": hourly, "daily_summaries": daily, "virtual_region_occupancy": zones}
    outside = [
        (table, name, figure)
        for table, frame in tables.items()
        for name, metric in metrics_of(table).items()
        for figure in frame[name].drop_nulls()
        if isinstance(figure, int | float | str) and not metric.holds(figure)
    ]
    assert outside == []
    never_null = [metric.name for metric in metrics_of("hourly_analytics").values() if metric.null is None]
    assert hourly.select(never_null).null_count().sum_horizontal().to_list() in ([0], [])


@given(raw_days())
@settings(deadline=None, max_examples=30)
def test_shares_of_a_day_add_up_and_estimates_stand_only_where_something_is_missing(
    days: tuple[str, pl.DataFrame],
) -> None:
    hourly, daily, _ = derived(*days)
    shares = hourly.group_by("trading_day").agg(pl.col("traffic_share").sum(), pl.col("entries").sum())
    assert all(share == pytest.approx(1) for share in shares.filter(pl.col("entries") > 0)["traffic_share"])
    estimated = hourly.drop_nulls("entries_imputed")
    assert not estimated["is_complete"].any()
    assert (estimated["business_share"] > 0).all()
    assert estimated.filter(pl.col("entries").is_null() & (pl.col("completeness") > 0)).is_empty()
    told = set(daily.filter(pl.col("imputed_share") > 0)["trading_day"])
    assert told <= set(estimated["trading_day"])


@given(raw_days())
@settings(deadline=None, max_examples=30)
def test_a_day_alone_is_the_day_among_others(days: tuple[str, pl.DataFrame]) -> None:
    zone, rows = days
    stores, both = [STORES[zone]], HOURS[zone]
    hours = both.filter(trading_day=LAST)
    together, _, _ = derived(zone, rows)
    past = known_hours(together.filter(trading_day=FIRST), PAST[zone])
    hourly = hourly_analytics(rows, stores, hours, LATER, past=past)
    assert_frame_equal(hourly, together.filter(trading_day=LAST))


@pytest.mark.parametrize("zone", sorted(STORES))
def test_adding_a_store_changes_no_other(zone: str) -> None:
    rows = [row(start, {1: (3, 1), 4: (9, 9)}, sensor="d") for start in HOURS[zone]["hour_start"]]
    alone = derived(zone, raw(*rows))[0]
    other = store_of(name="other", id="other", sensors=[door("o")])
    stores = [STORES[zone], other]
    other_rows = row("10:00", {1: (7, 7)}, sensor="o", store="other")
    hours = hours_of(stores, FIRST, LAST)
    both = hourly_analytics(raw(*rows, other_rows), stores, hours, LATER, past=PAST[zone])
    assert_frame_equal(both.filter(store_id="shop-1"), alone)
