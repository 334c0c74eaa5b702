"""A derived run that was killed is redone by the next tick at five past, without asking a device again."""

import datetime as dt
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._serdes import serialize_value

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START, day_key, hour_key
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline_tests.living import STORES, Living, troubles
from retail_pipeline_tests.shops import utc

ROOT = Path(__file__).parents[2]
NOW = utc("2026-11-20 12:45")
FIRST, LAST = utc("2026-11-20 03:00"), utc("2026-11-20 12:00")
AGGREGATION = "run_analytics_aggregation_schedule"
DAY = NOW.date()


@pytest.fixture(scope="module")
def collected(life: Living) -> dict[str, int]:
    """Hours of a store that are collected and not derived; how often each device has been asked."""
    life.at(NOW)
    life.declare([STORES[2]])
    stores = life.know_stores()
    result = life.run(jobs.COLLECT_SENSORS, hour_rectangle(FIRST, LAST, stores))
    assert troubles(result) == []
    return life.requests()


def killed(life: Living, job: str, function: str, first: str, last: str) -> dg.DagsterRun:
    """A run whose process dies on entering a function of the warehouse; the run monitor has noticed."""
    reference = serialize_value(life.instance.get_ref())
    arguments = [reference, dt.datetime.now(dt.UTC).isoformat(), job, function, first, last]
    command = [sys.executable, "-m", "retail_pipeline_tests.faults.dying", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    [run] = life.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    life.instance.report_run_failed(run)
    return run


def figures(life: Living) -> list[tuple[object, ...]]:
    return life.sql("SELECT hour_start, entries, exits FROM retail.hourly_analytics ORDER BY hour_start")


def aggregate(life: Living, tick: dt.datetime) -> None:
    [request] = life.tick(AGGREGATION, tick).run_requests
    assert troubles(life.grant(jobs.AGGREGATE, [request])[0]) == []


def test_hours_whose_run_was_killed_are_derived_at_five_past_without_a_collection(
    life: Living, collected: dict[str, int]
) -> None:
    first, last = hour_key(FIRST, "chicago"), hour_key(LAST, "chicago")
    run = killed(life, jobs.CALCULATE_REGIONS, "tables.write_hourly", first, last)

    assert (run.tags[RANGE_START], run.tags[RANGE_END]) == (first, last)
    assert figures(life) == []
    assert life.sql("SELECT count(*) FROM retail.virtual_region_occupancy") == [(0,)]
    begun = life.sql("SELECT DISTINCT step, attempts, last_error FROM retail.derivation_attempts")
    assert begun == [("hours", 1, None)]

    aggregate(life, utc("2026-11-20 13:05"))
    raw = life.sql("SELECT interval_start, line1_in, line1_out FROM retail.raw_sensor_counts ORDER BY interval_start")
    assert figures(life) == raw
    assert len(raw) > 20
    assert {key for key in life.materialized("hourly_analytics") if key >= first} >= {first, last}
    assert life.sql("SELECT * FROM retail.derivation_attempts") == []
    assert life.requests() == collected


def test_a_day_whose_run_was_killed_is_summed_up_at_the_next_five_past(life: Living, collected: dict[str, int]) -> None:
    life.sql("DELETE FROM retail.daily_summaries")
    key = day_key(DAY, "chicago")
    killed(life, jobs.AGGREGATE, "tables.write_daily", key, key)
    assert life.sql("SELECT count(*) FROM retail.daily_summaries") == [(0,)]

    aggregate(life, utc("2026-11-20 14:05"))
    [(entries,)] = life.sql("SELECT entries FROM retail.daily_summaries WHERE trading_day = '2026-11-20'")
    assert (entries,) == life.sql(
        "SELECT sum(entries)::integer FROM retail.hourly_analytics WHERE trading_day = '2026-11-20'"
    )[0]
    assert life.requests() == collected


@pytest.mark.usefixtures("collected")
def test_a_day_that_was_killed_three_times_in_a_row_waits_a_day_and_holds_nobody_up(life: Living) -> None:
    life.sql("DELETE FROM retail.hourly_analytics WHERE trading_day = '2026-11-19'")
    life.sql("DELETE FROM retail.daily_summaries")
    key = hour_key(utc("2026-11-19 20:00"), "chicago")
    for hour in (15, 16, 17):
        life.at(utc(f"2026-11-20 {hour}:04"))
        killed(life, jobs.CALCULATE_REGIONS, "tables.write_zones", key, key)

    aggregate(life, utc("2026-11-20 17:05"))
    held = "SELECT count(*) FROM retail.hourly_analytics WHERE trading_day = '2026-11-19'"
    assert life.sql(held) == [(0,)]
    assert life.sql("SELECT trading_day FROM retail.daily_summaries") == [(DAY,)]

    aggregate(life, utc("2026-11-21 18:05"))
    assert life.sql(held)[0][0] > 0
    assert life.sql("SELECT * FROM retail.derivation_attempts") == []
