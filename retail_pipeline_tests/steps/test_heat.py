"""The devices' own heat over time: asked for where the fleet file says so, kept as told, owed for a week."""

import datetime as dt
from collections.abc import Iterator

import polars as pl
import pytest

from retail_pipeline.devices.parse import parse_replies
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.recover import open_gaps, plan_recovery, recovered_hours
from retail_pipeline.steps.replay import Replay, replay_counts
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.devices.replies import reply_of
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import HOUR, Played

NOW = utc("2026-11-18 18:32")
BAD = utc("2026-11-18 12:00")
QUARTER = HOUR / 4
DAY = NOW - dt.timedelta(hours=24, minutes=32), NOW
NO_NUMBER = "a cell is no number, or the row has more or fewer cells than the header"
HEAT_HEADER = "StartTime,EndTime,Value(s)"


def shops() -> Fleet:
    """One device tells its heat, the other is not asked to."""
    warm = door("warm-door", reports=["lines", "heat"])
    return fleet_of(shop("warm", warm, timezone="America/New_York"), shop("cold", door("cold-door")))


@pytest.fixture
def played(database_url: str) -> Iterator[Played]:
    migrate(database_url)
    with running_simulator(shops(), Scenario()) as simulator:
        yield Played(shops(), simulator, Warehouse(database_url), database_url)


def heat(played: Played) -> pl.DataFrame:
    return reads.device_heat(played.warehouse, played.fleet.store_ids, *DAY)


def gaps(played: Played, condition: str) -> list[tuple[object, ...]]:
    return played.sql(
        "SELECT sensor_id, hour_start, cause, recovered_at IS NOT NULL FROM retail.collection_gaps"
        f" WHERE report = 'heat' AND {condition} ORDER BY 1, 2"
    )


def asked_for_heat(played: Played) -> list[str]:
    return [one["sensor_id"] for one in played.simulator.asked()["requests"] if one["dw"] == "heatmapcsv"]


def test_a_device_is_asked_for_heat_only_where_the_fleet_file_says_so(played: Played) -> None:
    played.collect(NOW, Report.HEAT)
    with played.warehouse.transaction() as connection:
        sync_fleet(connection, played.fleet, NOW)
    open_gaps(played.fleet, played.warehouse, None, DAY[0], NOW + HOUR)

    assert asked_for_heat(played) == ["warm-door"]
    assert heat(played)["sensor_id"].unique().to_list() == ["warm-door"]
    assert played.sql("SELECT DISTINCT report FROM retail.collection_gaps WHERE sensor_id = 'cold-door'") == [
        ("lines",)
    ]


def test_values_are_kept_as_told_in_quarters_of_which_the_end_is_not_a_part(played: Played) -> None:
    played.collect(NOW, Report.HEAT)

    rows = heat(played).sort("interval_start")
    assert (rows["interval_end"] - rows["interval_start"]).unique().to_list() == [QUARTER]
    assert (rows["interval_start"].diff().drop_nulls()).unique().to_list() == [QUARTER]
    assert rows.filter(~pl.col("is_complete"))["interval_start"].to_list() == [utc("2026-11-18 18:30")]
    store = played.fleet.store("warm")
    truth = played.simulator.port.truth
    told = dict(rows.filter("is_complete").select("interval_start", "value").rows())
    seen = {start: truth.people(store.sensors[0], store, Span(start, start + QUARTER)) for start in told}
    assert told == {start: sum(map(sum, people.lines)) for start, people in seen.items()}
    assert sum(told.values()) > 0


