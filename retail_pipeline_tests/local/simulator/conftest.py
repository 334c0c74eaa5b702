from collections.abc import Iterator
from typing import Any

import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator


def a_device(sensor_id: str, **fields: object) -> dict[str, Any]:
    lines = {1: {"role": "entrance", "from": "outside", "to": "hall"}, 4: {"role": "passers_by"}}
    return {"id": sensor_id, "url": f"http://sensor.example/{sensor_id}", "lines": lines, **fields}


def a_store(store_id: str, *devices: dict[str, Any], **fields: object) -> dict[str, Any]:
    store: dict[str, Any] = {"id": store_id, "organization": "acme", "name": store_id, "timezone": "Europe/Lisbon"}
    store |= {"opening_hours": {"mon-sun": "10:00-20:00"}, "zones": {"hall": {"kind": "entrance", "name": "Hall"}}}
    return {**store, "sensors": list(devices), **fields}


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    return Fleet.model_validate(
        {
            "organizations": [{"id": "acme", "name": "Acme Retail"}],
            "stores": [
                a_store(
                    "lisbon",
                    a_device("open", reports=["lines", "regions"], regions={1: "hall"}),
                    a_device("basic", credential="SHOPS", auth="basic"),
                    a_device("digest", credential="SHOPS", auth="digest"),
                    a_device("unknown", credential="NOBODY"),
                ),
                a_store("replay", a_device("hourly"), a_device("half-hourly", interval_minutes=30)),
                a_store("india", a_device("kolkata"), timezone="Asia/Kolkata"),
            ],
        }
    )


@pytest.fixture
def simulator(fleet: Fleet) -> Iterator[RunningSimulator]:
    scenario = Scenario.model_validate({"seed": 7, "stores": {"replay": {"source": "calit2"}}})
    with running_simulator(fleet, scenario) as running:
        running.freeze("2026-07-10T12:40:00Z")  # a Friday, 13:40 in Lisbon
        yield running
