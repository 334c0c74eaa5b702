"""Intervals of a quarter of an hour: a zone in one, the heat that a device told in one, and why there is none."""

import datetime as dt
from collections.abc import Iterator

import pytest
from rich.console import Console

from retail_pipeline.fleet.models import Report
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.explain.document import Explanation
from retail_pipeline.terminal.explain_page import page
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.explain.conftest import asking, derive
from retail_pipeline_tests.steps.explain.test_recomputed import replies_of
from retail_pipeline_tests.steps.played import HOUR, Played

LINES = {
    1: {"role": "entrance", "from": "outside", "to": "hall"},
    3: {"role": "interior", "from": "hall", "to": "till", "inverted": True},
}
ZONES = {
    "hall": {"kind": "entrance", "name": "Hall"},
    "till": {"kind": "queue", "name": "Till"},
    "booth": {"kind": "premium", "name": "Booth"},
}
FLEET = fleet_of(
    shop(
        "lisbon",
        door("lisbon-door", lines=LINES, interval_minutes=15, reports=["lines", "heat"]),
        timezone="Europe/Lisbon",
        zones=ZONES,
    )
)
NOW = utc("2024-11-22 18:32")
QUARTER = utc("2024-11-22 12:15"), utc("2024-11-22 12:30")
ASKED = "2024-11-22T12:20"


@pytest.fixture
def played(database_url: str) -> Iterator[Played]:
    migrate(database_url)
    busy = Scenario.model_validate({"seed": 5, "stores": {"lisbon": {"visitors_a_day": 900}}})
    with running_simulator(FLEET, busy) as simulator:
        yield Played(FLEET, simulator, Warehouse(database_url), database_url)


def shown(told: Explanation) -> str:
    console = Console(width=400)
    with console.capture() as captured:
        console.print(page(told))
    return captured.get()


def strike(name: str) -> list[dict[str, str]]:
    return [{"name": name, "from": f"{QUARTER[0]}", "until": f"{QUARTER[0] + HOUR / 8}"}]


def test_a_zone_in_the_interval_that_holds_a_moment_with_the_line_that_feeds_it(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW)
    told = asking(played, NOW)("lisbon", interval=ASKED, zone="till")
    figures = {one.metric: one for one in told.figures}

    replies, own = replies_of(played, told), [one for one in told.inputs if one.interval_start == QUARTER[0]]
    [line] = [one for one in own if one.number == 3]
    into, out = replies.said[line.reply_id, line.interval_start, "lines", 3]
    assert ((told.start, told.end), told.period, told.zone) == (QUARTER, "interval", "till")
    assert (figures["entries"].value, figures["exits"].value) == (out, into)
    assert figures["entries"].working == f"lisbon-door line 3 OUT (inverted) = {out}"
    assert [one.is_current for one in told.figures] == [True, True, True]
    assert "Friday 2024-11-22, 12:15 to 12:30 WET" in shown(told)


def test_an_interval_that_a_later_reply_changed_shows_what_it_was_and_what_waits(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW, "first-run")
    played.simulator.behave("lisbon-door", faults=["swapped_lines"])
    played.collect(NOW + HOUR / 2)
    waits = asking(played, NOW + HOUR / 2)("lisbon", interval=ASKED, zone="hall", metric="entries").figures[0]
    derive(played, NOW + HOUR / 2, "second-run")

    [figure] = asking(played, NOW + HOUR / 2)("lisbon", interval=ASKED, zone="hall", metric="entries").figures
    assert (waits.is_current, waits.computed_again) == (False, figure.value)
    [was] = figure.earlier
    assert (was.value, was.became, was.run_id) == (str(waits.value), str(figure.value), "second-run")
    assert "line1_in of 2024-11-22T12:15+00:00" in was.cause


