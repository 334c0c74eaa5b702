"""One hour that a device could not tell, five Fridays long: a gap wherever anybody looks, and nowhere a dip.

The hour's row is refused (it holds no number), so the device delivered its neighbours and not it. Each place is asked
what it shows, and what it would show if absence had been taken for zero.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.quality import entries_as_usual
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.reports.page import day_page
from retail_pipeline.reports.pictures import entries_picture
from retail_pipeline.reports.wording import Wording
from retail_pipeline.steps.explain.answer import explain
from retail_pipeline.steps.explain.question import read_question
from retail_pipeline.steps.outlook import draw_heat_maps, plan_staffing
from retail_pipeline.steps.report import make_report
from retail_pipeline.steps.status import gather_status
from retail_pipeline.steps.status_report import HourState
from retail_pipeline.terminal.export import Format, export_table
from retail_pipeline.terminal.strips import hour_strip
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.reports.html import Page
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.explain.conftest import derive
from retail_pipeline_tests.steps.played import HOUR, Played

LINES = {1: {"role": "entrance", "from": "outside", "to": "hall"}, 4: {"role": "passers_by"}}
DOOR = door("lisbon-door", lines=LINES, reports=["lines"])
FLEET: Fleet = fleet_of(
    shop(
        "lisbon",
        DOOR,
        timezone="Europe/Lisbon",
        zones={"hall": {"kind": "entrance", "name": "Hall"}},
        entries_per_staff_hour=20,
    )
)
WEEK = dt.timedelta(weeks=1)
FRIDAY = dt.date(2024, 11, 22)
NOON = utc("2024-11-22 12:00")
NIGHT = utc("2024-11-23 00:32")
"""When each Friday is over: devices are asked once a week, a day at a time."""


@pytest.fixture(scope="module")
def played(postgres: PostgresHandle) -> Iterator[Played]:
    """Fridays: three before, the one with the gap, and one after."""
    scenario = Scenario.model_validate({"seed": 3, "stores": {"lisbon": {"visitors_a_day": 1500}}})
    with fresh_database(postgres) as url, running_simulator(FLEET, scenario) as simulator:
        migrate(url)
        shops = Played(FLEET, simulator, Warehouse(url), url)
        spoilt = {"name": "non_numeric", "from": NOON.isoformat(), "until": (NOON + HOUR).isoformat()}
        simulator.behave("lisbon-door", faults=[spoilt])
        for week in (-3, -2, -1, 0, 1):
            shops.collect(NIGHT + week * WEEK, hours=26)
            derive(shops, NIGHT + week * WEEK)
        yield shops


@pytest.fixture(scope="module")
def noons(played: Played) -> list[int | None]:
    """Entries from twelve to one of the five Fridays."""
    hours = [NOON + week * WEEK for week in (-3, -2, -1, 0, 1)]
    rows = reads.hourly(played.warehouse, ["lisbon"], hours[0], hours[-1] + HOUR)
    entries: dict[dt.datetime, int | None] = dict(rows.select("hour_start", "entries").iter_rows())
    return [entries.get(hour) for hour in hours]


def median(*people: int | None) -> float:
    return float(pl.Series(list(people)).median())  # type: ignore[arg-type]


def hour_of(played: Played, at: dt.datetime) -> dict[str, Any]:
    return reads.hourly(played.warehouse, ["lisbon"], at, at + HOUR).row(0, named=True)


def test_the_hour_s_row_holds_an_estimate_and_no_measurement(played: Played, noons: list[int | None]) -> None:
    row = hour_of(played, NOON)

    assert noons[3] is None
    assert all(people is not None and people > 60 for people in (*noons[:3], noons[4]))
    assert (row["completeness"], row["is_complete"], row["quality"]) == (0.0, False, "D")
    assert row["entries_imputed"] == median(*noons[:3])
    told = (
        "exits",
        "passers_by",
        "capture_rate",
        "occupancy_end",
        "occupancy_mean",
        "dwell_minutes",
        "index_vs_normal",
    )
    assert {row[name] for name in told} == {None}


def test_the_view_for_readers_has_the_gap_and_beside_it_the_estimate(played: Played, noons: list[int | None]) -> None:
    at = f"store_id = 'lisbon' AND hour_start = '{NOON.isoformat()}'"
    rows = played.sql(f"SELECT entries, entries_best, is_complete, quality FROM retail.store_hours WHERE {at}")

    assert rows == [(None, median(*noons[:3]), False, "D")]


def test_the_zone_s_hour_has_no_row(played: Played) -> None:
    rows = reads.zone_hours(played.warehouse, ["lisbon"], NOON - HOUR, NOON + 2 * HOUR)

    assert rows["hour_start"].to_list() == [NOON - HOUR, NOON + HOUR]


def test_the_day_is_not_complete_and_counts_an_hour_less(played: Played) -> None:
    day = reads.daily(played.warehouse, ["lisbon"], FRIDAY, FRIDAY).row(0, named=True)

    assert (day["hours_expected"], day["hours_reported"], day["quality"], day["is_complete"]) == (24, 23, "C", False)
    assert day["completeness"] == 23 / 24
    open_hours = reads.hourly(played.warehouse, ["lisbon"], utc("2024-11-22 10:00"), utc("2024-11-22 20:00"))
    measured = open_hours.drop_nulls("entries")["entries"]
    assert (measured.len(), day["average_hourly_entries"]) == (9, measured.sum() / 9)


def test_the_report_shows_a_cross_and_says_gap(played: Played) -> None:
    report = make_report(played.fleet, played.warehouse, "lisbon", FRIDAY, NIGHT)

    assert report is not None
    noon = next(hour for hour in report.hours if hour.hour_start == NOON)
    assert (noon.is_gap, noon.entries, noon.cause) == (True, None, "malformed")
    picture = entries_picture(report, Wording("en"))
    assert "12:00 gap" in picture.told
    assert picture.picture.count(">×<") == 1
    bars = picture.picture.count('aria-roledescription="bar"')
    assert bars == 9 + 1  # one of them dashed: the estimate
    text = day_page(report)
    assert '<tr class="gap"><th scope="row">12:00</th><td>gap' in text
    assert any("12:00" in one and "not complete" in one for one in Page(text).texts)


def test_the_heat_map_is_the_mean_of_the_hours_that_were_measured(played: Played, noons: list[int | None]) -> None:
    draw_heat_maps(played.fleet, played.warehouse, NIGHT, "a-run")
    of_noon = "weekday = 5 AND local_hour = 12"
    rows = played.sql(f"SELECT zone, entries, hours FROM retail.heat_maps WHERE {of_noon} ORDER BY zone DESC")

    mean = sum(people for people in noons[:3] if people is not None) / 3
    assert rows == [("hall", pytest.approx(mean), 3), ("*", pytest.approx(mean), 3)]


def test_staff_is_planned_by_the_hours_that_were_measured(played: Played, noons: list[int | None]) -> None:
    plan_staffing(played.fleet, played.warehouse, NIGHT, "a-run")
    next_friday = FRIDAY + WEEK
    of_noon = f"local_date = '{next_friday}' AND local_hour = 12"
    rows = played.sql(f"SELECT expected_entries FROM retail.staffing_hours WHERE {of_noon}")

    assert rows == [(median(*noons[:3]),)]


def test_the_monitor_s_strip_has_a_cross_among_full_bars(played: Played) -> None:
    # A device remembers more than the pipeline knew: as if it had been running all day.
    played.sql("UPDATE retail.sensors SET valid_from = '2024-11-01'")
    [store] = gather_status(played.fleet, played.warehouse, [], NIGHT).stores

    states = {hour.hour_start: hour.state for hour in store.hours}
    assert [at for at, state in states.items() if state is HourState.MISSING] == [NOON]
    strip = str(hour_strip(store.hours, is_unicode=True))
    assert strip == "".join("×" if at == NOON else "█" for at in states)


def test_an_export_leaves_the_cell_empty(played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_DATABASE_URL", played.url)
    file = tmp_path / "hours.csv"
    span = {"first": NOON, "end": NOON + HOUR, "store_ids": ["lisbon"]}
    assert export_table("hourly_analytics", **span, file_format=Format.CSV, out=file) == 0

    with file.open(newline="") as text:
        [row] = csv.DictReader(text)
    assert (row["entries"], row["exits"], row["occupancy_mean"], row["quality"]) == ("", "", "", "D")
    assert float(row["entries_imputed"]) > 0


def test_explaining_it_names_the_gap_its_cause_and_the_estimate(played: Played, noons: list[int | None]) -> None:
    asked = read_question(played.fleet, "lisbon", NOON.isoformat(), None, None, None)
    told = explain(asked, played.warehouse, NIGHT)

    assert [(gap.sensor_id, gap.cause, gap.state) for gap in told.gaps if gap.hour_start == NOON] == [
        ("lisbon-door", "malformed", "open")
    ]
    [entries] = [one for one in told.figures if one.metric == "entries"]
    assert entries.value is None
    assert "lisbon-door owes lines of 2024-11-22T12:00+00:00 (malformed)" in str(entries.missing_because)
    assert told.estimate is not None
    assert told.estimate.entries == median(*noons[:3])
    assert sorted(one.value for one in told.estimate.made_from) == sorted(noons[:3])  # type: ignore[type-var]
    assert told.quality_because == "D: not measured, an estimate stands in, 0% measured; lisbon-door malformed (open)"


def test_weeks_after_are_compared_with_the_hours_that_were_measured(played: Played, noons: list[int | None]) -> None:
    later = hour_of(played, NOON + WEEK)

    assert later["entries"] == noons[4]
    assert later["index_vs_normal"] == noons[4] / median(*noons[:3])  # type: ignore[operator]
    as_a_dip = median(*noons[:3], 0)
    assert later["index_vs_normal"] != noons[4] / as_a_dip  # type: ignore[operator]


def test_no_alarm_is_raised_for_it_though_nobody_would_be_far_from_usual(played: Played) -> None:
    hourly = reads.hourly(played.warehouse, ["lisbon"], NOON, NOON + HOUR)
    past = reads.hourly(played.warehouse, ["lisbon"], NOON - 4 * WEEK, NOON)
    as_a_dip = hourly.with_columns(pl.lit(0, pl.Int64).alias("entries"), pl.lit(value=True).alias("is_complete"))

    assert entries_as_usual(hourly, past, played.fleet.stores).is_empty()
    assert not entries_as_usual(as_a_dip, past, played.fleet.stores).is_empty()
