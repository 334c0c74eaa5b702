"""Dagster's records after a night's housework: fewer, and every partition, table and check shows what it showed."""

import datetime as dt
import os
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value
from rich.console import Console

from retail_pipeline.resources.dagster_records import STATUS_EVENTS
from retail_pipeline.terminal.forget import forget_organization
from retail_pipeline_tests.living import HOUR, STORES, Living
from retail_pipeline_tests.shops import utc

FIRST_POLL = utc("2026-11-20 13:00")
NIGHT, MUCH_LATER = utc("2026-11-24 03:50"), utc("2026-12-10 03:50")
LAST = [dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED]


def dagster_sql(life: Living, statement: str) -> list[Any]:
    with life.instance.event_log_storage.index_connection() as connection:
        done = connection.execute(sa.text(statement))
        return [*map(tuple, done)] if done.returns_rows else []


def events(life: Living, which: str = "true") -> int:
    [(rows,)] = dagster_sql(life, f"SELECT count(*) FROM event_logs WHERE {which}")
    return int(rows)


def shown(life: Living) -> dict[str, Any]:
    """What the UI reads of partitions, tables and checks, nothing of it from a cache."""
    graph, storage = life.defs.resolve_asset_graph(), life.instance.event_log_storage
    keys = sorted(graph.get_all_asset_keys())
    life.instance.wipe_asset_cached_status(keys)
    found: dict[str, Any] = {}
    for key in keys:
        last = life.instance.get_latest_materialization_event(key)
        found[key.to_user_string()] = (last and (last.run_id, last.timestamp), partitions(life, graph, key))
    for check, record in storage.get_latest_asset_check_execution_by_key(sorted(graph.asset_check_keys)).items():
        found[check.to_user_string()] = (record.id, record.status, record.run_id)
    return found


def partitions(life: Living, graph: Any, key: dg.AssetKey) -> Any:
    """Materialized and failed partitions, and the last event of each that exists."""
    definition = graph.get(key).partitions_def
    if definition is None:
        return None
    status = get_and_update_asset_status_cache_value(life.instance, key, definition, life.instance)
    if status is None:
        return None  # nothing ever happened to it
    existing = set(definition.get_partition_keys(dynamic_partitions_store=life.instance))
    last = [life.instance.event_log_storage.get_latest_storage_id_by_partition(key, kind) for kind in LAST]
    return (
        sorted(status.deserialize_materialized_partition_subsets(definition).get_partition_keys()),
        sorted(status.deserialize_failed_partition_subsets(definition).get_partition_keys()),
        [{name: at for name, at in ids.items() if name in existing} for ids in last],
    )


@pytest.fixture(scope="module")
def lived(life: Living) -> Living:
    """Three polls of which a device misses one, hours and days derived, all checks run twice; long ago by Dagster."""
    life.declare([{**STORES[0], "organization": "beta"}, *STORES[1:]], "beta")
    life.know_stores()
    life.sense("sync_fleet")
    for poll in range(3):
        life.simulator.behave("chicago-door", faults=["refused"] if poll == 2 else [])
        request = life.tick("collect_sensor_data_schedule", FIRST_POLL + poll * HOUR)
        life.grant("collect_sensor_data", request.run_requests)
    life.run("calculate_virtual_regions", request.run_requests[0].tags)
    life.simulator.behave("chicago-door", faults=[])
    due = life.tick("run_analytics_aggregation_schedule", FIRST_POLL + 2 * HOUR + dt.timedelta(minutes=5))
    life.grant("run_analytics_aggregation", due.run_requests)
    for _ in range(2):
        life.run("pipeline_health", {})
    dagster_sql(life, "UPDATE runs SET create_timestamp = '2026-11-12', update_timestamp = '2026-11-12'")
    return life


