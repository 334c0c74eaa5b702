"""Dagster's log keeps what somebody reads, and what it keeps is read as it was said."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue
from dagster_postgres import PostgresEventLogStorage

from retail_pipeline.assets.common import at_once, materialized
from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline.resources.event_log import EventLog, compact, lean

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
HOURS = dg.HourlyPartitionsDefinition("2026-11-20-00:00", end_date="2026-11-21-00:00")
STORES = dg.DynamicPartitionsDefinition(name="shop")
BOTH = dg.MultiPartitionsDefinition({"hour": HOURS, "store": STORES})
PLANNED = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
MADE = dg.DagsterEventType.ASSET_MATERIALIZATION
OF_MANY = [MADE, dg.DagsterEventType.ASSET_CHECK_EVALUATION]
SAID = {
    "dagster/partition_row_count": 7,
    "share": 0.25,
    "missing": "north-door, süd",
    "people": dg.MetadataValue.json({"a": None, "b": [1, None, {"c": None}]}),
    "rows": dg.MetadataValue.table([dg.TableRecord({"hour": "10:00", "count": 3})]),
    "since": dg.MetadataValue.timestamp(1_795_632_000.0),
    "nothing": dg.MetadataValue.null(),
}


@pytest.fixture
def instance(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", database_url)
    monkeypatch.setenv("RETAIL_HOME", str(tmp_path / "home"))
    with retail_instance() as opened:
        opened.add_dynamic_partitions("shop", ["a", "b"])
        yield opened


@dg.asset(partitions_def=BOTH, output_required=False)
def counts(context: dg.AssetExecutionContext) -> Iterator[dg.DagsterEvent]:
    made = context.partition_keys if "all" in context.run.tags else context.partition_keys[1:]
    yield from at_once(context, (materialized(context.asset_key, key, 7) for key in made))
    if len(made) < len(context.partition_keys):
        raise dg.Failure("an hour is missing", allow_retries=False)


@dg.asset
def health() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata=SAID)


@dg.asset_check(asset=health)
def is_complete() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description="two", metadata=SAID)


CHECK = dg.AssetCheckKey(health.key, "is_complete")
DEFINITIONS = dg.Definitions(
    [counts, health],
    asset_checks=[is_complete],
    jobs=[dg.define_asset_job("count", [counts]), dg.define_asset_job("inspect", dg.AssetSelection.assets(health))],
    executor=dg.in_process_executor,
)


def run(instance: dg.DagsterInstance, first: str, last: str, **tags: str) -> dg.ExecuteInProcessResult:
    """Count from an hour to an hour of both stores; with `all` every one is made."""
    job = DEFINITIONS.resolve_job_def("count")
    ends = {RANGE_START: f"2026-11-20-{first}:00|a", RANGE_END: f"2026-11-20-{last}:00|b"}
    return job.execute_in_process(instance=instance, tags=ends | tags, raise_on_error=False, run_config=QUIET)


def kinds(instance: dg.DagsterInstance, run_id: str) -> Counter[dg.DagsterEventType | None]:
    return Counter(entry.dagster_event_type for entry in instance.all_logs(run_id))


def inspect(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return DEFINITIONS.resolve_job_def("inspect").execute_in_process(instance=instance, run_config=QUIET)


def test_what_a_run_said_is_read_as_it_was_said(instance: dg.DagsterInstance) -> None:
    hours, ended = run(instance, "01", "02", all=""), inspect(instance)
    said = [event for one in (hours, ended) for event in one.all_events if event.event_type in OF_MANY]
    told = [
        entry.get_dagster_event()
        for one in (hours, ended)
        for entry in instance.all_logs(one.run_id, of_type={*OF_MANY})
    ]
    assert len(told) == 4 + 2
    for mine, its in zip(told, said, strict=True):
        assert mine.event_specific_data == its.event_specific_data
        assert (mine.message, mine.step_key, mine.pid) == (its.message, its.step_key, its.pid)
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])
    evaluation = record[CHECK].event
    assert evaluation
    assert evaluation.asset_check_evaluation == said[-1].event_specific_data
    newest = instance.get_latest_materialization_event(health.key)
    assert newest
    assert newest.asset_materialization == ended.get_asset_materialization_events()[-1].materialization


def test_an_event_of_a_partition_takes_little_more_than_half_its_room(instance: dg.DagsterInstance) -> None:
    ended = run(instance, "01", "01", all="")
    [entry, _] = instance.all_logs(ended.run_id, of_type=MADE)
    said = entry._replace(user_message=entry.message, dagster_event=ended.get_asset_materialization_events()[0])
    assert len(compact(lean(said).to_json())) < 0.6 * len(said.to_json())


def test_an_event_is_stored_with_what_is_kept_beside_it_or_not_at_all(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dg.AssetMaterialization(health.key)

    def broken(*_: object) -> None:
        raise OSError("the connection broke")

    with monkeypatch.context() as breaking:
        breaking.setattr(EventLog, "_store_asset_event", broken)
        with pytest.raises(OSError, match="broke"):
            instance.report_runless_asset_event(made)
    assert not instance.fetch_materializations(health.key, limit=9).records
    instance.report_runless_asset_event(made)
    assert len(instance.fetch_materializations(health.key, limit=9).records) == 1


def test_what_columns_there_are_is_asked_once_and_one_that_is_missing_again(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    look = PostgresEventLogStorage.has_asset_key_col

    def noted(log: PostgresEventLogStorage, name: str) -> bool:
        asked.append(name)
        return look(log, name)

    monkeypatch.setattr(PostgresEventLogStorage, "has_asset_key_col", noted)
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    there = [log.has_asset_key_col(name) for name in ("last_run_id", "last_run_id", "nowhere", "nowhere")]
    assert there == [True, True, False, False]
    assert asked == ["last_run_id", "nowhere", "nowhere"]


def test_a_run_that_succeeded_leaves_what_it_made_and_one_that_failed_also_what_it_had_planned(
    instance: dg.DagsterInstance,
) -> None:
    green, red = run(instance, "01", "02", all="").run_id, run(instance, "05", "06").run_id
    assert {kind: kinds(instance, green)[kind] for kind in (PLANNED, MADE)} == {PLANNED: 0, MADE: 4}
    assert {kind: kinds(instance, red)[kind] for kind in (PLANNED, MADE)} == {PLANNED: 4, MADE: 3}
    assert not [kind for kind in kinds(instance, green) if kind and "PLANNED" in kind.value]
    status = status_of(instance)
    assert status
    assert status.deserialize_failed_partition_subsets(BOTH).get_partition_keys() == {"2026-11-20-05:00|a"}


def test_the_plan_of_an_asset_without_partitions_stays(instance: dg.DagsterInstance) -> None:
    assert kinds(instance, inspect(instance).run_id)[PLANNED] == 1


def status_of(instance: dg.DagsterInstance) -> AssetStatusCacheValue | None:
    """As a page asks for it, which keeps nothing from the last one."""
    return AssetStatusCacheValue.blocking_get(LoadingContextForTest(instance), (counts.key, BOTH))


def made_by(status: AssetStatusCacheValue | None) -> set[str]:
    assert status
    return set(status.deserialize_materialized_partition_subsets(BOTH).get_partition_keys())


def test_the_state_of_partitions_is_worked_out_again_only_when_something_happened(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: list[object] = []
    known = super(EventLog, EventLog).get_asset_status_cache_values  # type: ignore[misc]

    def noted(log: EventLog, wanted: object, context: object) -> object:
        worked_out.append(wanted)
        return known(log, wanted, context)

    monkeypatch.setattr(EventLog.__base__, "get_asset_status_cache_values", noted)
    assert status_of(instance) is None
    run(instance, "01", "01", all="")
    first = status_of(instance)
    assert made_by(first) == {"2026-11-20-01:00|a", "2026-11-20-01:00|b"}
    before = len(worked_out)
    assert status_of(instance) == first
    assert len(worked_out) == before

    run(instance, "02", "02")
    second = status_of(instance)
    assert made_by(second) == made_by(first) | {"2026-11-20-02:00|b"}
    assert second
    assert second.deserialize_failed_partition_subsets(BOTH).get_partition_keys() == {"2026-11-20-02:00|a"}
    instance.report_runless_asset_event(materialized(counts.key, "2026-11-20-02:00|a", 7))
    third = status_of(instance)
    assert third
    assert made_by(third) == made_by(second) | {"2026-11-20-02:00|a"}
    assert not third.deserialize_failed_partition_subsets(BOTH).get_partition_keys()


def test_a_run_under_way_is_asked_for_again_until_it_is_over(instance: dg.DagsterInstance) -> None:
    job = DEFINITIONS.resolve_job_def("count")
    waiting = instance.create_run_for_job(job, tags={"dagster/partition": "2026-11-20-07:00|a"})
    status = status_of(instance)
    assert status
    assert status.deserialize_in_progress_partition_subsets(BOTH).get_partition_keys() == {"2026-11-20-07:00|a"}
    instance.report_run_canceled(waiting)
    status = status_of(instance)
    assert status
    assert not status.deserialize_in_progress_partition_subsets(BOTH).get_partition_keys()


def test_a_store_that_is_added_has_its_partitions_at_once(instance: dg.DagsterInstance) -> None:
    run(instance, "01", "01", all="")
    status_of(instance)
    instance.report_runless_asset_event(materialized(counts.key, "2026-11-20-01:00|c", 7))
    assert len(made_by(status_of(instance))) == 2
    instance.add_dynamic_partitions("shop", ["c"])
    assert len(made_by(status_of(instance))) == 3
