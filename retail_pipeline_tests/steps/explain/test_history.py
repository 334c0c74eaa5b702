"""Figures that changed or never came: what they were, what changed them, and why there is none."""

import datetime as dt
from collections.abc import Iterator

import pytest
from rich.console import Console

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.explain.document import Explanation
from retail_pipeline.steps.explain.inputs import OFF
from retail_pipeline.terminal.explain_page import page
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.explain.conftest import WEEK, asking, derive
from retail_pipeline_tests.steps.played import HOUR, Played

LISBON = "Europe/Lisbon"
LINES = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}
FLEET: Fleet = fleet_of(shop("lisbon", door("lisbon-door", lines=LINES), timezone=LISBON))
NOW = utc("2024-11-22 18:02")
SOON = NOW + HOUR / 2
NOON = "2024-11-22T12:00"
FRIDAY = dt.date(2024, 11, 22)
NIGHT = utc("2024-11-23 00:32")
"""When Friday is over."""


@pytest.fixture
def played(database_url: str) -> Iterator[Played]:
    migrate(database_url)
    with running_simulator(FLEET, Scenario.model_validate({"seed": 5})) as simulator:
        yield Played(FLEET, simulator, Warehouse(database_url), database_url)


def shown(told: Explanation) -> str:
    console = Console(width=400)
    with console.capture() as captured:
        console.print(page(told))
    return captured.get()


def test_a_figure_that_a_later_reply_changed_shows_both_values_and_the_cause(played: Played) -> None:
    played.simulator.behave("lisbon-door", faults=[{"name": "swapped_lines"}])
    played.collect(NOW)
    derive(played, NOW, "first-run")
    before = asking(played, NOW)("lisbon", hour=NOON, metric="entries").figures[0]
    played.simulator.behave("lisbon-door", faults=[])
    played.collect(SOON)
    stale = asking(played, SOON)("lisbon", hour=NOON, metric="entries").figures[0]
    derive(played, SOON, "second-run")

    told = asking(played, SOON)("lisbon", hour=NOON, metric="entries")
    [figure] = told.figures
    assert before.value != figure.value
    assert (stale.value, stale.computed_again, stale.is_current) == (before.value, figure.value, False)
    assert stale.working == f"lisbon-door line 1 IN = {figure.value}"
    assert figure.is_current
    [was] = figure.earlier
    assert (was.value, was.became, was.run_id) == (str(before.value), str(figure.value), "second-run")
    [reply] = was.reply_ids
    assert reply == told.inputs[0].reply_id
    assert reply in {one.reply_id for one in told.replies}
    changed = f"reply {reply}: lisbon-door line1_in of 2024-11-22T12:00+00:00 {before.value} -> {figure.value}"
    assert was.cause.startswith(changed)
    assert {one.column for one in told.revised_counts} == {"line1_in", "line1_out"}
    text = shown(told)
    assert all(words in text for words in ("earlier values", str(before.value), str(figure.value), changed))


def test_a_line_that_was_declared_otherwise_is_a_cause(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW)
    fleet = fleet_of(
        shop("lisbon", door("lisbon-door", lines={1: {"role": "passers_by"}, 4: {"role": "entrance"}}), timezone=LISBON)
    )
    played.fleet = Played(fleet, played.simulator, played.warehouse, played.url).fleet
    played.collect(SOON)
    derive(played, SOON)

    [was] = asking(played, SOON)("lisbon", hour=NOON, metric="entries").figures[0].earlier
    assert was.cause == "line 1 of lisbon-door is declared passers_by; line 4 of lisbon-door is declared entrance"


