"""A simulator in a thread of the test, and how tests talk to it."""

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.simulator.auth import Secret
from retail_pipeline.local.simulator.fleet_port import FleetPort
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.local.simulator.server import serving

SECRET = Secret("svc", "a-test-password")
STAMP = "%Y-%m-%d-%H:%M:%S"
LINES_QUERY = "dw=vcalogcsv&report_type=0&statistics_type=3&linetype=31"
REGIONS_QUERY = "dw=regionalcountlogcsv&report_type=0&lengthtype=0&length=0&region1=1&region2=1&region3=1&region4=1"


class RunningSimulator:
    """Base URL of a simulator and a client for it."""

    def __init__(self, base_url: str, port: FleetPort, client: httpx.Client) -> None:
        self.base_url, self.port, self.client = base_url, port, client

    def get(self, sensor_id: str, query: str, auth: httpx.Auth | None = None) -> httpx.Response:
        return self.client.get(f"{self.base_url}/{sensor_id}/dataloader.cgi?{query}", auth=auth)

    def lines(self, sensor_id: str, start: str, end: str, auth: httpx.Auth | None = None) -> httpx.Response:
        return self.get(sensor_id, f"{LINES_QUERY}&time_start={start}&time_end={end}", auth)

    def regions(self, sensor_id: str, start: str, end: str) -> httpx.Response:
        return self.get(sensor_id, f"{REGIONS_QUERY}&time_start={start}&time_end={end}")

    def freeze(self, now: str) -> None:
        self.post("_clock", {"now": now, "frozen": True})

    def behave(self, sensor_id: str, **fields: object) -> None:
        self.post("_scenario", {"sensor": sensor_id, **fields})

    def truth(self, sensor_id: str, start: str, end: str) -> list[dict[str, Any]]:
        query = {"sensor": sensor_id, "start": start, "end": end}
        reply = self.client.get(f"{self.base_url}/_truth", params=query)
        rows: list[dict[str, Any]] = reply.raise_for_status().json()["rows"]
        return rows

    def asked(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get(f"{self.base_url}/_requests").json()
        return told

    def post(self, path: str, told: dict[str, Any]) -> httpx.Response:
        return self.client.post(f"{self.base_url}/{path}", json=told).raise_for_status()


@contextlib.contextmanager
def running_simulator(
    fleet: Fleet, scenario: Scenario | None = None, known: dict[str, Secret] | None = None
) -> Iterator[RunningSimulator]:
    """A simulator of the fleet; devices with the credential SHOPS accept `SECRET`."""
    fleet_port = FleetPort(fleet, scenario or Scenario(), known or {"SHOPS": SECRET})
    ready: list[int] = []
    is_ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with serving(fleet_port, 0) as port:
            ready.append(port)
            is_ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert is_ready.wait(10)
        base_url = f"http://127.0.0.1:{ready[0]}"
        with httpx.Client(timeout=5, trust_env=False) as client:
            yield RunningSimulator(base_url, fleet_port, client)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def report_rows(text: str) -> list[dict[str, str]]:
    """Rows of a CSV report, by stripped names."""
    head, *rows = text.splitlines()
    names = [name.strip() for name in head.split(",")]
    return [dict(zip(names, row.split(","), strict=True)) for row in rows]


def stamp(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, "%Y/%m/%d %H:%M:%S")  # noqa: DTZ007
