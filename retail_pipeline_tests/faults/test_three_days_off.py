"""A pipeline that was off for three days heals by itself, nearest deadline first, while the current hour is polled."""

import datetime as dt

import dagster as dg
from dagster._core.test_utils import create_run_for_test

from retail_pipeline.assets.partitions import HOUR_KEY, RANGE_END, RANGE_START, hour_key
from retail_pipeline.automation import jobs
from retail_pipeline.automation.sensors import STORE
from retail_pipeline_tests.living import STORES, Living, device, troubles
from retail_pipeline_tests.shops import utc

LAST_SEEN = utc("2026-11-17 09:03")
BACK = utc("2026-11-20 09:20")
COLLECTION, AGGREGATION = "collect_sensor_data_schedule", "run_analytics_aggregation_schedule"
FORGETFUL = {**STORES[2], "sensors": [device("chicago-door", retention_days=20)]}
"""It forgets an hour ten days before the other store's device does."""


def collect(life: Living, tick: dt.datetime) -> None:
    """The scheduled poll of a tick, when the devices' last two minutes are over."""
    requests = life.tick(COLLECTION, tick).run_requests
    life.at(tick + dt.timedelta(minutes=2, seconds=5))
    [result] = life.grant(jobs.COLLECT_SENSORS, requests)
    assert troubles(result) == []


def start_of(request: dg.RunRequest) -> dt.datetime:
    return dt.datetime.strptime(request.tags[RANGE_START].split("|")[0], HOUR_KEY).replace(tzinfo=dt.UTC)


def test_three_days_are_recovered_nearest_deadline_first_while_polls_go_on(life: Living) -> None:
    life.at(LAST_SEEN)
    life.declare([STORES[0], FORGETFUL])
    life.sense("sync_fleet")
    collect(life, utc("2026-11-17 09:00"))

    life.at(BACK)
    told = life.sense("recover_missed_hours")
    assert [(one.tags[RANGE_START], one.tags[RANGE_END]) for one in told.run_requests] == [
        ("2026-11-17-10:00|chicago", "2026-11-20-07:00|chicago"),
        ("2026-11-17-09:00|pune", "2026-11-20-07:00|pune"),
    ]

    # Both are under way when the hour is over: the poll has a place of its own, and nothing else is begun meanwhile.
    under_way = [
        create_run_for_test(life.instance, status=dg.DagsterRunStatus.STARTED, tags=one.tags)
        for one in told.run_requests
    ]
    collect(life, utc("2026-11-20 10:00"))
    assert hour_key(utc("2026-11-20 09:00"), "chicago") in life.materialized("raw_sensor_counts")
    assert life.sense("recover_missed_hours", told.cursor).run_requests == []
    for run, request in zip(under_way, told.run_requests, strict=True):
        life.instance.report_run_canceled(run)
        [result] = life.grant(jobs.COLLECT_SENSORS, [request])
        assert troubles(result) == []

    # What is left is from before the devices were known: history, newest first, when nothing else is missing.
    assert [gap for gap in life.open_gaps() if gap[2] >= LAST_SEEN] == []
    life.at(utc("2026-11-20 10:03"))
    later = life.sense("recover_missed_hours", told.cursor).run_requests
    assert {one.tags[STORE] for one in later} == {"chicago", "pune"}
    assert all(start_of(one) < LAST_SEEN for one in later)

    [request] = life.tick(AGGREGATION, utc("2026-11-20 10:05")).run_requests
    assert troubles(life.grant(jobs.AGGREGATE, [request])[0]) == []
    complete = "SELECT store_id, trading_day FROM retail.daily_summaries WHERE is_complete ORDER BY 1, 2"
    days = [dt.date(2026, 11, day) for day in (17, 18, 19)]
    assert [row for row in life.sql(complete) if row[1] >= days[0]] == [
        (store_id, day) for store_id in ("chicago", "pune") for day in days
    ]