def test_a_day_shows_what_it_was_too(played: Played) -> None:
    played.simulator.behave("lisbon-door", faults=[{"name": "swapped_lines"}])
    over = utc("2024-11-23 00:32")
    played.collect(over, hours=26)
    derive(played, over)
    played.simulator.behave("lisbon-door", faults=[])
    played.collect(over + HOUR, hours=26)
    derive(played, over + HOUR, "second-run")

    [figure] = asking(played, over + HOUR)("lisbon", day=dt.date(2024, 11, 22), metric="entries").figures
    [was] = figure.earlier
    assert (was.became, was.run_id) == (str(figure.value), "second-run")
    assert was.value != was.became
    assert "line1_in" in was.cause


def test_an_hour_that_never_came_says_why_and_an_hour_of_nobody_is_not_missing(played: Played) -> None:
    span = {"from": "2024-11-22T12:00:00Z", "until": "2024-11-22T13:00:00Z"}
    played.simulator.behave("lisbon-door", faults=[{"name": "non_numeric", **span}])
    played.collect(NOW)
    derive(played, NOW)

    told = asking(played, NOW)("lisbon", hour=NOON)
    [gap] = told.gaps
    assert (gap.state, gap.cause, gap.hour_start) == ("open", "malformed", utc("2024-11-22 12:00"))
    assert told.missing_because is not None
    assert told.missing_because.startswith("lisbon-door owes lines of 2024-11-22T12:00+00:00 (malformed)")
    assert {(one.value, one.missing_because) for one in told.figures} == {(None, told.missing_because)}
    assert told.missing_because in shown(told).replace("\n", " ")
    night = asking(played, NOW)("lisbon", hour="2024-11-22T03:00")
    assert [(one.value, one.missing_because) for one in night.figures if one.metric == "entries"] == [(0, None)]


def test_a_day_that_never_came_is_told_in_one_sentence(played: Played) -> None:
    played.simulator.behave("lisbon-door", faults=[{"name": "html_login"}])
    played.collect(utc("2024-11-23 00:32"), hours=26)

    told = asking(played, utc("2024-11-23 00:32"))("lisbon", day=dt.date(2024, 11, 22), metric="entries")
    assert len(told.gaps) == 24
    assert str(told.missing_because).startswith("lisbon-door owes lines of 24 hours from 2024-11-22T00:00+00:00 on (")
    assert str(told.missing_because).count("lisbon-door") == 1


def test_counts_that_wait_to_be_derived_and_hours_before_the_shop_are_told_apart(played: Played) -> None:
    played.collect(NOW - HOUR)
    derive(played, NOW - HOUR)
    played.collect(NOW)

    waiting = asking(played, NOW)("lisbon", hour="2024-11-22T17:00")
    assert waiting.missing_because is None or "not derived yet" in waiting.missing_because
    assert not all(one.is_current for one in waiting.figures)
    live = FLEET.stores[0].model_copy(update={"live_since": dt.date(2024, 11, 22)})
    played.fleet = FLEET.model_copy(update={"stores": (live,)})
    early = asking(played, NOW)("lisbon", hour="2024-11-21T21:00")
    assert early.missing_because is None or "went live on 2024-11-22" in early.missing_because


def test_zeros_of_a_device_without_power_are_shown_and_count_for_nothing(played: Played) -> None:
    night = utc("2024-11-23 00:32")
    for weeks in (2, 1):
        played.collect(night - weeks * WEEK, hours=26)
        derive(played, night - weeks * WEEK)
    dark = {"name": "power_off", "from": "2024-11-22T11:00:00Z", "until": "2024-11-22T18:00:00Z"}
    played.simulator.behave("lisbon-door", faults=[dark])
    played.collect(night, hours=26)
    derive(played, night)

    told = asking(played, night)("lisbon", hour=NOON, metric="entries")
    assert [(one.in_count, one.out_count, one.left_out) for one in told.inputs] == [(0, 0, OFF)]
    assert (told.figures[0].value, told.figures[0].is_current) == (None, True)
    assert [(one.cause, one.state) for one in told.gaps] == [("device_off", "lost")]
    assert told.estimate is not None
    assert OFF in shown(told)


