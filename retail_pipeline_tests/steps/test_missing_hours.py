"""An hour that nobody measured: a gap everywhere, an estimate beside it, and the figures themselves once they come."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.derive import Derived, derive_hours
from retail_pipeline.steps.health import evaluate
from retail_pipeline.steps.recover import open_gaps
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import judge
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import HOUR, Played

DAY = dt.date(2026, 11, 18)
WEEK = dt.timedelta(weeks=1)
MIDNIGHT = utc(f"{DAY} 00:00")
NEXT_DAY = MIDNIGHT + 24 * HOUR
NOW = NEXT_DAY + HOUR / 12
TEN = MIDNIGHT + 10 * HOUR
OUTAGE = [TEN, TEN + HOUR]
FLEET = fleet_of(shop("shop-1", door("door"), opening_hours={"mon-sun": "09:00-20:00"}))


@pytest.fixture
def play(database_url: str) -> Iterator[Played]:
    """Three whole weeks' Wednesdays, and one that lacks two hours and knows it."""
    migrate(database_url)
    scenario = Scenario.model_validate({"stores": {"shop-1": {"visitors_a_day": 900}}})
    with running_simulator(FLEET, scenario) as simulator:
        played = Played(FLEET, simulator, Warehouse(database_url), database_url)
        for week in (3, 2, 1):
            played.collect(NOW - week * WEEK)
            derive(played, DAY - week * WEEK, NOW - week * WEEK)
        played.collect(NOW - HOUR)  # a reply holds 24 hours: by now midnight's would be gone
        played.collect(NOW)
        played.sql(f"DELETE FROM retail.raw_sensor_counts WHERE interval_start IN ('{OUTAGE[0]}', '{OUTAGE[1]}')")
        open_gaps(played.fleet, played.warehouse, None, MIDNIGHT, NOW + HOUR)
        yield played


def derive(play: Played, day: dt.date, now: dt.datetime) -> Derived:
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return derive_hours(play.fleet, play.warehouse, {"shop-1": [start + n * HOUR for n in range(24)]}, now, "a-run")


def tick(play: Played, now: dt.datetime, *days: dt.date) -> None:
    """What five past does: of the days, those that are due."""
    summarise_days(
        play.fleet, play.warehouse, {"shop-1": set(days)}, now, "a-run", due_only=True, since=MIDNIGHT - 4 * WEEK
    )


def hours(play: Played, columns: str, *starts: dt.datetime) -> list[tuple[Any, ...]]:
    told = ", ".join(f"'{start}'" for start in starts)
    return play.sql(f"SELECT {columns} FROM retail.store_hours WHERE hour_start IN ({told}) ORDER BY hour_start")


def day(play: Played, columns: str, trading_day: dt.date = DAY) -> tuple[Any, ...]:
    [row] = play.sql(f"SELECT {columns} FROM retail.store_days WHERE trading_day = '{trading_day}'")
    return row


def median_of_weeks_before(play: Played, start: dt.datetime) -> int:
    past = hours(play, "entries", *(start - week * WEEK for week in (1, 2, 3)))
    return sorted(entries for (entries,) in past)[1]


def test_a_gap_is_a_gap_with_an_estimate_beside_it_and_nothing_that_happened(play: Played) -> None:
    derived = derive(play, DAY, NOW)

    for start in OUTAGE:
        [row] = hours(
            play, "entries, exits, occupancy_end, completeness, entries_imputed, entries_best, quality", start
        )
        usual = median_of_weeks_before(play, start)
        assert usual > 0
        assert row == (None, None, None, 0.0, usual, usual, "D")
        assert (start, "shop-1") not in {*derived.hours.derived, *derived.hours.also_changed}
    assert len(derived.hours.derived) == 22
    assert judge.stale_hours(play.warehouse, MIDNIGHT).is_empty()
    [conserved] = evaluate(play.fleet, play.warehouse, ["hourly_analytics/hourly_conserves_raw"], NOW).values()
    assert conserved.findings.is_empty()

    tick(play, NOW, DAY)
    reported, completeness, share, quality = day(play, "hours_reported, completeness, imputed_share, quality")
    assert (reported, completeness, quality) == (22, 22 / 24, "C")
    assert 0 < share < 0.5