@pytest.fixture
def told(lived: Living, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Keeps house at a moment, and returns what the run says that it removed."""

    def keep_house(moment: dt.datetime) -> dict[str, Any]:
        monkeypatch.setenv("RETAIL_RUNS_KEPT_DAYS", "2")
        lived.at(moment)
        result = lived.run("keep_house", {})
        assert result.success
        outputs = [event for event in result.all_events if event.is_successful_output]
        [metadata] = [one.step_output_data.metadata for one in outputs if one.step_key == "remove_runs"]
        return {name: value.value for name, value in metadata.items()}

    return keep_house


def test_what_people_see_is_the_same_and_the_rest_is_gone(lived: Living, told: Any) -> None:
    lived.at(NIGHT)
    fresh = lived.run("pipeline_health", {}).run_id
    before, rows, of_fresh = shown(lived), events(lived), events(lived, f"run_id = '{fresh}'")
    runs = {run.run_id for run in lived.instance.get_runs()}
    materialized, failed, _ = before["raw_sensor_counts"][1]
    assert len(materialized) > 60  # every reply holds a day
    assert failed == ["2026-11-20-14:00|chicago"]

    done = told(NIGHT)

    assert shown(lived) == before
    left = {run.run_id for run in lived.instance.get_runs()}
    assert done["runs_removed"] == len(runs - left) == 2  # both inspections: the fresh one has the last word
    assert events(lived, f"run_id = '{fresh}'") == of_fresh
    assert 0 < done["events_removed"] < rows
    assert events(lived, "run_id NOT IN (SELECT run_id FROM runs) AND run_id <> ''") == 0
    kinds = dagster_sql(
        lived,
        "SELECT DISTINCT dagster_event_type FROM event_logs INNER JOIN runs USING (run_id)"
        " WHERE create_timestamp = '2026-11-12'",
    )
    assert {kind for (kind,) in kinds} <= set(STATUS_EVENTS)
    assert dagster_sql(
        lived, "SELECT count(*) FROM asset_event_tags WHERE event_id NOT IN (SELECT id FROM event_logs)"
    ) == [(0,)]
    said_twice = "SELECT count(*) - count(DISTINCT (asset_key, check_name)) FROM asset_check_executions"
    assert dagster_sql(lived, said_twice) == [(0,)]
    assert told(NIGHT)["events_removed"] == 0


def test_partitions_that_are_no_more_go_with_their_runs(lived: Living, told: Any) -> None:
    lived.at(MUCH_LATER)
    before = shown(lived)
    assert before["raw_sensor_counts"][1][0] == []

    assert told(MUCH_LATER)["runs_removed"] > 0
    assert shown(lived) == before
    # The last word on the table itself stays, though its partition is no more.
    assert events(lived, "asset_key = '[\"raw_sensor_counts\"]' AND dagster_event_type = 'ASSET_MATERIALIZATION'") == 1


def test_what_steps_printed_long_ago_is_removed(lived: Living, told: Any) -> None:
    folder = Path(lived.instance.compute_log_manager._base_dir)  # type: ignore[attr-defined]
    old, new = folder / "a-run" / "compute_logs" / "step.out", folder / "another" / "step.out"
    for path, moment in ((old, NIGHT), (new, MUCH_LATER)):
        path.parent.mkdir(parents=True)
        path.write_text("said")
        os.utime(path, (moment.timestamp(), moment.timestamp()))

    assert told(MUCH_LATER)["log_files_removed"] >= 1
    assert (folder / "a-run").exists() is False
    assert new.read_text() == "said"


def test_nothing_of_a_forgotten_owner_is_left_here_or_in_dagster(
    lived: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retail_pipeline.terminal.forget.retail_instance", lambda: nullcontext(lived.instance))
    console = Console(width=100, record=True, file=StringIO())
    lived.declare(STORES[1:])
    lived.sense("sync_fleet")
    lived.instance.add_dynamic_partitions("store", ["pune"])  # as if a run had been under way
    others, its = events(lived, "partition LIKE '%|lisbon'"), events(lived, "partition LIKE '%|pune'")
    [(counts,)] = lived.sql("SELECT count(*) FROM retail.raw_sensor_counts WHERE store_id = 'pune'")
    assert its
    assert counts

    assert forget_organization(console, "beta", apply=False) == 0
    assert lived.sql("SELECT count(*) FROM retail.raw_sensor_counts WHERE store_id = 'pune'") == [(counts,)]
    assert forget_organization(console, "beta", apply=True) == 0

    said = console.export_text()
    assert "beta: pune" in said
    assert f"raw_sensor_counts {counts:,}" in " ".join(said.replace("│", " ").split())
    assert f"Removed, and {its:,} events of Dagster's" in said
    assert lived.sql("SELECT * FROM retail.raw_sensor_counts WHERE store_id = 'pune'") == []
    assert lived.sql("SELECT store_id FROM retail.stores ORDER BY 1") == [("chicago",), ("lisbon",)]
    assert events(lived, "partition LIKE '%|pune'") == 0
    assert events(lived, "partition LIKE '%|lisbon'") == others
    assert list(lived.instance.get_dynamic_partitions("store")) == ["lisbon", "chicago"]