def test_a_figure_whose_counts_and_replies_are_no_longer_kept_says_so_and_stands(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW, "first-run")
    value = asking(played, NOW)("lisbon", hour=NOON, metric="entries").figures[0].value
    tomorrow = NOW.date() + dt.timedelta(days=1)
    for table in ("device_replies", "raw_sensor_counts"):
        played.sql(f"DELETE FROM retail.{table}")
        played.sql(
            f"INSERT INTO retail.kept_since SELECT store_id, '{table}', organization_id, date '{tomorrow}',"
            f" timestamptz '{tomorrow} 00:00Z', now() FROM retail.stores"
        )

    told = asking(played, NOW)("lisbon", hour=NOON, metric="entries")
    [figure] = told.figures

    assert (figure.value, figure.computed_again, figure.is_current, figure.working) == (value, None, None, "")
    [said] = told.removed
    assert said == (
        "The rows that this was made from (raw_sensor_counts) are kept since 2024-11-23T00:00+00:00: the figures stand"
        " as they were derived, and can't be computed again."
    )
    assert said in shown(told)


def test_counts_whose_reply_is_no_longer_kept_are_shown_without_it(played: Played) -> None:
    played.collect(NOW)
    derive(played, NOW, "first-run")
    before = asking(played, NOW)("lisbon", hour=NOON, metric="entries")
    played.sql("DELETE FROM retail.device_replies")

    told = asking(played, NOW)("lisbon", hour=NOON, metric="entries")

    assert (told.figures, told.inputs) == (before.figures, before.inputs)
    assert told.removed == (f"{len(before.replies)} of {len(before.replies)} replies that this rests on were removed.",)


def test_a_day_whose_last_week_is_no_longer_kept_says_so_and_stands(played: Played) -> None:
    fridays(played, [])
    played.sql("DELETE FROM retail.raw_sensor_counts WHERE interval_start < '2024-11-20'")
    played.sql(
        "INSERT INTO retail.kept_since SELECT store_id, 'raw_sensor_counts', organization_id, date '2024-11-20',"
        " timestamptz '2024-11-20 00:00Z', now() FROM retail.stores"
    )

    told = asking(played, NIGHT)("lisbon", day=FRIDAY, metric="entries_last_week")
    [figure] = told.figures
    assert (figure.value is not None, figure.is_current, told.inputs) == (True, True, ())
    [said] = told.removed
    assert said.startswith("Days that this is compared with lie before the counts that are kept, since 2024-11-20T00:0")


def test_an_alert_whose_counts_are_withdrawn_stands_until_it_is_derived_again(database_url: str) -> None:
    migrate(database_url)
    lines = {
        1: {"role": "entrance", "from": "outside", "to": "hall"},
        3: {"role": "interior", "from": "hall", "to": "till"},
    }
    zones = {"hall": {"kind": "entrance", "name": "Hall"}, "till": {"kind": "queue", "name": "Till"}}
    allowed = {"queue_alert": {"length": 1, "minutes": 1}}
    fleet = fleet_of(shop("lisbon", door("lisbon-door", lines=lines), timezone=LISBON, zones=zones, **allowed))
    busy = Scenario.model_validate({"seed": 5, "stores": {"lisbon": {"visitors_a_day": 900}}})
    with running_simulator(fleet, busy) as simulator:
        shops = Played(fleet, simulator, Warehouse(database_url), database_url)
        shops.collect(NOW)
        derive(shops, NOW)
    [(hour, longest), *_] = shops.sql(
        "SELECT to_char(hour_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"'), queue_length_max"
        " FROM retail.queue_alerts ORDER BY hour_start"
    )
    asked = {"hour": hour, "zone": "till", "table": "queue_alerts"}
    before = asking(shops, NOW)("lisbon", **asked).figures[0]
    shops.sql(f"DELETE FROM retail.raw_sensor_counts WHERE interval_start = '{hour}'")

    after = asking(shops, NOW)("lisbon", **asked).figures[0]
    assert (before.value, before.is_current) == (longest, True)
    assert (after.value, after.computed_again, after.is_current) == (longest, None, False)


