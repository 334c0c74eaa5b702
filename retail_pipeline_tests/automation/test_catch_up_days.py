"""Days that have ended are summed up as soon as their hours are there, once, and not twice at the same time."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.assets.summaries import DUE_ONLY
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline_tests.living import STORES, Living
from retail_pipeline_tests.shops import utc

NOW = utc("2026-11-20 12:45")
HOUR = dt.timedelta(hours=1)
CATCH_UP = "catch_up_days"


@pytest.fixture
def collected(life: Living) -> Iterator[Living]:
    """Lisbon's 19th has been collected and its hours derived; no day is summed up."""
    life.at(NOW)
    life.declare([STORES[1]])
    life.sense("sync_fleet")
    hours = hour_rectangle(utc("2026-11-19 00:00"), utc("2026-11-19 23:00"), ["lisbon"])
    assert life.run(jobs.COLLECT_SENSORS, hours, [dg.AssetKey("raw_sensor_counts")]).success
    wanted = {"lisbon": [utc("2026-11-19 00:00") + n * HOUR for n in range(24)]}
    assert derive_hours(life.fleet, life.warehouse, wanted, NOW, "a-run").failed == {}
    yield life
    life.declare(STORES)


def test_ended_days_are_summed_up_once_their_hours_are_there_and_not_again(collected: Living) -> None:
    [request] = collected.sense(CATCH_UP).run_requests
    [result] = collected.grant(jobs.AGGREGATE, [request])
    again = collected.sense(CATCH_UP)

    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("2026-11-19|lisbon", "2026-11-19|lisbon")
    assert request.tags[DUE_ONLY] == "true"
    assert result.success
    days = collected.sql("SELECT store_id, trading_day::text, hours_reported FROM retail.daily_summaries")
    assert ("lisbon", "2026-11-19", 24) in days
    assert (again.run_requests, again.skip_message) == ([], "Every ended day is up to date with its hours.")

    collected.sql("UPDATE retail.hourly_analytics SET input_version = %(now)s WHERE local_hour = 12", now=NOW + HOUR)
    under_way = create_run_for_test(collected.instance, job_name=jobs.AGGREGATE, status=dg.DagsterRunStatus.STARTED)
    waits = collected.sense(CATCH_UP)
    collected.instance.delete_run(under_way.run_id)

    assert (waits.run_requests, waits.skip_message) == ([], "Days are being summed up already.")
    assert len(collected.sense(CATCH_UP).run_requests) == 1
