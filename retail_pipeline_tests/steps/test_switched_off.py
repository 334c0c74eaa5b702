"""A device without power answers later with zeros: they are a gap, closed at birth, and come back when people do."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.recover import open_gaps, plan_recovery
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import gaps, judge, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import HOUR, Played

DAY = dt.date(2026, 11, 18)
WEEK = dt.timedelta(weeks=1)
MIDNIGHT = utc(f"{DAY} 00:00")
NOW = utc(f"{DAY} 16:32")
OFF = [utc(f"{DAY} {hour}:00") for hour in (12, 13, 14, 15)]
LINES = {1: {"role": "entrance", "from": "outside", "to": "hall"}, 4: {"role": "passers_by"}}
FLEET = fleet_of(
    shop(
        "shop-1",
        door("door", lines=LINES),
        zones={"hall": {"kind": "entrance", "name": "Hall"}},
        opening_hours={"mon-sun": "10:00-20:00"},
    )
)
LINES_AT_THE_STREET = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}
POWER_OFF = {"name": "power_off", "from": OFF[0].isoformat(), "until": (OFF[-1] + HOUR).isoformat()}


@pytest.fixture
def play(database_url: str) -> Iterator[Played]:
    migrate(database_url)
    scenario = Scenario.model_validate({"stores": {"shop-1": {"visitors_a_day": 900}}})
    with running_simulator(FLEET, scenario) as simulator:
        simulator.behave("door", faults=[POWER_OFF])
        yield Played(FLEET, simulator, Warehouse(database_url), database_url)


def derive(play: Played, day_start: dt.datetime, now: dt.datetime = NOW) -> None:
    hours = {"shop-1": [day_start + n * HOUR for n in range(24)]}
    derive_hours(play.fleet, play.warehouse, hours, now, "a-run")


def weeks_before(play: Played, *weeks: int) -> None:
    for week in weeks:
        play.collect(MIDNIGHT + 24 * HOUR + HOUR / 12 - week * WEEK)


def ledger(play: Played) -> list[tuple[Any, ...]]:
    return play.sql(
        "SELECT hour_start, closed_as_lost_at IS NOT NULL, recovered_at IS NOT NULL FROM retail.collection_gaps"
        " WHERE cause = 'device_off' AND report = 'lines' ORDER BY hour_start"
    )


def hours_of(play: Played) -> dict[int, tuple[int | None, float]]:
    rows = reads.hourly(play.warehouse, ["shop-1"], OFF[0] - HOUR, OFF[-1] + 2 * HOUR)
    return {hour.hour: figures for hour, *figures in rows.select("hour_start", "entries", "completeness").iter_rows()}


def zone_hours(play: Played) -> set[int]:
    return set(reads.zones(play.warehouse, ["shop-1"], OFF[0], OFF[-1] + 2 * HOUR)["interval_start"].dt.hour())


def test_busy_hours_of_nobody_are_gaps_that_nobody_asks_for(play: Played) -> None:
    weeks_before(play, 4, 3, 2, 1)
    play.collect(NOW)
    derive(play, MIDNIGHT)

    assert ledger(play) == [(hour, True, False) for hour in OFF]
    figures = hours_of(play)
    assert [figures[hour] for hour in (12, 13, 14, 15)] == [[None, 0.0]] * 4
    assert figures[11][0] > 0
    assert figures[11][1] == 1.0
    assert zone_hours(play) == {16}
    zeros = play.counts().filter((play.counts()["interval_start"]).is_in(OFF))
    assert zeros.height == 4
    assert zeros.select(LINE_COUNTS).sum_horizontal().sum() == 0

    again = NOW + HOUR / 2
    play.collect(again)
    open_gaps(play.fleet, play.warehouse, None, MIDNIGHT, again + HOUR)
    derive(play, MIDNIGHT, again)

    assert ledger(play) == [(hour, True, False) for hour in OFF]
    assert gaps.open_gaps(play.warehouse).filter(hour_start=OFF[0]).is_empty()
    asked_again = {"stores_under_way": set(), "runs": 9, "since": OFF[0], "until": again}
    assert plan_recovery(play.warehouse, again + HOUR, **asked_again) == []
    assert judge.stale_hours(play.warehouse, OFF[0]).is_empty()


def test_stays_of_a_device_without_power_are_a_gap_too(database_url: str) -> None:
    migrate(database_url)
    window = {"hall": {"kind": "premium", "name": "Window", "typical_stay_minutes": 2}}
    regions = {"lines": LINES_AT_THE_STREET, "reports": ["lines", "regions", "long_stays"], "regions": {1: "hall"}}
    fleet = fleet_of(shop("shop-1", door("door", **regions), zones=window, opening_hours={"mon-sun": "10:00-20:00"}))
    scenario = Scenario.model_validate({"stores": {"shop-1": {"visitors_a_day": 900}}})
    with running_simulator(fleet, scenario) as simulator:
        simulator.behave("door", faults=[POWER_OFF])
        play = Played(fleet, simulator, Warehouse(database_url), database_url)
        weeks_before(play, 4, 3, 2, 1)
        for report in (Report.LINES, Report.REGIONS, Report.LONG_STAYS):
            play.collect(NOW, report)
    derive(play, MIDNIGHT)

    stays = dict(play.sql("SELECT extract(hour FROM hour_start)::int, stays FROM retail.zone_hours"))
    assert [hour for hour in range(10, 16) if hour not in stays] == [12, 13, 14, 15]
    assert all(stays[hour] for hour in (10, 11))
    assert play.sql("SELECT sum(region1) FROM retail.regional_counts WHERE interval_start >= '2026-11-18 12:00Z'") != [
        (None,)
    ]
    assert judge.stale_hours(play.warehouse, MIDNIGHT).is_empty()


def test_people_that_come_after_all_make_it_a_measured_hour_again(play: Played) -> None:
    weeks_before(play, 2, 1)
    play.collect(NOW)
    derive(play, MIDNIGHT)
    assert len(ledger(play)) == 4

    play.simulator.behave("door", faults=[])
    play.collect(NOW + HOUR)
    derive(play, MIDNIGHT, NOW + HOUR)

    assert ledger(play) == [(hour, False, True) for hour in OFF]
    assert all(entries > 0 and completeness == 1 for entries, completeness in hours_of(play).values())
    assert zone_hours(play) == {12, 13, 14, 15, 16}


def test_weeks_that_are_collected_later_make_the_verdict_and_the_day_s_summary(play: Played) -> None:
    evening = MIDNIGHT + 25 * HOUR
    play.collect(evening)
    derive(play, MIDNIGHT, evening)
    summarise_days(play.fleet, play.warehouse, {"shop-1": {DAY}}, evening, "a-run", due_only=False, since=MIDNIGHT)
    assert ledger(play) == []
    assert hours_of(play)[12] == [0, 1.0]
    later = evening + HOUR
    weeks_before(play, 2)
    derive(play, MIDNIGHT - 2 * WEEK, later)
    assert ledger(play) == []
    assert ("shop-1", DAY) not in due_days(play.fleet, play.warehouse, MIDNIGHT, later, ended_only=True)

    play.sql(f"UPDATE retail.raw_sensor_counts SET collected_at = '{evening}' WHERE interval_start > '{MIDNIGHT}'")
    weeks_before(play, 1)
    play.sql(f"UPDATE retail.raw_sensor_counts SET collected_at = '{later}' WHERE interval_start < '{MIDNIGHT}'")
    derive(play, MIDNIGHT - WEEK, later)

    assert ledger(play) == [(hour, True, False) for hour in OFF]
    assert ("shop-1", DAY) in due_days(play.fleet, play.warehouse, MIDNIGHT, later, ended_only=True)
    [day] = summarise_days(
        play.fleet, play.warehouse, {"shop-1": {DAY}}, later, "a-run", due_only=True, since=MIDNIGHT
    ).days
    assert day == ("shop-1", DAY)
    summary = reads.daily(play.warehouse, ["shop-1"], DAY, DAY).row(0, named=True)
    assert (summary["hours_reported"], summary["completeness"]) == (18, 0.75)  # midnight lies outside of the reply
