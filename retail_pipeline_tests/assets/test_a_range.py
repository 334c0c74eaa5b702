"""A range of hours and stores in one run, through Dagster: green where data is, red where it is not."""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.backfill import execute_backfill_iteration

from retail_pipeline.assets.live_counters import NOT_AFTER
from retail_pipeline.assets.partitions import RANGE_END, RANGE_START, day_key, hour_key
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import hour_rectangle
from retail_pipeline.resources.dagster_storage import EVENTS_AT_ONCE
from retail_pipeline_tests.living import HOUR, STORES, Living, device, store, troubles
from retail_pipeline_tests.shops import utc

FIRST, LAST = utc("2026-11-20 10:00"), utc("2026-11-20 12:00")
RAW, REGIONS = dg.AssetKey("raw_sensor_counts"), dg.AssetKey("regional_counts")


@pytest.fixture(scope="module")
def collected(life: Living) -> dg.ExecuteInProcessResult:
    """Three hours of three stores, all devices of one store out of order, one of two of another."""
    life.at(utc("2026-11-20 12:45"))
    stores = life.know_stores()
    for sensor_id in ("pune-door", "lisbon-yard"):
        life.simulator.behave(sensor_id, faults=[{"name": "403"}])
    result = life.run(jobs.COLLECT_SENSORS, hour_rectangle(FIRST, LAST, stores), [RAW, REGIONS])
    for sensor_id in ("pune-door", "lisbon-yard"):
        life.simulator.behave(sensor_id, faults=[])
    return result


def green(result: dg.ExecuteInProcessResult, asset: dg.AssetKey) -> dict[str, dg.AssetMaterialization]:
    events = [one.materialization for one in result.get_asset_materialization_events()]
    return {str(one.partition): one for one in events if one.asset_key == asset}


def hours_of(store_id: str) -> set[str]:
    return {hour_key(FIRST + n * HOUR, store_id) for n in range(3)}


def test_the_store_that_is_down_is_red_and_its_neighbours_are_green(
    life: Living, collected: dg.ExecuteInProcessResult
) -> None:
    assert not collected.success
    asked = {key for key in green(collected, RAW) if key in hours_of("pune") | hours_of("lisbon") | hours_of("chicago")}
    assert asked == hours_of("lisbon") | hours_of("chicago")
    [failure] = [event.step_failure_data for event in collected.all_events if event.is_step_failure]
    assert "3 hours of pune were not delivered by any device (lines)" in failure.user_failure_data.description
    assert failure.user_failure_data.metadata["pune-door"].text.startswith("refused: ")
    assert set(failure.user_failure_data.metadata["hours"].text.split(", ")) == hours_of("pune")
    assert {store_id for (store_id,) in life.sql("SELECT DISTINCT store_id FROM retail.raw_sensor_counts")} == {
        "lisbon",
        "chicago",
    }


def test_a_device_that_is_missing_is_named_where_its_store_was_delivered(collected: dg.ExecuteInProcessResult) -> None:
    metadata = green(collected, RAW)[hour_key(FIRST, "lisbon")].metadata

    assert metadata["devices_missing"].value == "lisbon-yard"
    assert metadata["completeness"].value == 0.5
    assert green(collected, RAW)[hour_key(FIRST, "chicago")].metadata["devices_missing"].value == "none"


def test_hours_that_came_along_are_green_too_and_say_why(collected: dg.ExecuteInProcessResult) -> None:
    healed = green(collected, RAW)[hour_key(FIRST - 5 * HOUR, "chicago")]

    assert "another hour" in str(healed.metadata["changed_by"].value)


def test_a_store_without_regions_has_an_empty_green_partition(collected: dg.ExecuteInProcessResult) -> None:
    regions = green(collected, REGIONS)

    assert regions[hour_key(FIRST, "lisbon")].metadata["dagster/partition_row_count"].value == 1
    assert regions[hour_key(FIRST, "chicago")].metadata["dagster/partition_row_count"].value == 0


