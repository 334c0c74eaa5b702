"""Zones of the demo's shops, from their devices over HTTP to the tables and views: what stands there adds up."""

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.schemas import BY_ZONE
from retail_pipeline.local.demo import demo_fleet, demo_scenario_path
from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.local.simulator.scenario import load_scenario
from retail_pipeline.steps.derive import Derived, derive_hours
from retail_pipeline.steps.recover import open_gaps, plan_recovery, recovered_hours
from retail_pipeline.warehouse import judge, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import utc
from retail_pipeline_tests.steps.played import HOUR, Played

NOW = utc("2026-11-20 23:32")
"""A Friday night: the late shop, open from 18:00 to 02:00, is full."""
HOURS = [utc("2026-11-20 00:00") + n * HOUR for n in range(24)]
LATE, STREET = "lisbon-02", "lisbon-01"
OPEN_REPORTS = (
    "SELECT DISTINCT report FROM retail.collection_gaps WHERE store_id = 'lisbon-01' AND recovered_at IS NULL"
)


def demo_shops() -> Fleet:
    """The two invented shops of the demo, their devices without a secret."""
    fleet = demo_fleet()
    shops = [fleet.store(name) for name in (STREET, LATE)]
    open_doors = [
        shop.model_copy(update={"sensors": tuple(one.model_copy(update={"credential": None}) for one in shop.sensors)})
        for shop in shops
    ]
    return fleet.model_copy(update={"stores": tuple(open_doors)})


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(demo_shops(), load_scenario(demo_scenario_path())) as running:
        yield running


@pytest.fixture
def played(simulator: RunningSimulator, database_url: str) -> Played:
    migrate(database_url)
    return Played(demo_shops(), simulator, Warehouse(database_url), database_url)


def derive(played: Played, now: dt.datetime = NOW) -> Derived:
    derived = derive_hours(played.fleet, played.warehouse, dict.fromkeys(played.fleet.store_ids, HOURS), now, "a-run")
    assert derived.failed == {}
    return derived


def table(played: Played, name: str, store_id: str) -> pl.DataFrame:
    return getattr(reads, name)(played.warehouse, [store_id], HOURS[0], NOW)


def test_zones_of_a_night_out_of_two_devices_add_up(played: Played) -> None:
    played.collect(NOW)
    derive(played)

    hours, flows = table(played, "zone_hours", LATE), table(played, "zone_flows", LATE)
    store = reads.hourly(played.warehouse, [LATE], HOURS[0], NOW)
    busy = hours.filter(pl.col("local_hour") >= 18)
    assert busy.height == 6 * 4
    assert busy["entries"].sum() > 100
    assert set(hours["occupancy_source"]) == {"lines"}
    gained = (
        hours.group_by("hour_start").agg((pl.col("entries") - pl.col("exits")).sum().cast(pl.Int64)).sort("hour_start")
    )
    assert gained.rows() == store.select("hour_start", "net_flow").sort("hour_start").rows()
    into = flows.group_by(pl.col("to_area").alias("zone"), "hour_start").agg(pl.col("people").sum())
    assert hours.join(into, on=["zone", "hour_start"]).filter(pl.col("people") != pl.col("entries")).is_empty()
    assert flows.filter(from_area="outside")["people"].sum() == store["entries"].sum()


def test_stays_of_the_device_stand_beside_the_lines_and_estimate_what_lines_cannot_tell(played: Played) -> None:
    played.collect(NOW)
    played.collect(NOW, Report.REGIONS)
    derive(played)

    hours = table(played, "zone_hours", STREET).filter(local_hour=18)
    told = {row["zone"]: row for row in hours.rows(named=True)}
    [reported] = played.counts(Report.REGIONS).filter(interval_start=utc("2026-11-20 18:00")).rows(named=True)
    assert [told[zone]["stays"] for zone in ("entrance", "shopping", "queue", "premium")] == [
        reported[f"region{n}"] for n in (1, 2, 3, 4)
    ]
    assert {zone: row["occupancy_source"] for zone, row in told.items()} == {
        "entrance": "lines",
        "shopping": "lines",
        "queue": "lines",
        "premium": "estimated",
    }
    assert told["premium"]["occupancy_mean"] == pytest.approx(reported["region4"] * 2.5 / 60)