def at_noon(name: str, *days: int) -> list[dict[str, str]]:
    """A fault from twelve to one of these days of November."""
    return [{"name": name, "from": f"2024-11-{day}T12:00:00Z", "until": f"2024-11-{day}T13:00:00Z"} for day in days]


def fridays(played: Played, faults: list[dict[str, str]]) -> dt.datetime:
    """Four Fridays are collected and derived, the device behaving so; returns when the last of them is over."""
    played.simulator.behave("lisbon-door", faults=faults)
    for weeks in (3, 2, 1, 0):
        played.collect(NIGHT - weeks * WEEK, hours=26)
        derive(played, NIGHT - weeks * WEEK)
    return NIGHT


def again(played: Played, faults: list[dict[str, str]]) -> dt.datetime:
    """The last two Fridays are collected and derived again, the device behaving so; returns when."""
    played.simulator.behave("lisbon-door", faults=faults)
    for weeks in (1, 0):
        played.collect(NIGHT - weeks * WEEK + HOUR, hours=26)
    for weeks in (1, 0):
        derive(played, NIGHT - weeks * WEEK + HOUR, "second-run")
    return NIGHT + HOUR


def test_a_comparison_names_the_reply_that_changed_the_week_before(played: Played) -> None:
    first = asking(played, fridays(played, at_noon("swapped_lines", 15)))
    before = first("lisbon", hour=NOON, metric="index_vs_normal").figures[0]
    day_before = first("lisbon", day=FRIDAY, metric="entries_last_week").figures[0]
    second = asking(played, again(played, []))

    told = second("lisbon", hour=NOON, metric="index_vs_normal")
    [figure] = told.figures
    [was] = figure.earlier
    assert (float(str(was.value)), float(str(was.became))) == (before.value, figure.value)
    assert before.value != figure.value
    [reply] = was.reply_ids
    assert was.cause.startswith(f"reply {reply}: lisbon-door line1_in of 2024-11-15T12:00+00:00 ")
    assert reply in {one.reply_id for one in told.inputs} & {one.reply_id for one in told.replies}
    [of_day] = second("lisbon", day=FRIDAY, metric="entries_last_week").figures
    [day_was] = of_day.earlier
    assert (day_was.value, day_was.became) == (str(day_before.value), str(of_day.value))
    assert "line1_in of 2024-11-15T12:00+00:00" in day_was.cause


def test_an_estimate_shows_what_it_was_before_another_week_came(played: Played) -> None:
    first = asking(played, fridays(played, at_noon("non_numeric", 15, 22)))
    before = first("lisbon", hour=NOON, metric="entries_imputed").figures[0]

    [figure] = asking(played, again(played, at_noon("non_numeric", 22)))(
        "lisbon", hour=NOON, metric="entries_imputed"
    ).figures
    [was] = figure.earlier
    assert (float(str(was.value)), float(str(was.became))) == (before.value, figure.value)
    assert was.cause == "lisbon-door delivered 2024-11-15T12:00+00:00 late"
    assert (len(before.terms), len(figure.terms)) == (2, 3)


def test_an_estimate_that_a_measured_hour_replaced_is_remembered(played: Played) -> None:
    estimate = asking(played, fridays(played, at_noon("non_numeric", 15, 22)))("lisbon", hour=NOON).estimate
    assert estimate is not None

    told = asking(played, again(played, at_noon("non_numeric", 15)))("lisbon", hour=NOON)
    earlier = {one.metric: one.earlier for one in told.figures}
    [was] = earlier["entries_imputed"]
    assert (float(str(was.value)), was.became, told.estimate) == (estimate.entries, None, None)
    assert was.cause == "lisbon-door delivered 2024-11-22T12:00+00:00 late"
    assert [(one.value, one.became) for one in earlier["quality"]] == [("D", "B")]
    assert "earlier values" in shown(told)