def test_a_damaged_row_is_refused_alone_and_its_hour_is_owed_until_it_comes(played: Played) -> None:
    strike = {"name": "non_numeric", "from": f"{BAD + HOUR / 2}", "until": f"{BAD + HOUR / 2 + QUARTER / 2}"}
    played.simulator.behave("warm-door", faults=[strike])
    played.collect(NOW, Report.HEAT)

    assert played.sql("SELECT report, row, reason FROM retail.rejected_rows") == [
        ("heat", "2026-11-18 07:30:00,2026-11-18 07:45:00,n/a", NO_NUMBER)
    ]
    kept = heat(played).filter(pl.col("interval_start").is_between(BAD, BAD + HOUR, closed="left"))
    assert kept["interval_start"].to_list() == [BAD, BAD + QUARTER, BAD + 3 * QUARTER]
    assert gaps(played, "TRUE") == [("warm-door", BAD, "malformed", False)]

    played.simulator.behave("warm-door", faults=[])
    [recovery] = plan_recovery(
        played.warehouse, NOW + HOUR, stores_under_way=set(), runs=9, since=DAY[0], until=NOW + HOUR
    )
    assert [recovered_hours(report) for report in recovery.reports] == ["regional_counts"]
    played.collect(NOW + HOUR / 4, Report.HEAT)
    assert gaps(played, "TRUE") == [("warm-door", BAD, "malformed", True)]


def test_heat_that_did_not_come_is_owed_for_a_week_and_counts_for_as_long_as_they_are_remembered(
    played: Played,
) -> None:
    played.simulator.behave("warm-door", faults=["refused"])
    for report in (Report.LINES, Report.HEAT):
        played.collect(NOW, report, hours=3)
    asked = played.sql("SELECT DISTINCT report, deadline - hour_start FROM retail.collection_gaps ORDER BY 1, 2")
    played.sql("DELETE FROM retail.collection_gaps")
    open_gaps(played.fleet, played.warehouse, None, NOW - dt.timedelta(days=9), NOW)
    missed = played.sql(
        "SELECT report, max(deadline - hour_start), min(hour_start) FROM retail.collection_gaps"
        " WHERE sensor_id = 'warm-door' GROUP BY 1 ORDER BY 1"
    )

    days = dt.timedelta(days=1)
    assert asked == [("heat", 7 * days + HOUR), ("lines", 30 * days + HOUR)]
    assert [(report, lasts) for report, lasts, _ in missed] == [("heat", 7 * days + HOUR), ("lines", 30 * days + HOUR)]
    assert missed[0][2] == utc("2026-11-11 19:00")  # the hour before is forgotten before anybody could ask
    assert missed[1][2] < utc("2026-11-10 00:00")


def test_a_replay_gives_the_heat_again(played: Played) -> None:
    played.collect(NOW, Report.HEAT)
    before = heat(played)
    played.sql("UPDATE retail.device_heat SET value = value + 1")

    replay = Replay(("warm", "cold"), (Report.HEAT,), *DAY)
    done = replay_counts(played.fleet, played.warehouse, replay, NOW, lambda _: None)

    assert done[Report.HEAT].replies == 1
    assert heat(played).equals(before)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("-1", "a figure is negative"),
        ("2147483648", "a figure is above 2,147,483,647"),
        ("12.5", NO_NUMBER),
        ("", NO_NUMBER),
    ],
)
def test_a_value_that_cannot_be_is_refused(value: str, reason: str) -> None:
    rows = [f"2025-07-22 10:00:00,2025-07-22 10:15:00,{value}", "2025-07-22 10:15:00,2025-07-22 10:30:00,2147483647"]
    batch = parse_replies([reply_of("\n".join([HEAT_HEADER, *rows]), report=Report.HEAT)])

    assert batch.rows.select("interval_start", "interval_end", "value").rows() == [
        (utc("2025-07-22 10:15"), utc("2025-07-22 10:30"), 2**31 - 1)
    ]
    assert batch.rejected.select("report", "row_number", "reason").rows() == [("heat", 1, reason)]


def test_heat_of_an_hour_to_come_is_refused() -> None:
    row = "2025-07-22 10:00:00,2025-07-22 10:15:00,5"
    batch = parse_replies([reply_of(f"{HEAT_HEADER}\n{row}\n", utc("2025-07-22 09:00"), report=Report.HEAT)])

    assert batch.rejected["reason"].to_list() == ["it holds heat of the future: the device's clock is wrong"]
