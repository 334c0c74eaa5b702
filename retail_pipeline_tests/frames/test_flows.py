import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.flows import zone_flows
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.schemas import REGIONAL_COUNTS
from retail_pipeline.frames.zone_hours import zone_hours
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline.local.demo import demo_fleet
from retail_pipeline_tests.frames.rows import LATER, hours_of, raw, row
from retail_pipeline_tests.frames.zone_shop import LINES, flows_of, zone_shop
from retail_pipeline_tests.shops import door

FIRST, LAST = dt.date(2026, 10, 24), dt.date(2026, 10, 25)
LATE_SHOP = demo_fleet().store("lisbon-02")
LATE_HOURS = hours_of(LATE_SHOP, FIRST, LAST)


def ways(flows: pl.DataFrame) -> dict[tuple[str, str], int]:
    return {(one, other): people for one, other, people in flows.select("from_area", "to_area", "people").iter_rows()}


def test_in_of_a_door_goes_from_to_and_out_goes_back() -> None:
    flows = flows_of(zone_shop(), row("10:00", {1: (20, 4), 2: (12, 2)}, sensor="d"))
    assert ways(flows) == {
        ("outside", "hall"): 20,
        ("hall", "outside"): 4,
        ("hall", "floor"): 12,
        ("floor", "hall"): 2,
        **dict.fromkeys([("floor", "till"), ("till", "floor"), ("floor", "window")], 0),
        ("window", "floor"): 0,
    }


def test_doors_between_the_same_areas_are_added_whichever_way_they_were_drawn() -> None:
    turned = {1: {"role": "interior", "from": "floor", "to": "hall"}}
    store = zone_shop(sensors=[door("d", lines=LINES), door("e", lines=turned)])
    flows = flows_of(store, row("10:00", {2: (5, 1)}, sensor="d"), row("10:00", {1: (2, 3)}, sensor="e"))
    assert (ways(flows)["hall", "floor"], ways(flows)["floor", "hall"]) == (8, 3)


def test_an_inverted_line_goes_the_other_way() -> None:
    store = zone_shop(sensors=[door("d", lines=LINES | {2: LINES[2] | {"inverted": True}})])
    assert ways(flows_of(store, row("10:00", {2: (5, 1)}, sensor="d")))["floor", "hall"] == 5


@pytest.mark.parametrize(
    ("rows", "complete"),
    [
        pytest.param([row("10:00", sensor="d"), row("10:00", sensor="e")], True, id="both devices, the whole hour"),
        pytest.param([row("10:00", sensor="d")], False, id="one device is silent"),
        pytest.param([row("10:00", sensor="d"), row("10:00", sensor="e", minutes=30)], False, id="half an hour"),
        pytest.param(
            [row("10:00", sensor="d"), row("10:00", sensor="e", is_complete=False)], False, id="still counting"
        ),
    ],
)
def test_a_way_is_complete_when_all_its_doors_are(rows: list[dict[str, object]], *, complete: bool) -> None:
    store = zone_shop(sensors=[door("d", lines=LINES), door("e", lines={1: LINES[1]})])
    outer = flows_of(store, *rows).filter(from_area="outside", to_area="hall")
    assert outer["is_complete"].to_list() == [complete]


def test_an_hour_that_nobody_reported_has_no_row() -> None:
    flows = flows_of(zone_shop(), row("10:00", sensor="d"), row("12:00", sensor="d"))
    assert flows["local_hour"].unique().sort().to_list() == [10, 12]


def test_an_entrance_that_leads_to_no_declared_zone_goes_nowhere() -> None:
    store = zone_shop(sensors=[door("d", lines={1: {"role": "entrance"}})], zones={})
    assert flows_of(store, row("10:00", {1: (5, 5)}, sensor="d")).is_empty()


people = st.integers(0, 300)
late_days = st.lists(
    st.tuples(
        st.integers(0, LATE_HOURS.height - 1),
        st.sampled_from(["lisbon-02-door", "lisbon-02-inside"]),
        st.fixed_dictionaries({line: st.tuples(people, people) for line in (1, 2, 3, 4)}),
        st.booleans(),
    ),
    max_size=40,
    unique_by=lambda report: report[:2],
).map(
    lambda reports: raw(
        *(
            row(LATE_HOURS["hour_start"][hour], lines, sensor=sensor, store="lisbon-02", is_complete=done)
            for hour, sensor, lines, done in reports
        )
    )
)


def by_zone(counts: pl.DataFrame, store: Store = LATE_SHOP) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """`zone_hours`, `zone_flows` and `hourly_analytics` of two days of the demo's late shop, the second of 25 hours."""
    zones = virtual_region_occupancy(counts, [store], LATE_HOURS)
    flows, hourly = (
        zone_flows(counts, [store], LATE_HOURS),
        hourly_analytics(counts, [store], LATE_HOURS, LATER),
    )
    stays = pl.DataFrame(schema=REGIONAL_COUNTS)
    return zone_hours(zones, flows, stays, hourly, [store], LATE_HOURS), flows, hourly


@settings(max_examples=20, deadline=None)
@given(late_days)
def test_flows_into_and_out_of_a_zone_add_up_to_its_entries_and_exits(counts: pl.DataFrame) -> None:
    hours, flows, _ = by_zone(counts)
    key = ["zone", "hour_start"]
    into = flows.group_by(pl.col("to_area").alias("zone"), "hour_start").agg(pl.col("people").sum().alias("into"))
    out = flows.group_by(pl.col("from_area").alias("zone"), "hour_start").agg(pl.col("people").sum().alias("out"))
    joined = hours.join(into, on=key, how="left").join(out, on=key, how="left")
    assert joined.filter((pl.col("entries") != pl.col("into")) | (pl.col("exits") != pl.col("out"))).is_empty()
    assert joined["into"].null_count() == 0


@settings(max_examples=20, deadline=None)
@given(late_days)
def test_what_four_closed_zones_gain_is_what_came_through_the_door(counts: pl.DataFrame) -> None:
    hours, _, hourly = by_zone(counts)
    gained = hours.group_by("hour_start").agg((pl.col("entries") - pl.col("exits")).sum().alias("gained"))
    told = gained.join(hourly, on="hour_start").drop_nulls("net_flow")
    assert told["gained"].to_list() == told["net_flow"].to_list()


@settings(max_examples=10, deadline=None)
@given(late_days, st.randoms())
def test_the_order_of_arrival_does_not_matter(counts: pl.DataFrame, random: object) -> None:
    shuffled = counts.sample(fraction=1, shuffle=True, seed=random.randrange(1000))  # type: ignore[attr-defined]
    for one, other in zip(by_zone(counts), by_zone(shuffled), strict=True):
        assert_frame_equal(one, other)


@settings(max_examples=20, deadline=None)
@given(late_days)
def test_whatever_the_traffic_figures_stay_in_their_ranges(counts: pl.DataFrame) -> None:
    hours, _, _ = by_zone(counts)
    figures = ("occupancy_mean", "occupancy_max", "occupancy_mean_corrected", "draw_rate", "dwell_minutes")
    assert all((hours[name].drop_nulls() >= 0).all() for name in (*figures, "wait_minutes", "pass_on_rate"))
    waits = hours.filter(zone_kind="queue")
    assert (waits["wait_valid"] == waits["wait_minutes"].is_not_null()).all()
