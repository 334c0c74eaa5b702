"""Each tick asks for the runs it should: which hours, which stores, in which order, and nothing for nobody."""

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from retail_pipeline.assets.common import NOT_BEFORE
from retail_pipeline.assets.live_counters import NOT_AFTER
from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.assets.summaries import DUE_ONLY
from retail_pipeline_tests.living import STORES, Living, device, store
from retail_pipeline_tests.shops import utc

LIVE = "read_live_counters_schedule"
COLLECT, AGGREGATE, HEALTH = (
    "collect_sensor_data_schedule",
    "run_analytics_aggregation_schedule",
    "pipeline_health_schedule",
)
LINES, REGIONS = dg.AssetKey("raw_sensor_counts"), dg.AssetKey("regional_counts")


def only(tick) -> dg.RunRequest:
    [request] = tick.run_requests
    return request


def rectangle(request: dg.RunRequest) -> tuple[str, str]:
    return request.tags[RANGE_START], request.tags[RANGE_END]


def test_on_the_hour_the_hour_that_ended_is_asked_for_from_the_first_to_the_last_store_added(life: Living) -> None:
    request = only(life.tick(COLLECT, utc("2026-11-20 13:00")))

    assert rectangle(request) == ("2026-11-20-12:00|pune", "2026-11-20-12:00|chicago")
    assert request.asset_selection == [LINES, REGIONS]
    assert request.tags[NOT_BEFORE] == "2026-11-20T13:02:05+00:00"


def test_at_half_past_the_open_hour_is_asked_for_lines_alone(life: Living) -> None:
    request = only(life.tick(COLLECT, utc("2026-11-20 13:30")))

    assert rectangle(request) == ("2026-11-20-13:00|pune", "2026-11-20-13:00|chicago")
    assert request.asset_selection == [LINES]


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Asia/Kolkata", "America/Chicago"])
def test_a_tick_told_in_another_zone_means_the_same_utc_hour(life: Living, zone: str) -> None:
    tick = utc("2026-11-20 14:00").astimezone(ZoneInfo(zone))

    assert rectangle(only(life.tick(COLLECT, tick)))[0] == "2026-11-20-13:00|pune"


def test_a_store_that_was_added_last_ends_the_range_and_one_tick_has_one_run_key(life: Living) -> None:
    first, again = (only(life.tick(COLLECT, utc("2026-11-20 15:00"))) for _ in range(2))
    life.declare([*STORES, store("aachen", "Europe/Berlin")])
    later = only(life.tick(COLLECT, utc("2026-11-20 15:30")))
    life.declare(STORES)

    assert first.run_key == again.run_key != later.run_key
    assert rectangle(later) == ("2026-11-20-15:00|pune", "2026-11-20-15:00|aachen")


def test_the_days_that_are_due_are_asked_for_as_one_rectangle(life: Living) -> None:
    life.know_stores()
    request = only(life.tick(AGGREGATE, utc("2026-11-20 20:05")))

    # In Pune it is the 21st already.
    assert [end.split("|")[0] for end in rectangle(request)] == ["2026-11-19", "2026-11-21"]
    assert request.tags[DUE_ONLY] == "true"


def test_the_inspection_has_no_partitions(life: Living) -> None:
    request = only(life.tick(HEALTH, utc("2026-11-20 20:15")))

    assert not {RANGE_START, RANGE_END} & set(request.tags)


def test_live_counters_are_asked_for_where_a_device_shows_them_and_not_when_polls_begin(life: Living) -> None:
    skipped = life.tick(LIVE, utc("2026-11-20 20:20"))
    live_door = device("lisbon-door", counters=True)
    life.declare([store("lisbon", "Europe/Lisbon", live_door)])
    request, before_a_poll = (only(life.tick(LIVE, utc(f"2026-11-20 20:{minute}"))) for minute in (25, 30))
    life.declare(STORES)

    assert skipped.run_requests == []
    assert request.tags[NOT_AFTER] == "2026-11-20T20:30:00+00:00"
    assert before_a_poll.tags[NOT_AFTER] == "2026-11-20T20:31:30+00:00"
    assert not {RANGE_START, RANGE_END} & set(request.tags)


def test_all_ticks_are_of_utc_and_on_by_default(life: Living) -> None:
    schedules = {one.name: one for one in life.defs.schedules}

    assert {schedules[COLLECT].cron_schedule, schedules[AGGREGATE].cron_schedule, schedules[HEALTH].cron_schedule} == {
        "*/30 * * * *",
        "5 * * * *",
        "15 * * * *",
    }
    assert {one.execution_timezone for one in schedules.values()} == {"UTC"}
    assert {one.default_status for one in schedules.values()} == {dg.DefaultScheduleStatus.RUNNING}


def test_an_empty_fleet_asks_for_nothing(life: Living) -> None:
    life.declare([])
    for store_id in life.instance.get_dynamic_partitions("store"):
        life.instance.delete_dynamic_partition("store", store_id)

    for name, minute in ((COLLECT, 0), (COLLECT, 30), (AGGREGATE, 5)):
        tick = life.tick(name, utc("2026-11-21 09:00") + dt.timedelta(minutes=minute))
        assert tick.run_requests == []
        assert tick.skip_message


def test_once_a_day_the_house_is_kept_and_says_what_was_removed_of_whom(life: Living) -> None:
    life.sql(
        "INSERT INTO retail.rejected_transactions (source, row_number, row, reason, seen_at)"
        " VALUES ('till.csv', 1, '', 'no such store', '2026-01-01')"
    )
    request = only(life.tick("keep_house_schedule", utc("2026-11-21 03:50")))
    [result] = life.grant("keep_house", [request])

    [told] = [
        event.step_output_data.metadata
        for event in result.all_events
        if event.is_successful_output and event.step_key == "remove_old_rows"
    ]
    assert told["rows_removed"].value == 1
    assert [record.data for record in told["removed"].records] == [
        {"table": "rejected_transactions", "organization": "", "rows": 1}
    ]
    assert told["finished"].value == "yes"
