"""All devices of a fleet behind one port: routing, the order in which a device answers, and what it was asked.

The port itself belongs in `server`, the tests' own paths in `control`.
"""

import datetime as dt
import random
from collections import Counter, deque
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any, NamedTuple

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.simulator.auth import Gatekeeper, Secret
from retail_pipeline.local.simulator.clock import SimulatedClock
from retail_pipeline.local.simulator.device import Asked, SimulatedDevice
from retail_pipeline.local.simulator.faults import FAULTS, WireFault
from retail_pipeline.local.simulator.faults.kinds import Setup
from retail_pipeline.local.simulator.http import HttpReply, HttpRequest
from retail_pipeline.local.simulator.scenario import FaultSpec, Scenario
from retail_pipeline.local.simulator.striking import (
    Striker,
    deaf_fault,
    with_reply_faults,
    with_setup_faults,
    with_table_faults,
)
from retail_pipeline.local.simulator.table import HEAT, LINES, REGIONS
from retail_pipeline.local.simulator.truth import Truth

LIVE = "get.vca.alarmstatus"
FLOOR_HEAT = "spaceheatmap"
_REMEMBERED_REQUESTS = 100_000
_NEVER = Asked(dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 2))  # noqa: DTZ001 - a device's wall clock is naive


class Answer(NamedTuple):
    """What a device does with a request: its reply, after how long, and the fault of the connection if there is one."""

    reply: HttpReply
    wait_s: float = 0.0
    wire_fault: FaultSpec | None = None


class FleetPort:
    """The devices of a fleet, the truth they see, and the memory of what they were asked."""

    def __init__(self, fleet: Fleet, scenario: Scenario, known: Mapping[str, Secret]) -> None:
        self.clock = SimulatedClock()
        self.scenario = scenario
        self.truth = Truth(scenario.seed, scenario.crowds())
        self.devices = {
            device.id: SimulatedDevice(store, device, self.truth) for store in fleet.stores for device in store.sensors
        }
        self.requests: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED_REQUESTS)
        self.counts: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most_under_way: Counter[str] = Counter()
        self._gatekeeper = Gatekeeper(known)
        self._strikers: dict[str, Striker] = {}

    def change(self, sensor_id: str, changes: Mapping[str, Any]) -> None:
        """Give one device another behaviour from now on; its faults are counted anew.

        Raises:
            ScenarioError: a field or fault that does not exist.
        """
        self.scenario = self.scenario.with_device(sensor_id, changes)
        self._strikers.pop(sensor_id, None)

    def sensor_of(self, request: HttpRequest) -> str:
        """The first part of the path."""
        return request.path.split("/")[1] if request.path.startswith("/") else ""

    def answer(self, request: HttpRequest) -> Answer:
        """What the device of the request's path does."""
        device = self.devices.get(self.sensor_of(request))
        if device is None:
            return Answer(_plain(404, "no such device\n"))
        behaviour = self.scenario.device(device.device.id)
        wait_s = random.uniform(*(behaviour.latency or self.scenario.latency))  # noqa: S311 - not a secret
        deaf = deaf_fault(behaviour.faults, self.clock.now())
        if deaf is not None:
            answer = Answer(HttpReply(), 0.0, deaf)
        elif refusal := self._gatekeeper.refusal(device.device, request):
            answer = Answer(refusal, wait_s)
        else:
            answer = self._welcome(device, request)._replace(wait_s=wait_s)
        self._remember(device, request, answer)
        return answer

    def _welcome(self, device: SimulatedDevice, request: HttpRequest) -> Answer:
        query, now = request.query, self.clock.now()
        behaviour = self.scenario.device(device.device.id)
        dw = query.get("dw") or query.get("action", "")
        try:
            asked = _asked(query)
        except ValueError:
            return Answer(_plain(400, "time_start and time_end are written YYYY-MM-DD-HH:MM:SS\n"))
        span = device.asked_span(asked) if asked != _NEVER else None
        struck = self._strikers.setdefault(device.device.id, Striker()).strike(behaviour.faults, dw, span, now)
        offset = dt.timedelta(seconds=behaviour.clock_offset_seconds)
        kept = behaviour.clock_at(now)
        setup = with_setup_faults(Setup(kept.now() + offset, offset, device.device.interval_minutes, kept), struck)
        reply = self._reply(device, dw, asked, setup, struck, _longer_than(query))
        if behaviour.sends_date:
            reply = reply.with_headers({"Date": format_datetime(setup.clock, usegmt=True)})
        wire = next((fault for fault in struck if isinstance(FAULTS[fault.name], WireFault)), None)
        return Answer(with_reply_faults(reply, struck), 0.0, wire)

    def _reply(
        self,
        device: SimulatedDevice,
        dw: str,
        asked: Asked,
        setup: Setup,
        struck: list[FaultSpec],
        longer_than: int,
    ) -> HttpReply:
        if dw == LIVE:
            return _plain(200, device.live_counters(setup, self.scenario.device(device.device.id)))
        if dw == FLOOR_HEAT:
            return HttpReply(200, device.floor_heat().encode(), {"Content-Type": "application/json"})
        if dw not in (LINES, REGIONS, HEAT):
            return _plain(404, "no such report\n")
        if asked == _NEVER:
            return _plain(400, "time_start and time_end are missing\n")
        if dw == HEAT:
            table = device.heat(asked, setup)
        else:
            table = device.report(dw, asked, setup, self.scenario.device(device.device.id), longer_than)
        return _csv(with_table_faults(table, struck, setup.clock, asked.start).text())

    def _remember(self, device: SimulatedDevice, request: HttpRequest, answer: Answer) -> None:
        query, sensor_id = request.query, device.device.id
        self.counts[sensor_id] += 1
        self.requests.append(
            {
                "method": request.method,
                "sensor_id": sensor_id,
                "dw": query.get("dw") or query.get("action"),
                "time_start": query.get("time_start"),
                "time_end": query.get("time_end"),
                "status": None if answer.wire_fault else answer.reply.status,
                "fault": answer.wire_fault.name if answer.wire_fault else None,
                "has_authorization": "authorization" in request.headers,
                "target": request.target,
                "at": self.clock.now().isoformat(),
            }
        )


def _asked(query: Mapping[str, str]) -> Asked:
    if "time_start" not in query and "time_end" not in query:
        return _NEVER
    stamps = [query.get("time_start", ""), query.get("time_end", "")]
    return Asked(*(dt.datetime.strptime(stamp, "%Y-%m-%d-%H:%M:%S") for stamp in stamps))  # noqa: DTZ007


def _longer_than(query: Mapping[str, str]) -> int:
    """Seconds beyond which stays are counted; 0: all are."""
    return int(query.get("length", "0")) if query.get("lengthtype") == "1" else 0


def _plain(status: int, text: str) -> HttpReply:
    return HttpReply(status, text.encode(), {"Content-Type": "text/plain"})


def _csv(text: str) -> HttpReply:
    return HttpReply(200, text.encode(), {"Content-Type": "text/csv"})
