"""The night in which an hour comes twice, poll by poll: ledger, checks and day, for either kind of device."""

import datetime as dt

import pytest

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.simulator.scenario import RepeatedHour, Scenario
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import evaluate
from retail_pipeline.steps.recover import open_gaps, plan_recovery
from retail_pipeline.steps.summarise import summarise_days
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import HOUR, Played

CHECKS = [
    "raw_sensor_counts/overdue",
    *(
        f"{table}/{name}"
        for table in ("raw_sensor_counts", "regional_counts")
        for name in ("all_sensors_reported", "no_missing_intervals")
    ),
]
TWO_MINUTES = dt.timedelta(minutes=2, seconds=5)


def bar(timezone: str, day: dt.date) -> Fleet:
    """A bar that is open past midnight, from the day of the clock change on."""
    device = door("bar-door", reports=["lines", "regions"], regions={1: "hall"}, interval_minutes=30)
    hall = {"hall": {"kind": "shopping", "name": "Hall"}}
    hours = {"mon-sun": "18:00-04:00"}
    return fleet_of(shop("bar", device, timezone=timezone, opening_hours=hours, zones=hall, live_since=day))


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    migrate(database_url)
    return Warehouse(database_url)


def night(play: Played, first: dt.datetime, hours: int) -> None:
    """Polls as scheduled, the recovery sensor's look after each, and the checks: nothing is ever late or missing."""
    cursor = None
    for half in range(2 * hours):
        now = first + half * HOUR / 2 + TWO_MINUTES
        play.collect(now)
        if half % 2 == 0:
            play.collect(now, Report.REGIONS)
        cursor = open_gaps(play.fleet, play.warehouse, cursor, first, now)
        outcomes = evaluate(play.fleet, play.warehouse, CHECKS, now)
        assert [one.in_words() for one in outcomes.values() if not one.findings.is_empty()] == []
        due = plan_recovery(play.warehouse, now, stores_under_way=set(), runs=9, since=first, until=now)
        assert due == []


@pytest.mark.parametrize(
    ("timezone", "second_pass"),
    [("Europe/Lisbon", "2026-10-25 01:00"), ("America/St_Johns", "2026-11-01 04:30")],
)
@pytest.mark.parametrize("rows", list(RepeatedHour), ids=str)
def test_either_kind_of_device_is_whole_and_asked_for_nothing_twice(
    warehouse: Warehouse, database_url: str, timezone: str, second_pass: str, rows: RepeatedHour
) -> None:
    second = utc(second_pass)
    day = second.date()
    fleet = bar(timezone, day)
    scenario = Scenario.model_validate({"devices": {"bar-door": {"repeated_hour": rows}}})
    with running_simulator(fleet, scenario) as simulator:
        play = Played(fleet, simulator, warehouse, database_url)
        night(play, second.replace(minute=0) - 2 * HOUR, 6)

        ledger = play.sql("SELECT report, hour_start, cause, closed_as_lost_at IS NOT NULL FROM retail.collection_gaps")
        swallowed = [(report, second, "clock_change", True) for report in ("lines", "regions")]
        assert sorted(ledger) == (swallowed if rows is RepeatedHour.ONE_ROW else [])
        end = utc(f"{day} 00:00") + 30 * HOUR + TWO_MINUTES
        play.collect(end - 6 * HOUR)
        play.collect(end)
        hours = {"bar": [utc(f"{day} 00:00") + n * HOUR for n in range(30)]}
        derive_hours(play.fleet, warehouse, hours, end, "a-run")
        summarise_days(play.fleet, warehouse, {"bar": {day}}, end, "a-run", due_only=False, since=second - 9 * HOUR)
        summary = reads.daily(warehouse, ["bar"], day, day).row(0, named=True)
        found = simulator.truth("bar-door", summary["day_start"].isoformat(), summary["day_end"].isoformat())
        assert summary["entries"] == sum(row["line1_in"] for row in found)
        told = 25 if rows is RepeatedHour.TWO_ROWS else 24
        assert (summary["hours_expected"], summary["hours_reported"], summary["is_complete"]) == (25, told, True)
