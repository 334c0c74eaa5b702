from zoneinfo import ZoneInfo

import httpx
import pytest

from retail_pipeline.fleet.models import Auth, Fleet, Report, Role
from retail_pipeline.local.demo import demo_environment, demo_fleet, demo_fleet_path, demo_scenario_path, pointed_at
from retail_pipeline.local.simulator.auth import secrets_of
from retail_pipeline.local.simulator.scenario import Scenario, Window, load_scenario
from retail_pipeline.local.simulator.truth import Source
from retail_pipeline_tests.local.simulator.running import report_rows, running_simulator


@pytest.fixture(scope="module")
def demo() -> Fleet:
    return demo_fleet()


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(demo_scenario_path())


def test_the_demo_has_two_replays_and_two_shops(demo: Fleet, scenario: Scenario) -> None:
    replays = [store_id for store_id in demo.store_ids if scenario.stores[store_id].source is Source.CALIT2]
    assert len(demo.stores) == 4
    assert len(replays) == 2
    assert {str(demo.store(store_id).day_starts_at) for store_id in replays} == {"05:00:00"}
    assert {demo.store(store_id).sensors[0].interval_minutes for store_id in replays} == {30, 60}


def test_a_zone_of_the_demo_is_not_a_whole_hour_from_utc(demo: Fleet) -> None:
    offsets = {ZoneInfo(store.timezone).key for store in demo.stores}
    assert {"Asia/Kolkata", "America/Los_Angeles", "Europe/Lisbon"} == offsets


def test_the_zones_of_the_shops_are_closed_by_lines(demo: Fleet) -> None:
    assert set(demo.store("lisbon-01").graph.closed_zones) == {"entrance", "shopping", "queue"}
    assert set(demo.store("lisbon-02").graph.closed_zones) == {"entrance", "shopping", "queue", "premium"}
    assert demo.store("lisbon-01").devices_for(Report.REGIONS)


def test_every_shop_has_a_street(demo: Fleet) -> None:
    for store_id in ("lisbon-01", "lisbon-02"):
        lines = [line for device in demo.store(store_id).sensors for line in device.lines.values()]
        assert [line.role for line in lines].count(Role.PASSERS_BY) == 1


def test_both_ways_to_ask_for_a_secret_and_to_read_a_window_are_shown(demo: Fleet, scenario: Scenario) -> None:
    devices = [device for store in demo.stores for device in store.sensors]
    assert {device.auth for device in devices} == {Auth.BASIC, Auth.DIGEST}
    assert {scenario.device(device.id).window for device in devices} == set(Window)


def test_the_scenario_names_only_what_exists(demo: Fleet, scenario: Scenario) -> None:
    assert set(scenario.stores) <= set(demo.store_ids)
    assert set(scenario.devices) <= {device.id for store in demo.stores for device in store.sensors}


def test_the_demo_follows_its_simulator(demo: Fleet) -> None:
    moved = demo_fleet("http://127.0.0.1:4711/")
    for store, before in zip(moved.stores, demo.stores, strict=True):
        assert store.graph == before.graph
        for device in store.sensors:
            assert str(device.url) == f"http://127.0.0.1:4711/{device.id}"


def test_a_device_can_be_pointed_at_a_port_where_nobody_listens(demo: Fleet) -> None:
    moved = pointed_at(demo, "http://127.0.0.1:4711", {"lisbon-01-door": 9})
    assert str(moved.store("lisbon-01").sensors[0].url) == "http://127.0.0.1:9/lisbon-01-door"


def test_the_fleet_file_holds_no_secret() -> None:
    text = demo_fleet_path().read_text()
    assert [value for value in demo_environment().values() if value in text and value != "svc"] == []


def test_every_device_of_the_demo_answers_its_reports(demo: Fleet, scenario: Scenario) -> None:
    known = secrets_of(demo_environment())
    quick = scenario.model_copy(update={"latency": (0.0, 0.0)})
    window = "time_start=2026-07-08-00:00:00&time_end=2026-07-08-23:59:59"
    with running_simulator(demo, quick, known) as simulator:
        simulator.freeze("2026-07-10T12:00:00Z")
        for device in (device for store in demo.stores for device in store.sensors):
            secret = known["DEMO"]
            auth = httpx.BasicAuth(*secret) if device.auth is Auth.BASIC else httpx.DigestAuth(*secret)
            rows = report_rows(simulator.get(device.id, f"dw=vcalogcsv&{window}", auth).raise_for_status().text)
            assert len(rows) == 24 * 60 // device.interval_minutes
            assert sum(int(row["Tolal - Sum"]) for row in rows) > 0
