"""The whole work of a run, connected as the pipeline's own role: every table it fills, and nothing beyond."""

from collections.abc import Iterator

import psycopg
import pytest

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.client import fetch_all
from retail_pipeline.fleet.models import Report
from retail_pipeline.local.demo import demo_environment, demo_fleet, demo_scenario_path, pointed_at
from retail_pipeline.local.simulator.auth import Secret
from retail_pipeline.local.simulator.scenario import load_scenario
from retail_pipeline.steps.collect import collect
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import evaluate, record_health
from retail_pipeline.steps.keep_house import keep_house
from retail_pipeline.steps.recover import close_lost_gaps, open_gaps
from retail_pipeline.steps.status import gather_status
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.steps.test_a_poll import DAY, HOUR, NOW


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    known = {"DEMO": Secret("svc", demo_environment()["RETAIL_CREDENTIAL_DEMO_PASSWORD"])}
    with running_simulator(demo_fleet(), load_scenario(demo_scenario_path()), known) as running:
        running.freeze(NOW.isoformat())
        yield running


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER ROLE retail_pipeline LOGIN")
    return Warehouse(database_url.replace("//postgres@", "//retail_pipeline@"))


def test_the_pipeline_s_own_role_does_all_the_work(simulator: RunningSimulator, warehouse: Warehouse) -> None:
    fleet = pointed_at(demo_fleet(), simulator.base_url)
    hours = dict.fromkeys(fleet.store_ids, DAY)

    def fetch(asks):
        return fetch_all(asks, env_credentials(demo_environment()))

    for report in Report:
        assert collect(fleet, warehouse, fetch, report, hours, NOW).failed == []
    derive_hours(fleet, warehouse, hours, NOW, "a-run")
    days = {store_id: {day for _, day in due_days(fleet, warehouse, DAY[0], NOW)} for store_id in fleet.store_ids}
    summarise_days(fleet, warehouse, days, NOW, "a-run", due_only=True, since=DAY[0])
    open_gaps(fleet, warehouse, None, NOW - 72 * HOUR, NOW)
    assert close_lost_gaps(warehouse, NOW + 60 * 24 * HOUR)
    record_health(fleet, warehouse, evaluate(fleet, warehouse, None, NOW), NOW, "a-run")
    years_later = NOW + 1500 * 24 * HOUR
    ends = {"first_hour": years_later, "first_day": years_later.date(), "clock": lambda: years_later}

    assert len(gather_status(fleet, warehouse, None, NOW).stages) > 0
    with warehouse.transaction() as connection:
        for table in ("raw_sensor_counts", "hourly_analytics", "daily_summaries", "device_replies", "pipeline_health"):
            [stores] = connection.execute(f"SELECT count(DISTINCT store_id) FROM retail.{table}".encode()).fetchone()
            assert stores == len(fleet.store_ids), table
        assert connection.execute("SELECT * FROM retail.regional_counts").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute("SELECT * FROM retail.memberships")
    removed = keep_house(fleet, warehouse, **ends).removed
    assert {"raw_sensor_counts", "hourly_analytics", "device_replies"} <= {table for table, _ in removed}