def test_the_figures_replace_their_estimate_when_they_come_and_say_that_they_came_late(play: Played) -> None:
    derive(play, DAY, NOW)
    tick(play, NOW, DAY)
    later = NOW + HOUR / 2
    play.collect(later)
    derived = derive(play, DAY, later)
    tick(play, later, DAY)

    for entries, imputed, best, quality in hours(play, "entries, entries_imputed, entries_best, quality", *OUTAGE):
        assert (entries > 0, imputed, best, quality) == (True, None, entries, "B")
    assert hours(play, "quality", TEN - HOUR) == [("A",)]
    assert {start for start, _ in derived.hours.derived} >= set(OUTAGE)
    assert day(play, "hours_reported, completeness, imputed_share, quality") == (24, 1.0, 0.0, "B")
    told = {"entries_imputed", "exits_imputed", "imputation_method", "imputation_wape", "quality"}
    assert {name for (name,) in play.sql("SELECT column_name FROM retail.revisions")} == told
    assert derive(play, DAY, later).changed_days == frozenset()


def test_a_store_that_is_silent_all_day_is_imputed_by_the_next_tick_and_once(play: Played) -> None:
    play.sql(f"DELETE FROM retail.raw_sensor_counts WHERE interval_start >= '{MIDNIGHT}'")
    open_gaps(play.fleet, play.warehouse, None, MIDNIGHT, NOW + HOUR)
    later = NOW + HOUR
    assert ("shop-1", DAY) in due_days(play.fleet, play.warehouse, MIDNIGHT, later + 2 * WEEK)

    tick(play, later, DAY)

    assert hours(play, "quality, entries_best > 0", TEN) == [("D", True)]
    assert play.sql(f"SELECT count(*) FROM retail.hourly_analytics WHERE trading_day = '{DAY}'") == [(11,)]
    assert play.sql(f"SELECT * FROM retail.daily_summaries WHERE trading_day = '{DAY}'") == []
    assert judge.unjudged_hours(play.warehouse, MIDNIGHT, later).is_empty()
    assert ("shop-1", DAY) not in due_days(play.fleet, play.warehouse, MIDNIGHT, later + 2 * WEEK)


def test_a_week_that_comes_later_is_compared_with_by_the_weeks_after_it(play: Played) -> None:
    derive(play, DAY, NOW)
    tick(play, NOW, DAY)
    noon = MIDNIGHT + 12 * HOUR
    [(before,)] = hours(play, "index_vs_normal", noon)
    play.sql(
        "UPDATE retail.raw_sensor_counts SET line1_in = line1_in + 500, collected_at = collected_at + interval '1 hour'"
        f" WHERE interval_start IN ('{noon - WEEK}', '{noon - 2 * WEEK}')"
    )

    for week in (1, 2):
        derive(play, DAY - week * WEEK, NOW)
    tick(play, NOW, DAY, DAY - WEEK, DAY - 2 * WEEK)

    [(after,)] = hours(play, "index_vs_normal", noon)
    assert 0 < after < before
    [(entries,)] = play.sql(f"SELECT entries FROM retail.daily_summaries WHERE trading_day = '{DAY - WEEK}'")
    assert day(play, "entries_last_week") == (entries,)


def test_hours_that_were_derived_before_they_settled_are_judged_by_the_tick(play: Played) -> None:
    soon = TEN + HOUR + HOUR / 2
    play.sql(f"UPDATE retail.raw_sensor_counts SET is_complete = false WHERE interval_start = '{TEN - HOUR}'")
    derive(play, DAY, TEN + HOUR / 4)
    assert hours(play, "quality", TEN - HOUR) == [(None,)]

    assert judge.unjudged_hours(play.warehouse, MIDNIGHT, soon - 2 * HOUR / 3)["hour_start"].to_list() == [TEN - HOUR]
    tick(play, soon, DAY)

    assert hours(play, "quality", TEN - HOUR) == [("C",)]
