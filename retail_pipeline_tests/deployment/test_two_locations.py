"""A fleet split over two code locations on one Postgres and one Dagster: each serves its own organisations alone."""

from collections import Counter
from collections.abc import Iterator

import dagster as dg
import pytest
import yaml
from dagster._core.scheduler.instigation import TickStatus

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.automation import jobs
from retail_pipeline.automation.stores import UNFINISHED
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline_tests.deployment.cluster import ROOT, Cluster, cluster, live_since
from retail_pipeline_tests.living import empty_database
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import door, shop
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver

LOCATIONS = {"north": "acme", "south": "globex"}
STORES = {"oslo": "acme", "bergen": "acme", "rome": "globex"}
DAY = 24
TABLES = ("raw_sensor_counts", "hourly_analytics")
OPEN_EVERY_CIRCUIT = """
UPDATE retail.device_health
SET circuit = 'open', consecutive_failures = 3, opened_at = now(), next_probe_at = now() + interval '1 hour',
    last_error = 'unreachable: no route', last_error_at = now()
"""


def declared(base_url: str, *stores: str) -> dict[str, object]:
    owners = sorted({STORES[name] for name in stores})
    shops = [
        shop(
            name,
            door(f"{name}-door", url=f"{base_url}/{name}-door"),
            organization=STORES[name],
            live_since=live_since(),
        )
        for name in stores
    ]
    return {"organizations": [{"id": one, "name": one.title()} for one in owners], "stores": shops}


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(Fleet.model_validate(declared("http://127.0.0.1:1", *STORES))) as running:
        yield running


@pytest.fixture(scope="module")
def receiver() -> Iterator[RunningReceiver]:
    """Whom both locations tell what fails."""
    with running_receiver() as running:
        yield running


@pytest.fixture(scope="module")
def split(
    postgres: PostgresHandle,
    tmp_path_factory: pytest.TempPathFactory,
    simulator: RunningSimulator,
    receiver: RunningReceiver,
) -> Iterator[Cluster]:
    """Two locations that have collected the last day and recovered what lay before, and a daemon that goes on."""
    admin, home, config = postgres.url("postgres"), tmp_path_factory.mktemp("split"), ROOT / "dagster.yaml"
    with (
        empty_database(admin, postgres.url) as url,
        empty_database(admin, postgres.url) as dagster_url,
        cluster(home, url, dagster_url, config, RETAIL_ALERT_URLS=receiver.url) as made,
    ):
        made.devices = simulator.base_url
        made.declare(declared(made.devices, "oslo", "rome"))
        made.serve(LOCATIONS)
        made.start_daemon()
        made.await_that(lambda: all(map(made.is_up_to_date, ("oslo", "rome"))))
        made.await_that(lambda: all(len(made.materialized(one, "hourly_analytics")) > DAY for one in LOCATIONS))
        yield made


def location_of(run: dg.DagsterRun) -> str:
    assert run.remote_job_origin
    return run.remote_job_origin.location_name


def stores_named_by(run: dg.DagsterRun) -> set[str]:
    """The stores that a run names; checks and outlook have none."""
    named = {run.tags.get(name, "") for name in (RANGE_START, RANGE_END, "dagster/partition")}
    return {store for one in named if (store := one.partition("|")[2])}


def stores_of(partitions: set[str]) -> set[str]:
    return {one.split("|")[1] for one in partitions}


def test_each_location_has_keys_partitions_and_rows_of_its_own(split: Cluster) -> None:
    instance = split.instance
    assert instance.get_dynamic_partitions("north_store") == ["oslo"]
    assert instance.get_dynamic_partitions("south_store") == ["rome"]
    assert instance.get_dynamic_partitions("store") == []
    for table in TABLES:
        assert stores_of(split.materialized("north", table)) == {"oslo"}
        assert stores_of(split.materialized("south", table)) == {"rome"}
    assert {key.path[0] for key in instance.all_asset_keys()} == {"north", "south"}
    assert split.sql("SELECT DISTINCT organization_id, store_id FROM retail.raw_sensor_counts ORDER BY 1") == [
        ("acme", "oslo"),
        ("globex", "rome"),
    ]


