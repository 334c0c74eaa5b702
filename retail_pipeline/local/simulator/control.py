"""Paths for tests and onlookers, which no device has: `/_requests`, `/_truth`, `/_scenario`, `/_clock`, `/_health`."""

import datetime as dt
import json
import os
from collections.abc import Mapping
from typing import Any

from retail_pipeline.local.simulator.fleet_port import FleetPort
from retail_pipeline.local.simulator.http import HttpReply, HttpRequest
from retail_pipeline.local.simulator.scenario import ScenarioError


def control_reply(port: FleetPort, request: HttpRequest) -> HttpReply | None:
    """The reply to a request for one of the paths above, None for a device's path.

    `GET /_requests` counts and lists what each device was asked, `DELETE /_requests` forgets it. `GET
    /_truth?sensor=..&start=..&end=..` (ISO, UTC) gives the device's true rows. `GET /_scenario` gives the scenario,
    `POST /_scenario` `{"sensor": id or "*", field: value, ...}` changes a device. `GET /_clock` tells the time, `POST
    /_clock` `{"now": ISO, "frozen": bool}` or `{"offset_seconds": n}` moves it.
    """
    routes = {
        "/_requests": _requests,
        "/_truth": _truth,
        "/_scenario": _scenario,
        "/_clock": _clock,
        "/_health": _health,
    }
    route = routes.get(request.path)
    if route is None:
        return None
    try:
        return _json(200, route(port, request))
    except (KeyError, ValueError, TypeError, ScenarioError) as error:
        return _json(400, {"error": f"{type(error).__name__}: {error}"})


def _requests(port: FleetPort, request: HttpRequest) -> Mapping[str, Any]:
    told = {
        "counts": dict(port.counts),
        "most_under_way": dict(port.most_under_way),
        "requests": list(port.requests),
    }
    if request.method == "DELETE":
        port.counts.clear()
        port.most_under_way.clear()
        port.requests.clear()
    return told


def _truth(port: FleetPort, request: HttpRequest) -> Mapping[str, Any]:
    device = port.devices[request.query["sensor"]]
    start, end = (_instant(request.query[name]) for name in ("start", "end"))
    rows = []
    for row in port.truth.rows(device.device, device.store, start, end):
        told: dict[str, Any] = {"interval_start": row.start.isoformat(), "interval_end": row.end.isoformat()}
        for number, (entered, left) in enumerate(row.people.lines, 1):
            told |= {f"line{number}_in": entered, f"line{number}_out": left}
        rows.append(told | {f"region{number}": stays for number, stays in enumerate(row.people.regions, 1)})
    return {"sensor_id": device.device.id, "rows": rows}


def _scenario(port: FleetPort, request: HttpRequest) -> Mapping[str, Any]:
    if request.method == "POST":
        changes = json.loads(request.body)
        sensor_id = changes.pop("sensor")
        if sensor_id != "*" and sensor_id not in port.devices:
            raise ValueError(f"no device {sensor_id}")
        for each in port.devices if sensor_id == "*" else (sensor_id,):
            port.change(each, changes)
    told: Mapping[str, Any] = port.scenario.model_dump(mode="json", by_alias=True)
    return told


def _clock(port: FleetPort, request: HttpRequest) -> Mapping[str, Any]:
    if request.method == "POST":
        wanted = json.loads(request.body)
        if "now" in wanted:
            port.clock.set(_instant(wanted["now"]), is_frozen=bool(wanted.get("frozen", False)))
        else:
            port.clock.move(float(wanted["offset_seconds"]))
    return {"now": port.clock.now().isoformat()}


def _health(port: FleetPort, _request: HttpRequest) -> Mapping[str, Any]:
    return {"devices": len(port.devices), "pid": os.getpid()}


def _instant(text: str) -> dt.datetime:
    # A `+` of an offset arrives as a blank when nobody escaped it.
    instant = dt.datetime.fromisoformat(text.replace(" ", "+"))
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return instant.astimezone(dt.UTC)


def _json(status: int, told: Mapping[str, Any]) -> HttpReply:
    return HttpReply(status, json.dumps(told).encode(), {"Content-Type": "application/json"})