def test_an_interval_without_a_row_says_why(played: Played) -> None:
    played.simulator.behave("lisbon-door", faults=strike("non_numeric"))
    played.collect(NOW)
    waiting = asking(played, NOW)("lisbon", interval="2024-11-22T13:20", zone="till")
    derive(played, NOW)
    ask = asking(played, NOW)

    assert (waiting.start, waiting.end) == (utc("2024-11-22 13:15"), utc("2024-11-22 13:30"))
    assert "not derived yet" in str(waiting.missing_because)
    broken = ask("lisbon", interval=ASKED, zone="till")
    assert (broken.start, broken.end) == QUARTER
    assert [(one.hour_start, one.cause) for one in broken.gaps] == [(utc("2024-11-22 12:00"), "malformed")]
    assert str(broken.missing_because).startswith("lisbon-door owes lines of 2024-11-22T12:00+00:00 (malformed)")
    nowhere = ask("lisbon", interval=ASKED, zone="booth")
    assert nowhere.missing_because == "No counted line bounds booth: nothing can tell its figures."
    whole_day = ask("lisbon", day=dt.date(2024, 11, 22), zone="booth").missing_because
    assert (
        whole_day == "No counted line bounds booth, and no device reports it as a region: nothing can tell its figures."
    )


def test_heat_is_what_the_device_told_in_the_reply_that_is_named(played: Played) -> None:
    played.collect(NOW)
    played.collect(NOW, Report.HEAT)
    derive(played, NOW)
    told = asking(played, NOW)("lisbon", interval=ASKED, device="lisbon-door")

    [figure], [row], [reply] = told.figures, told.inputs, told.replies
    [said] = replies_of(played, told).said[row.reply_id, QUARTER[0], "heat", 1]
    assert (figure.metric, figure.value, row.heat, reply.report) == ("value", said, said, "heat")
    assert figure.working == f"told by lisbon-door in reply {reply.reply_id} = {said:,}"
    assert ((told.start, told.end), told.device, told.is_complete) == (QUARTER, "lisbon-door", True)
    assert (figure.computed_again, figure.is_current, told.run_id) == (None, None, None)
    text = shown(told)
    assert all(words in text for words in ("device lisbon-door", figure.working, str(reply.sha256)))


def test_heat_that_was_told_otherwise_before_names_the_reply_that_changed_it(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW)
    played.collect(NOW, Report.HEAT)
    played.sql(f"UPDATE retail.device_heat SET value = value + 7 WHERE interval_start = '{QUARTER[0]}'")
    before = asking(played, NOW)("lisbon", interval=ASKED, device="lisbon-door").figures[0].value
    played.collect(NOW + HOUR / 2, Report.HEAT)

    told = asking(played, NOW + HOUR / 2)("lisbon", interval=ASKED, device="lisbon-door")
    [was], [revised] = told.figures[0].earlier, told.revised_counts
    assert (was.value, was.became) == (str(before), str(told.figures[0].value)) == (revised.value, revised.became)
    assert was.reply_ids == (told.inputs[0].reply_id,)
    assert was.cause.startswith(
        f"reply {told.inputs[0].reply_id}: lisbon-door value of 2024-11-22T12:15+00:00 {before}"
    )


def test_heat_that_there_is_not_says_why(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW)
    never = asking(played, NOW)("lisbon", interval=ASKED, device="lisbon-door")
    assert str(never.missing_because).startswith("lisbon-door told no heat of it, and the ledger holds no gap")
    played.simulator.behave("lisbon-door", faults=strike("non_numeric"))
    played.collect(NOW, Report.HEAT)

    told = asking(played, NOW)("lisbon", interval=ASKED, device="lisbon-door")
    assert [(one.report, one.hour_start) for one in told.gaps] == [("heat", utc("2024-11-22 12:00"))]
    assert str(told.missing_because).startswith("lisbon-door owes heat of 2024-11-22T12:00+00:00 (malformed)")
    assert asking(played, NOW)("lisbon", interval=ASKED, zone="till").gaps == ()


def test_an_interval_whose_rows_are_no_longer_kept_says_so(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW)
    for table in ("raw_sensor_counts", "virtual_region_occupancy"):
        played.sql(f"DELETE FROM retail.{table}")
    played.sql(
        "INSERT INTO retail.kept_since SELECT store_id, 'raw_sensor_counts', organization_id, date '2024-11-23',"
        " timestamptz '2024-11-23 00:00Z', now() FROM retail.stores"
    )

    told = asking(played, NOW)("lisbon", interval=ASKED, zone="till")
    assert told.missing_because == "Rows of virtual_region_occupancy are kept since 2024-11-23T00:00+00:00."