def test_the_same_counts_derived_twice_write_nothing(played: Played) -> None:
    played.collect(NOW)
    first = derive(played)
    written = played.sql("SELECT count(*), max(run_id) FROM retail.zone_hours")
    again = derive_hours(
        played.fleet, played.warehouse, dict.fromkeys(played.fleet.store_ids, HOURS[:1]), NOW, "another-run"
    )

    assert set(first.by_zone) == set(BY_ZONE)
    assert {one.also_changed == {} for one in again.by_zone.values()} == {True}
    assert played.sql("SELECT count(*), max(run_id) FROM retail.zone_hours") == written
    assert judge.stale_hours(played.warehouse, HOURS[0]).is_empty()


def test_stays_that_arrive_later_are_due_and_change_only_zones(played: Played) -> None:
    played.collect(NOW)
    derive(played)
    played.collect(NOW, Report.REGIONS)

    due = judge.stale_hours(played.warehouse, HOURS[0])
    assert (set(due["table_name"]), set(due["store_id"])) == ({"zone_hours"}, {STREET})
    again = derive(played)
    assert judge.stale_hours(played.warehouse, HOURS[0]).is_empty()
    assert again.zones.also_changed == again.hours.also_changed == {}


def test_long_stays_are_what_the_device_saw_last_longer_and_make_engagement(played: Played) -> None:
    played.collect(NOW)
    played.collect(NOW, Report.REGIONS)
    derive(played)
    played.collect(NOW + dt.timedelta(minutes=1), Report.LONG_STAYS)

    due = judge.stale_hours(played.warehouse, HOURS[0])
    assert (set(due["table_name"]), set(due["store_id"])) == ({"zone_hours"}, {STREET})
    derive(played)
    assert judge.stale_hours(played.warehouse, HOURS[0]).is_empty()
    six = utc("2026-11-20 18:00")
    told = {row["zone"]: row for row in table(played, "zone_hours", STREET).filter(hour_start=six).rows(named=True)}
    device = played.simulator.port.devices[f"{STREET}-door"]
    # Its clock is 20 s ahead: what it calls six o'clock began 20 s earlier.
    hour = Span(six - dt.timedelta(seconds=20), six + HOUR - dt.timedelta(seconds=20))
    longer, every = (
        played.simulator.port.truth.people(device.device, device.store, hour, length).regions for length in (60, 0)
    )
    zones = ("entrance", "shopping", "queue", "premium")
    assert [told[zone]["long_stays"] for zone in zones] == list(longer)
    assert 0 < sum(longer) < sum(every)
    assert [told[zone]["engagement"] for zone in zones] == [
        few / all_ if all_ else None for few, all_ in zip(longer, every, strict=True)
    ]


def test_an_hour_of_long_stays_that_no_poll_brought_is_missed_and_asked_for_again(played: Played) -> None:
    with played.warehouse.transaction() as connection:
        sync_fleet(connection, played.fleet, NOW)
    open_gaps(played.fleet, played.warehouse, None, HOURS[0], NOW)
    missed = played.sql(
        "SELECT report, count(*) FROM retail.collection_gaps WHERE store_id = 'lisbon-01' GROUP BY 1 ORDER BY 1"
    )
    [recovery] = [
        one
        for one in plan_recovery(played.warehouse, NOW, stores_under_way=set(), runs=9, since=HOURS[0], until=NOW)
        if one.store_id == STREET
    ]

    assert missed == [("lines", 22), ("long_stays", 22), ("regions", 22)]
    assert {recovered_hours(report) for report in recovery.reports} == {"raw_sensor_counts", "regional_counts"}
    played.collect(NOW, Report.LONG_STAYS)
    assert {str(report) for (report,) in played.sql(OPEN_REPORTS)} == {"lines", "regions"}