def test_every_hour_was_collected_once_by_the_location_that_it_belongs_to(split: Cluster) -> None:
    runs = split.instance.get_runs()

    assert {run.status for run in runs} <= {dg.DagsterRunStatus.SUCCESS, *UNFINISHED}
    asked = {(location_of(run), store) for run in runs for store in stores_named_by(run)}
    assert asked == {("north", "oslo"), ("south", "rome")}
    replies = "SELECT store_id, window_start, count(*) FROM retail.device_replies GROUP BY 1, 2 HAVING count(*) > 2"
    assert split.sql(replies) == []


def test_no_tick_of_either_location_failed_and_nobody_closed_the_other_s_stores(split: Cluster) -> None:
    states = split.instance.all_instigator_state()
    ticks = [
        tick
        for state in states
        for tick in split.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=20)
    ]

    assert {tick.instigator_name for tick in ticks} >= {"sync_fleet", "recover_missed_hours", "catch_up_days"}
    assert [tick.error for tick in ticks if tick.status is TickStatus.FAILURE] == []
    assert split.sql("SELECT store_id FROM retail.stores WHERE valid_to IS NULL ORDER BY 1") == [("oslo",), ("rome",)]
    assert split.sql("SELECT count(*) FROM retail.stores WHERE valid_to IS NOT NULL") == [(0,)]


def test_checks_of_a_location_are_recorded_under_its_keys_and_inspect_its_stores_alone(split: Cluster) -> None:
    run = split.launch("south", jobs.HEALTH)
    split.await_that(lambda: split.is_finished(run))

    records = split.instance.event_log_storage.get_latest_asset_check_execution_by_key
    raw = [dg.AssetCheckKey(dg.AssetKey([one, "raw_sensor_counts"]), "all_sensors_reported") for one in LOCATIONS]
    assert set(records(raw)) == set(raw)
    assert records(raw)[raw[1]].run_id == run
    inspected = split.sql(f"SELECT DISTINCT store_id FROM retail.pipeline_health WHERE run_id = '{run}'")
    assert inspected == [("rome",)]


def test_what_fails_is_told_once_and_by_its_own_location(
    split: Cluster, simulator: RunningSimulator, receiver: RunningReceiver
) -> None:
    for store in ("oslo", "rome"):
        simulator.behave(f"{store}-door", faults=["refused"])
    split.sql(OPEN_EVERY_CIRCUIT)
    expected = {"Acme: oslo-door does not answer", "Globex: rome-door does not answer"}
    split.await_that(lambda: expected <= set(receiver.titles))

    noticed = split.sql("SELECT location, subject FROM retail.incidents WHERE kind = 'device' ORDER BY location")
    assert noticed == [("north", "oslo-door"), ("south", "rome-door")]
    assert Counter(one for one in receiver.titles if one in expected) == Counter(expected)


def test_a_location_that_goes_leaves_the_other_s_partitions_alone_and_the_other_its(split: Cluster) -> None:
    gone = split.materialized("south", "raw_sensor_counts")
    rows = split.sql("SELECT count(*) FROM retail.raw_sensor_counts WHERE store_id = 'rome'")
    split.end("south")
    split.declare(declared(split.devices, "oslo", "bergen"))
    split.await_that(lambda: split.instance.get_dynamic_partitions("north_store") == ["oslo", "bergen"])

    assert split.instance.get_dynamic_partitions("south_store") == ["rome"]
    assert split.materialized("south", "raw_sensor_counts") == gone
    assert split.sql("SELECT count(*) FROM retail.raw_sensor_counts WHERE store_id = 'rome'") == rows
    assert split.sql("SELECT valid_to FROM retail.stores WHERE store_id = 'rome'") == [(None,)]


def test_the_worked_example_names_servers_for_its_locations() -> None:
    example = yaml.safe_load((ROOT / "deploy" / "workspace.split.yaml").read_text())

    assert [one["grpc_server"]["location_name"] for one in example["load_from"]] == list(LOCATIONS)
