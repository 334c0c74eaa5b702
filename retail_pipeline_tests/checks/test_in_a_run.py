"""Checks that run beside their assets are evaluations in Dagster: passing, and failing with what to do."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import dagster as dg
import pytest

from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline.resources import inspection
from retail_pipeline.steps.health import CHECKS, Outcome
from retail_pipeline_tests.living import HOUR, STORES, Living, troubles
from retail_pipeline_tests.shops import utc

HOURS = utc("2026-11-18 12:00"), utc("2026-11-20 12:00")


Evaluations = dict[tuple[str, str], dg.AssetCheckEvaluation]


def inspected(life: Living) -> Evaluations:
    """The evaluations of one inspection, by table and name."""
    result = life.run(jobs.HEALTH, {})
    evaluations = {
        (one.asset_key.to_user_string(), one.check_name): one for one in result.get_asset_check_evaluations()
    }
    every = life.defs.resolve_asset_graph().asset_check_keys
    assert set(evaluations) == {(key.asset_key.to_user_string(), key.name) for key in every}
    return evaluations


@pytest.fixture(scope="module")
def healthy(life: Living) -> Evaluations:
    life.at(utc("2026-11-20 12:45"))
    life.declare([STORES[2]])
    stores = life.know_stores()
    assert life.run(jobs.COLLECT_SENSORS, hour_rectangle(HOURS[0] - 24 * HOUR, HOURS[1], stores)).success
    [request] = life.tick("run_analytics_aggregation_schedule", utc("2026-11-20 13:05")).run_requests
    assert troubles(life.grant(jobs.AGGREGATE, [request])[0]) == []
    return inspected(life)


def test_a_healthy_pipeline_passes_every_check_that_does_not_judge_people(healthy) -> None:
    errors = {
        name for (_, name), one in healthy.items() if not one.passed and one.severity is dg.AssetCheckSeverity.ERROR
    }

    # The simulated people walk as they like: whether they come out again is not the pipeline's doing.
    assert errors <= {"enters_balance_exits"}
    assert healthy["raw_sensor_counts", "all_sensors_reported"].passed
    assert healthy["hourly_analytics", "hourly_conserves_raw"].passed
    assert healthy["hourly_analytics", "derivations_succeed"].passed


@pytest.mark.usefixtures("healthy")
def test_the_verdict_and_the_checks_of_a_run_are_of_one_look_and_the_next_run_looks_again(
    life: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    evaluate = inspection.evaluate

    def noted(fleet: Any, warehouse: Any, keys: Collection[str], now: dt.datetime) -> dict[str, Outcome]:
        looked.extend(keys)
        return evaluate(fleet, warehouse, keys, now)

    monkeypatch.setattr(inspection, "evaluate", noted)
    for runs in (1, 2):
        inspected(life)
        assert sorted(looked) == sorted([*CHECKS] * runs)


@pytest.mark.usefixtures("healthy")
def test_what_is_missing_fails_its_check_and_says_store_and_what_to_do(life: Living) -> None:
    life.sql(
        "DELETE FROM retail.raw_sensor_counts WHERE sensor_id = 'chicago-door' AND interval_start = '2026-11-20 09:00Z'"
    )
    found = inspected(life)["raw_sensor_counts", "all_sensors_reported"]

    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.metadata["findings"].value == 1
    [record] = found.metadata["what_to_do"].records
    assert record.data["store_id"] == "chicago"
    assert "2026-11-20 09:00" in str(record.data["hour_start"])
    assert record.data["advice"]


@pytest.mark.usefixtures("healthy")
def test_a_day_that_was_given_up_is_reported(life: Living) -> None:
    life.sql(
        "INSERT INTO retail.derivation_attempts (step, store_id, trading_day, organization_id, attempts, first_begun,"
        " last_begun, last_error) VALUES ('hours', 'chicago', '2026-11-19', 'acme', 3, '2026-11-20 10:05Z',"
        " '2026-11-20 12:05Z', 'chicago: a figure is impossible')"
    )
    found = inspected(life)["hourly_analytics", "derivations_succeed"]

    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert "the hours of 2026-11-19 failed 3 times in a row" in str(found.description)


@pytest.mark.usefixtures("healthy")
def test_a_collection_evaluates_the_checks_of_its_tables_even_when_it_fails(life: Living) -> None:
    life.simulator.behave("chicago-door", faults=[{"name": "502"}])
    result = life.run(jobs.COLLECT_SENSORS, hour_rectangle(HOURS[1], HOURS[1], ["chicago"]))
    life.simulator.behave("chicago-door", faults=[])

    assert not result.success
    assert "all_sensors_reported" in {one.check_name for one in result.get_asset_check_evaluations()}