@pytest.mark.usefixtures("collected")
def test_the_stores_without_regions_are_told_of_in_one_write(life: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    log = type(life.instance.event_log_storage)
    store_event_batch = log.store_event_batch

    def noted(self: Any, events: Sequence[dg.EventLogEntry]) -> None:
        made = [one for one in events if one.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION]
        written.append(len(made))
        store_event_batch(self, events)

    monkeypatch.setenv(EVENTS_AT_ONCE, "500")
    monkeypatch.setattr(log, "store_event_batch", noted)
    stores = life.know_stores()
    assert life.run(jobs.COLLECT_REGIONS, hour_rectangle(FIRST, LAST, stores), [REGIONS]).success
    assert max(written) == len(hours_of("pune") | hours_of("chicago"))


def test_dagster_shows_what_the_warehouse_holds(life: Living, collected: dg.ExecuteInProcessResult) -> None:
    held = life.sql("SELECT DISTINCT store_id, date_trunc('hour', interval_start) FROM retail.raw_sensor_counts")

    assert life.materialized("raw_sensor_counts") == {hour_key(hour, store_id) for store_id, hour in held}
    assert set(green(collected, RAW)) == life.materialized("raw_sensor_counts")


@pytest.mark.usefixtures("collected")
def test_every_missing_hour_stands_in_the_ledger_with_its_cause(life: Living) -> None:
    lines = {(sensor, hour, cause) for sensor, report, hour, cause in life.open_gaps() if report == "lines"}

    # The hours of Pune that start in the range and have ended; 12:30 is still open there.
    assert {(hour, cause) for sensor, hour, cause in lines if sensor == "pune-door"} == {
        (utc("2026-11-20 10:30"), "refused"),
        (utc("2026-11-20 11:30"), "refused"),
    }
    assert {hour for sensor, hour, _ in lines if sensor == "lisbon-yard"} == {FIRST, FIRST + HOUR}
    assert {sensor for sensor, *_ in lines} == {"pune-door", "lisbon-yard"}


@pytest.mark.parametrize(
    ("job", "keys"),
    [
        (jobs.COLLECT_SENSORS, (hour_key(LAST, "lisbon"), hour_key(FIRST, "lisbon"))),
        (jobs.COLLECT_SENSORS, (hour_key(FIRST, "chicago"), hour_key(LAST, "pune"))),
        (jobs.CALCULATE_REGIONS, (hour_key(LAST, "lisbon"), hour_key(FIRST, "lisbon"))),
        (jobs.AGGREGATE, (day_key(LAST.date(), "lisbon"), day_key(LAST.date() - dt.timedelta(days=1), "lisbon"))),
    ],
    ids=["collected, hours reversed", "collected, stores reversed", "derived", "summed up"],
)
@pytest.mark.usefixtures("collected")
def test_a_reversed_range_is_refused_and_asks_no_device(life: Living, job: str, keys: tuple[str, str]) -> None:
    before = life.requests()
    result = life.run(job, dict(zip((RANGE_START, RANGE_END), keys, strict=True)))

    assert not result.success
    assert any("its first key must not come after its last" in words for words in troubles(result))
    assert life.requests() == before


@pytest.mark.usefixtures("collected")
def test_what_has_counts_is_derived_and_what_has_none_is_neither_green_nor_red(life: Living) -> None:
    result = life.run(jobs.CALCULATE_REGIONS, hour_rectangle(FIRST, LAST, life.know_stores()))

    assert troubles(result) == []
    assert hours_of("lisbon") | hours_of("chicago") <= life.materialized("hourly_analytics")
    assert not hours_of("pune") & life.materialized("hourly_analytics")
    [(share, is_complete)] = life.sql(
        "SELECT completeness, is_complete FROM retail.hourly_analytics"
        " WHERE store_id = 'lisbon' AND hour_start = %(hour)s",
        hour=FIRST,
    )
    assert (share, is_complete) == (0.5, False)


@pytest.fixture
def backfill(life: Living) -> Iterator[list[dg.DagsterRun]]:
    """The runs that a backfill of 24 hours of one store, launched as in the UI, comes to; none is executed."""
    keys = [hour_key(utc("2026-11-17 00:00") + n * HOUR, "chicago") for n in range(24)]
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="retail_pipeline.definitions"))
    with WorkspaceProcessContext(life.instance, InProcessTestWorkspaceLoadTarget(location)) as workspace:
        wanted = PartitionBackfill.from_asset_partitions(
            backfill_id="a-day-of-chicago",
            asset_graph=workspace.create_request_context().asset_graph,
            partition_names=keys,
            asset_selection=[RAW],
            backfill_timestamp=dt.datetime.now(dt.UTC).timestamp(),
            tags={},
            dynamic_partitions_store=life.instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        life.instance.add_backfill(wanted)
        with ThreadPoolExecutor(1) as pool:
            errors = list(
                execute_backfill_iteration(workspace, logging.getLogger("backfill"), submit_threadpool_executor=pool)
            )
        assert [error for error in errors if error] == []
        yield list(life.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": "a-day-of-chicago"})))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Dagster's own, when it writes schedules down
@pytest.mark.usefixtures("collected")
def test_a_backfill_of_a_store_s_day_is_one_run_and_one_request_a_device_and_local_day(
    life: Living, backfill: list[dg.DagsterRun]
) -> None:
    [run] = backfill
    assert (run.tags[RANGE_START], run.tags[RANGE_END]) == ("2026-11-17-00:00|chicago", "2026-11-17-23:00|chicago")
    before = life.requests()["chicago-door"]

    assert life.run(jobs.COLLECT_SENSORS, {n: run.tags[n] for n in (RANGE_START, RANGE_END)}, [RAW]).success
    # In Chicago, that day of UTC is the end of one local day and most of the next.
    assert life.requests()["chicago-door"] - before == 2
    [(rows,)] = life.sql(
        "SELECT count(*) FROM retail.raw_sensor_counts WHERE store_id = 'chicago'"
        " AND interval_start >= '2026-11-17 00:00Z' AND interval_start < '2026-11-18 00:00Z'"
    )
    assert rows == 24


def test_long_stays_come_with_the_stays_of_their_hours(life: Living) -> None:
    life.at(utc("2026-11-20 12:45"))
    life.know_stores()
    door = device("lisbon-door", reports=["lines", "regions", "long_stays"], regions={1: "hall"})
    life.declare([store("lisbon", "Europe/Lisbon", door)])
    result = life.run(jobs.COLLECT_REGIONS, hour_rectangle(FIRST, LAST, ["lisbon"]), [REGIONS])
    life.declare(STORES)

    assert result.success
    assert hours_of("lisbon") <= green(result, REGIONS).keys()
    both = life.sql(
        "SELECT longer.region1 <= counts.region1, longer.reply_id <> counts.reply_id FROM retail.long_stay_counts"
        " AS longer INNER JOIN retail.regional_counts AS counts USING (sensor_id, interval_start)"
    )
    assert len(both) >= 3
    assert set(both) == {(True, True)}
    assert life.sql("SELECT sum(region1) > 0 FROM retail.long_stay_counts") == [(True,)]


def test_heat_comes_with_the_hourly_run_though_the_store_counts_no_regions(life: Living) -> None:
    life.at(utc("2026-11-20 12:45"))
    life.know_stores()
    life.declare([store("lisbon", "Europe/Lisbon", device("lisbon-door", reports=["lines", "heat"]))])
    result = life.run(jobs.COLLECT_REGIONS, hour_rectangle(FIRST, LAST, ["lisbon"]), [REGIONS])
    life.declare(STORES)

    assert result.success
    assert green(result, REGIONS).keys() == hours_of("lisbon")
    rows = life.sql(
        "SELECT count(*), sum(value) > 0 FROM retail.device_heat WHERE interval_start >= '2026-11-20 10:00Z'"
        " AND interval_start < '2026-11-20 12:00Z'"
    )
    assert rows == [(8, True)]


def test_live_counters_are_read_in_a_run_of_their_own_and_not_when_it_is_late(life: Living) -> None:
    life.at(utc("2026-11-20 12:47"))
    life.declare([store("chicago", "America/Chicago", device("chicago-door", counters=True))])
    late = life.run(jobs.LIVE, {NOT_AFTER: "2026-11-20T12:46:30+00:00"})
    result = life.run(jobs.LIVE, {NOT_AFTER: "2026-11-20T12:48:00+00:00"})
    life.declare(STORES)

    assert late.success
    assert not late.get_asset_materialization_events()
    [event] = result.get_asset_materialization_events()
    assert event.materialization.metadata["dagster/row_count"].value == 1
    [check] = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("live_counters_agree", True)
    assert life.sql("SELECT sensor_id, in_count > 0 FROM retail.live_counters") == [("chicago-door", True)]
