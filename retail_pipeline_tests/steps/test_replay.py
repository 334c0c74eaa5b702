"""A replay gives what collecting gave, or would have given with another parser: real polls over HTTP, several times."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
import pytest

from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps import poll
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.due_pages import due_reports
from retail_pipeline.steps.replay import Replay, Replayed, count_replies, derive_replayed, replay_counts
from retail_pipeline.steps.report import keep_reports
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import judge
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import HOUR, Played

LINES = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}
REGIONS = {"reports": ["lines", "regions"], "regions": {1: "hall"}}
HALL = {"zones": {"hall": {"kind": "entrance", "name": "Hall"}}}


def two_shops(**door_in_india: Any) -> Fleet:
    """A shop whose clocks go back while it is polled, and one half an hour off whose device is set up otherwise."""
    india = door("kolkata-door", lines=LINES, **{"interval_minutes": 30, **door_in_india})
    return fleet_of(
        shop("lisbon", door("lisbon-door", lines=LINES, **REGIONS), timezone="Europe/Lisbon", **HALL),
        shop("kolkata", india, timezone="Asia/Kolkata"),
    )


FIRST, LAST = utc("2026-10-24 10:02"), utc("2026-10-25 13:32")
POLLS = [FIRST, *(utc(f"2026-10-{one}") for one in ("24 10:32", "24 18:02", "25 02:32", "25 09:02", "25 12:32")), LAST]
SPAN = utc("2026-10-22 00:00"), utc("2026-10-26 00:00")
LATER = utc("2026-10-25 14:00")
BOTH = (Report.LINES, Report.REGIONS)
TABLES = {
    "raw_sensor_counts": "sensor_id, interval_start",
    "regional_counts": "sensor_id, interval_start",
    "rejected_rows": "reply_id, row_number",
    "collection_gaps": "sensor_id, report, hour_start",
    "hourly_analytics": "store_id, hour_start",
    "virtual_region_occupancy": "store_id, zone, interval_start",
    "daily_summaries": "store_id, trading_day",
}


@pytest.fixture
def played(database_url: str) -> Iterator[Played]:
    migrate(database_url)
    with running_simulator(two_shops(), Scenario.model_validate({"seed": 11})) as simulator:
        yield Played(two_shops(), simulator, Warehouse(database_url), database_url)


def collected(played: Played, polls: list[dt.datetime] = POLLS) -> None:
    for now in polls:
        for report in BOTH:
            played.collect(now, report, hours=3)


def derived(played: Played) -> None:
    hours = [SPAN[0] + n * HOUR for n in range(96)]
    derive_hours(played.fleet, played.warehouse, dict.fromkeys(played.fleet.store_ids, hours), LATER, "a-run")
    summed_up(played)


def summed_up(played: Played) -> None:
    days: dict[str, set[dt.date]] = {}
    for store_id, day in due_days(played.fleet, played.warehouse, SPAN[0], LATER):
        days.setdefault(store_id, set()).add(day)
    summarise_days(played.fleet, played.warehouse, days, LATER, "a-run", due_only=True, since=SPAN[0])


def stand(played: Played, *tables: str) -> dict[str, list[str]]:
    """Every row of the tables, but for the run that wrote it."""
    names = tables or tuple(TABLES)
    return {
        name: [str(row) for (row,) in played.sql(f"SELECT to_jsonb(t) - 'run_id' FROM retail.{name} t ORDER BY {key}")]
        for name, key in TABLES.items()
        if name in names
    }


def replayed(played: Played, **options: Any) -> dict[Report, Replayed]:
    options = {"stores": played.fleet.store_ids, "reports": BOTH, **options}
    return replay_counts(played.fleet, played.warehouse, Replay(start=SPAN[0], end=SPAN[1], **options), LATER, ignored)


def ignored(replies: int) -> None:
    assert replies > 0


def with_faults(played: Played) -> None:
    """Polls that meet everything a reply can be: skewed, without a clock, refused, cut, wrong in rows, reconfigured."""
    played.simulator.behave("kolkata-door", clock_offset_seconds=200.0)
    collected(played, POLLS[:2])
    played.simulator.behave("kolkata-door", sends_date=False)
    bad = {"name": "bad_sums", "from": "2026-10-24T14:00:00Z", "until": "2026-10-24T15:00:00Z"}
    played.simulator.behave("lisbon-door", faults=[bad])
    collected(played, POLLS[2:3])
    played.simulator.behave("lisbon-door", faults=["html_login"])
    played.simulator.behave("kolkata-door", faults=["403"])
    collected(played, POLLS[3:4])
    played.simulator.behave("kolkata-door", faults=["five_minute_rows"])
    played.simulator.behave("lisbon-door", faults=[{**bad, "name": "negative"}])
    collected(played, POLLS[4:6])
    played.simulator.behave("kolkata-door", faults=[])
    played.simulator.behave("lisbon-door", faults=[])
    collected(played, POLLS[6:])


def test_an_emptied_warehouse_gets_back_every_row_that_collecting_gave(played) -> None:
    with_faults(played)
    derived(played)
    before = stand(played)
    assert all(before[table] for table in TABLES if table != "virtual_region_occupancy")
    played.sql("TRUNCATE retail.raw_sensor_counts, retail.regional_counts, retail.rejected_rows")

    done = replayed(played)
    derive_replayed(played.fleet, played.warehouse, done[Report.LINES].days, LATER, "a-replay")

    assert stand(played) == before
    assert done[Report.LINES].written == len(before["raw_sensor_counts"])
    assert (done[Report.LINES].not_reports, done[Report.REGIONS].not_reports) == (2, 1)


def test_what_stands_already_is_not_touched(played) -> None:
    with_faults(played)
    derived(played)
    before, revisions = stand(played), played.sql("SELECT count(*) FROM retail.revisions")

    done = replayed(played)

    assert stand(played) == before
    assert played.sql("SELECT count(*) FROM retail.revisions") == revisions
    assert {(one.written, one.removed, len(one.days), one.judged_otherwise) for one in done.values()} == {(0, 0, 0, 0)}


def test_a_device_moved_since_does_not_move_the_past(played) -> None:
    collected(played)
    before = stand(played, "raw_sensor_counts")
    played.fleet = Played(
        two_shops(timezone="Asia/Dubai", interval_minutes=60), played.simulator, played.warehouse, played.url
    ).fleet
    played.sql("TRUNCATE retail.raw_sensor_counts")

    replayed(played)

    assert stand(played, "raw_sensor_counts") == before


def test_a_zone_that_was_wrong_is_put_right_by_the_zone_declared_now(played) -> None:
    """The device's clock stands on Dubai, which the fleet file did not say: an hour and a half behind India's."""
    in_dubai = two_shops(timezone="Asia/Dubai")
    with running_simulator(in_dubai, Scenario.model_validate({"seed": 11})) as simulator:
        mistaken = Played(two_shops(), simulator, played.warehouse, played.url)
        collected(mistaken)
        wrong = mistaken.counts()
        mended = Played(in_dubai, simulator, played.warehouse, played.url)
        assert replayed(mended)[Report.LINES].written == 0

        done = replayed(mended, declared_zones=True)

        assert done[Report.LINES].written > 0
        right = mended.counts()
        assert not right.equals(wrong)
        played.sql("TRUNCATE retail.revisions")
        mended.collect(LAST, hours=24)
        assert played.sql("SELECT * FROM retail.revisions") == []
        asked_again = mended.counts().filter(pl.col("collected_at") == LAST, "is_complete")
        assert asked_again.join(right, on=["sensor_id", "interval_start"], how="anti").height <= 3


def test_rows_that_a_mended_parser_takes_close_their_gaps_and_stay_in_the_quarantine_as_accepted(
    played, monkeypatch
) -> None:
    monkeypatch.setattr(poll, "parse_replies", partial(parse_replies, cap=40))
    collected(played)
    derived(played)
    refused = played.sql("SELECT count(*) FROM retail.rejected_rows")
    [(missing,)] = played.sql("SELECT count(*) FROM retail.collection_gaps WHERE cause = 'malformed'")
    assert missing
    monkeypatch.setattr(poll, "parse_replies", parse_replies)

    done = replayed(played)
    derive_replayed(played.fleet, played.warehouse, done[Report.LINES].days, LATER, "a-replay")

    assert done[Report.LINES].judged_otherwise > 0
    assert played.sql("SELECT resolution, count(*) FROM retail.rejected_rows GROUP BY 1") == [("accepted", *refused[0])]
    # The hour that the clocks repeated was missed, too, and is known now as one that nobody can tell apart.
    assert done[Report.LINES].gaps_recovered + done[Report.REGIONS].gaps_recovered == missing - 1
    left = "SELECT DISTINCT cause FROM retail.collection_gaps WHERE recovered_at IS NULL"
    assert played.sql(left) == [("clock_change",)]
    mended = figures(played)
    played.sql("TRUNCATE retail.raw_sensor_counts, retail.regional_counts")
    replayed(played)
    assert figures(played) == mended


def figures(played: Played) -> list[tuple[object, ...]]:
    """Raw rows without the reply that they name: the first that told the figure, or a later one that told it again."""
    rows = "SELECT to_jsonb(t) - 'reply_id' - 'collected_at' FROM retail.raw_sensor_counts t ORDER BY sensor_id"
    return played.sql(f"{rows}, interval_start")


def test_rows_that_a_stricter_parser_refuses_go_with_a_revision_and_are_asked_for_again(played, monkeypatch) -> None:
    collected(played)
    derived(played)
    [(people,)] = played.sql("SELECT sum(entries) FROM retail.daily_summaries")
    monkeypatch.setattr(poll, "parse_replies", partial(parse_replies, cap=40))

    done = replayed(played)

    removed = done[Report.LINES].removed + done[Report.REGIONS].removed
    assert removed
    assert done[Report.LINES].newly_rejected
    [(gone,)] = played.sql("SELECT count(DISTINCT row_key) FROM retail.revisions WHERE new_value IS NULL")
    assert 0 < gone <= removed
    opened = played.sql("SELECT cause, count(*) FROM retail.collection_gaps WHERE detail LIKE 'read again%' GROUP BY 1")
    assert opened == [("malformed", done[Report.LINES].gaps_opened + done[Report.REGIONS].gaps_opened)]
    derive_replayed(played.fleet, played.warehouse, done[Report.LINES].days, LATER, "a-replay")
    assert played.sql("SELECT sum(entries) FROM retail.daily_summaries") < [(people,)]


def test_a_figure_that_changes_leaves_a_revision_and_is_derived_by_whoever_comes_next(played, monkeypatch) -> None:
    monkeypatch.setattr(poll, "parse_replies", with_one_more)
    collected(played)
    derived(played)
    wrong = stand(played, "daily_summaries")
    monkeypatch.setattr(poll, "parse_replies", parse_replies)
    assert judge.stale_hours(played.warehouse, SPAN[0]).is_empty()

    done = replayed(played)

    changes = played.sql(
        "SELECT DISTINCT column_name, old_value::int - new_value::int FROM retail.revisions"
        " WHERE table_name = 'raw_sensor_counts' AND new_value IS NOT NULL AND changed_at >= now() - interval '1 hour'"
        " AND column_name = 'line1_in'"
    )
    assert ("line1_in", 1) in changes
    touched = judge.stale_hours(played.warehouse, SPAN[0])
    assert set(touched["store_id"]) == {store_id for store_id, _ in done[Report.LINES].days}
    summed_up(played)  # nobody told it what to do: the replay died before it derived
    played.sql("TRUNCATE retail.hourly_analytics, retail.daily_summaries")
    right = stand_after_deriving(played)
    assert right["daily_summaries"] != wrong["daily_summaries"]


def stand_after_deriving(played: Played) -> dict[str, list[str]]:
    derived(played)
    return stand(played, "hourly_analytics", "daily_summaries")


def with_one_more(*arguments: Any) -> Parsed:
    """A parser with a bug: one entry more in every row."""
    parsed = parse_replies(*arguments)
    if "line1_in" not in parsed.rows.columns:
        return parsed
    return replace(parsed, rows=parsed.rows.with_columns(pl.col("line1_in") + 1, pl.col("total_in") + 1))


def test_a_dry_run_says_the_same_and_changes_nothing(played, monkeypatch) -> None:
    monkeypatch.setattr(poll, "parse_replies", with_one_more)
    collected(played)
    before = stand(played)
    monkeypatch.setattr(poll, "parse_replies", parse_replies)

    told = replayed(played, dry_run=True)

    assert stand(played) == before
    assert told == replayed(played)
    assert told[Report.LINES].written > 0


def test_one_store_and_one_report_leave_the_others_alone(played) -> None:
    collected(played)
    played.sql("TRUNCATE retail.raw_sensor_counts, retail.regional_counts")

    replay = Replay(("kolkata",), (Report.LINES,), *SPAN)
    done = replay_counts(played.fleet, played.warehouse, replay, LATER, ignored)

    assert set(played.counts()["store_id"]) == {"kolkata"}
    assert played.counts(Report.REGIONS).is_empty()
    assert count_replies(played.warehouse, replay) == done[Report.LINES].replies == len(POLLS)


def test_a_store_whose_replies_can_not_be_replayed_fails_alone_and_stands_as_before(played, monkeypatch) -> None:
    collected(played)
    before = stand(played, "raw_sensor_counts")
    of_lisbon = [row for row in before["raw_sensor_counts"] if "lisbon" in row]
    played.sql("DELETE FROM retail.raw_sensor_counts WHERE store_id = 'lisbon'")
    parsed_well = poll.parse_replies

    def parsed_badly(replies: Any, *rest: Any) -> Parsed:
        if any(reply.ask.store.id == "kolkata" for reply in replies):
            raise ValueError("the parser stumbles over Kolkata")
        return parsed_well(replies, *rest)

    monkeypatch.setattr(poll, "parse_replies", parsed_badly)

    done = replayed(played)

    assert done[Report.LINES].failed == {"kolkata": "kolkata: the parser stumbles over Kolkata"}
    assert done[Report.LINES].written == len(of_lisbon)
    assert stand(played, "raw_sensor_counts") == before


def test_a_body_that_somebody_damaged_fails_its_store_and_is_named(played) -> None:
    collected(played)
    before = stand(played, "raw_sensor_counts")
    [(reply_id,)] = played.sql(
        "UPDATE retail.device_replies SET body = 'no gzip' WHERE reply_id ="
        " (SELECT min(reply_id) FROM retail.device_replies WHERE store_id = 'kolkata') RETURNING reply_id"
    )

    done = replayed(played, reports=(Report.LINES,))

    [(store_id, reason)] = done[Report.LINES].failed.items()
    assert (store_id, f"reply {reply_id} of kolkata-door" in reason) == ("kolkata", True)
    assert stand(played, "raw_sensor_counts") == before


def test_stays_that_change_outdate_the_hours_of_their_zones_and_the_report_of_their_day(played, monkeypatch) -> None:
    monkeypatch.setattr(poll, "parse_replies", with_one_more_stay)
    collected(played)
    derived(played)
    day = ("lisbon", dt.date(2026, 10, 24))
    assert keep_reports(played.fleet, played.warehouse, [day], LATER, "a-run").keys() == {day}
    assert day not in due_reports(played.fleet, played.warehouse, LATER)
    assert judge.stale_hours(played.warehouse, SPAN[0]).is_empty()
    monkeypatch.setattr(poll, "parse_replies", parse_replies)

    replayed(played, reports=(Report.REGIONS,))  # and dies before it derives

    stale = judge.stale_hours(played.warehouse, SPAN[0])
    assert "lisbon" in set(stale.filter(pl.col("table_name") == "zone_hours")["store_id"])
    derived(played)
    assert day in due_reports(played.fleet, played.warehouse, LATER)


def with_one_more_stay(*arguments: Any) -> Parsed:
    """A parser with a bug: one stay more in every row of a region."""
    parsed = parse_replies(*arguments)
    if "region1" not in parsed.rows.columns:
        return parsed
    return replace(parsed, rows=parsed.rows.with_columns(pl.col("region1") + 1))