def test_a_queue_that_passes_its_limit_is_told_while_it_stands(played: Played) -> None:
    played.collect(NOW)
    patient = played.fleet.store(LATE)
    impatient = patient.model_copy(update={"queue_alert": patient.queue_alert.model_copy(update={"length": 1})})
    played.fleet = Fleet.model_copy(played.fleet, update={"stores": (played.fleet.store(STREET), impatient)})
    derive(played)

    alerts, hours = table(played, "queue_alerts", LATE), table(played, "zone_hours", LATE)
    longer = hours.filter(pl.col("queue_length_max") > 1)
    assert not longer.is_empty()
    assert set(longer["hour_start"]) <= set(alerts["hour_start"])
    assert alerts.filter(pl.col("queue_length_max") > 1)["threshold"].str.starts_with("length: 1").all()


def test_each_poll_leaves_a_snapshot_and_the_newest_is_what_is_shown(played: Played) -> None:
    polls = [NOW - HOUR / 6, NOW]
    for now in polls:
        played.collect(now)
        derive(played, now)

    inside = played.sql(
        "SELECT zone, observed_at, occupancy, is_provisional FROM retail.zone_occupancy_snapshots"
        f" WHERE store_id = '{LATE}' ORDER BY zone, observed_at"
    )
    by_zone = {zone: list(rows) for zone, rows in itertools.groupby(inside, key=lambda row: row[0])}
    assert set(by_zone) == {"", "entrance", "shopping", "queue", "premium"}
    assert {zone: [at for _, at, *_ in rows] for zone, rows in by_zone.items()} == dict.fromkeys(by_zone, polls)
    assert all(is_provisional for *_, is_provisional in inside)
    [hour] = reads.hourly(played.warehouse, [LATE], HOURS[-1], NOW).rows(named=True)
    assert by_zone[""][-1][2] == hour["occupancy_end"]


def current(played: Played) -> dict[str | None, dict[str, Any]]:
    """`current_occupancy` of the late shop by zone, with the snapshots moved to these minutes."""
    played.sql("UPDATE retail.zone_occupancy_snapshots SET observed_at = now() - interval '12 minutes'")
    frame = pl.read_database_uri(
        f"SELECT * FROM retail.current_occupancy WHERE store_id = '{LATE}'", played.url, engine="adbc"
    )
    return {row["zone"]: row for row in frame.rows(named=True)}


def test_what_is_inside_now_says_how_old_it_is_and_how_full_the_store(played: Played) -> None:
    played.collect(NOW)
    derive(played)
    told = current(played)

    assert set(told) == {None, "entrance", "shopping", "queue", "premium"}
    whole = told[None]
    assert whole["age_minutes"] == pytest.approx(12, abs=1)
    assert whole["capacity_use"] == pytest.approx(whole["occupancy"] / 90)
    assert (told["queue"]["zone_name"], told["queue"]["zone_kind"], told["queue"]["capacity"]) == (
        "Checkout",
        "queue",
        None,
    )
    assert {row["source"] for row in told.values()} == {"lines"}


def test_how_far_people_come_is_told_of_the_whole_store(played: Played) -> None:
    played.collect(NOW)
    derive(played)
    frame = pl.read_database_uri("SELECT * FROM retail.store_journeys", played.url, engine="adbc")
    told = frame.filter(store_id=LATE, local_hour=20).row(0, named=True)
    zones = {row["zone"]: row for row in table(played, "zone_hours", LATE).filter(local_hour=20).rows(named=True)}
    [store] = reads.hourly(played.warehouse, [LATE], utc("2026-11-20 20:00"), utc("2026-11-20 21:00")).rows(named=True)

    assert told["checkout_reach"] == pytest.approx(zones["queue"]["entries"] / store["entries"])
    assert told["premium_draw_rate"] == pytest.approx(zones["premium"]["entries"] / store["entries"])
    assert told["browse_share"] == pytest.approx(zones["shopping"]["occupancy_mean"] / store["occupancy_mean"])
    assert told["capacity_use"] == pytest.approx(store["occupancy_max"] / 90)
    assert told["is_complete"] is True
    # The window of the other shop is bounded by no line: nothing is told of it, and nothing is made up.
    assert frame.filter(store_id=STREET)["premium_draw_rate"].null_count() == frame.filter(store_id=STREET).height
