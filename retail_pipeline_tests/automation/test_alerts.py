"""The sensor `alert_people`, ticked in a real Dagster instance over a real warehouse, telling a real receiver."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import psycopg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from retail_pipeline.automation import alerts
from retail_pipeline.automation.alerts import NOBODY
from retail_pipeline.definitions import build_defs
from retail_pipeline.fleet.load import load_fleet
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.health import STAGES
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.health import record_answers
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver

MINUTE = dt.timedelta(minutes=1)
SECRETS = ("a-device-secret", "a-warehouse-secret", "a-receiver-secret")
STORES = [f"shop-{n:02}" for n in range(1, 21)]


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


class Ticked:
    """The sensor at times of the test's choice; the cursor goes from tick to tick as in the daemon."""

    def __init__(self, url: str, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warehouse, self.instance = Warehouse(url), instance
        self.now = dt.datetime.now(dt.UTC)
        self.cursor: str | None = None
        monkeypatch.setattr(alerts, "utc_now", lambda: self.now)
        self.repository = build_defs(now=self.now).get_repository_def()

    def tick(self, minutes: float = 1) -> str:
        """One tick, so many minutes later; what it says."""
        self.now += minutes * MINUTE
        sensor = self.repository.get_sensor_def("alert_people")
        resources = {"fleet": FleetFile(), "warehouse": SupabasePostgres()}
        context = dg.build_sensor_context(
            self.instance, cursor=self.cursor, repository_def=self.repository, resources=resources
        )
        told = sensor.evaluate_tick(context)
        assert not told.run_requests
        self.cursor = told.cursor or self.cursor
        return told.skip_message or ""

    def poll(self, error: str | None = None) -> None:
        """Every device answers, or fails alike, now."""
        rows = [
            {"sensor_id": f"{name}-door", "store_id": name, "organization_id": "acme", "at": self.now}
            | {"is_ok": error is None, "error": error and f"{name}-door: {error}", "clock_skew_seconds": 1.0}
            for name in STORES
        ]
        with self.warehouse.transaction() as connection:
            record_answers(connection, pl.DataFrame(rows, schema_overrides={"error": pl.String}))

    def inspect(self, stage: str | None = None) -> None:
        """Everything is well, but for one stage of the first store."""
        rows = [
            (
                self.now,
                name,
                "acme",
                one,
                "a-run",
                *(("error", 1, "owes") if (one, n) == (stage, 0) else ("ok", 0, None)),
            )
            for n, name in enumerate(STORES)
            for one in STAGES
        ]
        names = ["checked_at", "store_id", "organization_id", "stage", "run_id", "status", "findings", "detail"]
        frame = pl.DataFrame(rows, schema=names, orient="row")
        with self.warehouse.transaction() as connection:
            tables.write_pipeline_health(
                connection,
                frame.cast({"findings": pl.Int32, "detail": pl.String, "checked_at": pl.Datetime("us", "UTC")}),
            )


@pytest.fixture
def ticked(
    tmp_path: Path,
    emptied_url: str,
    receiver: RunningReceiver,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> Ticked:
    fleet = tmp_path / "fleet.yaml"
    stores = [
        f"  - {{id: {name}, organization: acme, name: {name}, timezone: UTC, sensors: [{{id: {name}-door,"
        f" url: 'http://203.0.113.7:{8800 + n}', credential: SHOPS, lines: {{1: {{role: entrance}}}}}}]}}"
        for n, name in enumerate(STORES)
    ]
    fleet.write_text("\n".join(["organizations: [{id: acme, name: Acme Retail}]", "stores:", *stores]))
    monkeypatch.delenv("RETAIL_ORGANIZATIONS", raising=False)
    monkeypatch.delenv("RETAIL_LOCATION", raising=False)
    monkeypatch.setenv("RETAIL_FLEET", str(fleet))
    monkeypatch.setenv("RETAIL_DATABASE_URL", emptied_url)
    monkeypatch.setenv("RETAIL_ALERT_URLS", receiver.url)
    monkeypatch.setenv("RETAIL_CREDENTIAL_SHOPS_PASSWORD", SECRETS[0])
    ticked = Ticked(emptied_url, instance, monkeypatch)
    with ticked.warehouse.transaction() as connection:
        sync_fleet(connection, load_fleet(fleet), ticked.now - 600 * MINUTE)
    return ticked


def test_without_receivers_it_does_nothing_and_says_so(ticked: Ticked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETAIL_ALERT_URLS")

    assert ticked.tick() == NOBODY
    assert ticked.cursor is None


def test_it_is_on_by_default(ticked: Ticked) -> None:
    assert ticked.repository.get_sensor_def("alert_people").default_status is dg.DefaultSensorStatus.RUNNING


def test_tables_that_are_out_of_date_are_one_message(
    ticked: Ticked, receiver: RunningReceiver, instance: dg.DagsterInstance
) -> None:
    ticked.poll()
    for state in (FreshnessState.FAIL, FreshnessState.PASS):
        for name in ("hourly_analytics", "daily_summaries"):
            change = {"key": dg.AssetKey(name), "previous_state": FreshnessState.UNKNOWN, "new_state": state}
            instance._report_runless_asset_event(
                FreshnessStateChange(**change, state_change_timestamp=ticked.now.timestamp())
            )
        ticked.tick(20)

    assert receiver.titles == [
        "Pipeline: 2 tables are out of date",
        "Over: Pipeline: 2 tables are out of date",
    ]


def test_twenty_devices_behind_a_dead_router_are_one_message_and_one_when_they_are_back(
    ticked: Ticked, receiver: RunningReceiver
) -> None:
    error = "unreachable: no route to svc:a-device-secret@203.0.113.7 of postgresql://u:a-warehouse-secret@db/retail"
    assert ticked.tick() == "receiver 1 (JSON): nothing new"
    for _ in range(3):
        ticked.poll(error)
        ticked.inspect("collection")
        ticked.tick(30)
    ticked.tick()
    assert receiver.titles == ["Acme Retail: 20 devices on host 203.0.113.7 do not answer"]

    ticked.poll()
    ticked.tick()
    ticked.inspect()
    ticked.tick(40)
    assert receiver.titles[1:] == ["Over: Acme Retail: 20 devices on host 203.0.113.7 do not answer"]

    with ticked.warehouse.transaction() as connection:
        kept = connection.execute("SELECT to_jsonb(incidents)::text FROM retail.incidents").fetchall()
    said = json.dumps([receiver.taken, ticked.cursor, kept])
    assert len(kept) == 20
    assert not any(secret in said for secret in SECRETS)


def test_a_check_that_fails_with_healthy_devices_is_told_with_its_advice(
    ticked: Ticked, receiver: RunningReceiver
) -> None:
    ticked.poll()
    ticked.inspect("analytics")
    ticked.tick()
    assert receiver.titles == ["Acme Retail: analytics of shop-01 is unhealthy"]
    assert "shop-01: analytics: owes" in receiver.text

    ticked.now += 60 * MINUTE
    ticked.inspect()
    ticked.tick()
    assert receiver.titles[1:] == ["Over: Acme Retail: analytics of shop-01 is unhealthy"]


def test_a_failed_run_is_told_and_its_next_success_too(
    ticked: Ticked, receiver: RunningReceiver, instance: dg.DagsterInstance
) -> None:
    @dg.op
    def work(context: dg.OpExecutionContext) -> None:
        if "break" in context.run.tags:
            raise ConnectionError("cannot reach postgresql://svc:a-warehouse-secret@db.example/retail")

    @dg.job
    def run_analytics_aggregation() -> None:
        work()

    run_analytics_aggregation.execute_in_process(instance=instance, tags={"break": "yes"}, raise_on_error=False)
    ticked.tick()
    run_analytics_aggregation.execute_in_process(instance=instance)
    ticked.tick()

    assert receiver.titles == [
        "Pipeline: run_analytics_aggregation fails",
        "Over: Pipeline: run_analytics_aggregation fails",
    ]
    assert "postgresql://***@db.example/retail" in receiver.text


def test_a_warehouse_that_is_away_is_told_without_it(
    ticked: Ticked, receiver: RunningReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setenv("RETAIL_DATABASE_URL", "postgresql://svc:a-warehouse-secret@127.0.0.1:1/retail")
        assert "Nothing can be known" in ticked.tick()
        ticked.tick(6)
        ticked.tick()
    ticked.tick()

    assert receiver.titles == [
        "Pipeline: nothing can be collected or inspected",
        "Over: Pipeline: nothing can be collected or inspected",
    ]
    assert not any(secret in f"{receiver.text}{ticked.cursor}" for secret in SECRETS)


def test_a_location_names_itself_where_it_speaks_of_the_pipeline(
    ticked: Ticked, receiver: RunningReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAIL_LOCATION", "north")
    ticked.poll()
    change = {"key": dg.AssetKey("hourly_analytics"), "previous_state": FreshnessState.UNKNOWN}
    ticked.instance._report_runless_asset_event(
        FreshnessStateChange(**change, new_state=FreshnessState.FAIL, state_change_timestamp=ticked.now.timestamp())
    )
    ticked.tick(20)
    (tmp_path / "fleet.yaml").write_text("stores: [")
    ticked.tick()
    ticked.tick(6)

    assert receiver.titles == [
        "Pipeline north: hourly_analytics is out of date",
        "Pipeline north: nothing can be collected or inspected",
    ]


def test_a_fleet_file_that_cannot_be_read_is_told_like_it(
    ticked: Ticked, receiver: RunningReceiver, tmp_path: Path
) -> None:
    (tmp_path / "fleet.yaml").write_text("stores: [")
    ticked.tick()
    ticked.tick(6)

    assert receiver.titles == ["Pipeline: nothing can be collected or inspected"]


def test_a_receiver_that_is_down_fails_no_tick(ticked: Ticked, receiver: RunningReceiver) -> None:
    receiver.is_up = False
    for _ in range(3):
        ticked.now += 30 * MINUTE
        ticked.poll("refused: 401")
    assert "does not answer, 1 messages wait" in ticked.tick()

    receiver.is_up = True
    assert ticked.tick(5) == "receiver 1 (JSON): 1 messages sent"
    assert receiver.titles == ["Acme Retail: 20 devices on credential SHOPS do not answer"]


def test_a_store_that_is_no_longer_declared_is_no_failure(ticked: Ticked, receiver: RunningReceiver) -> None:
    for _ in range(3):
        ticked.now += 30 * MINUTE
        ticked.poll("unreachable: no route")
    ticked.tick()
    with psycopg.connect(str(ticked.warehouse._url)) as connection:
        connection.execute("UPDATE retail.sensors SET valid_to = greatest(valid_from, now())")
    ticked.tick()

    assert len(receiver.taken) == 2
