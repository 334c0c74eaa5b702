"""Stores and fleet files for the tests of the fleet, as small as they can be."""

from typing import Any

from retail_pipeline.fleet.models import Fleet, Store

DOOR = {1: {"role": "entrance"}}


def device(sensor_id: str = "door", /, **declared: object) -> dict[str, Any]:
    return {"id": sensor_id, "url": f"http://sensor.example/{sensor_id}", "lines": DOOR} | declared


def store(timezone: str = "Europe/Lisbon", **declared: object) -> Store:
    return Store.model_validate({"id": "shop", "organization": "acme", "name": "Shop", "timezone": timezone} | declared)


def floor(zones: dict[str, str], lines: dict[int, dict[str, Any]], **flags: dict[str, Any]) -> dict[str, Any]:
    """`zones` by kind, one device `door` with `lines`; `flags` by zone."""
    declared = {name: {"kind": kind, "name": name} | flags.get(name, {}) for name, kind in zones.items()}
    return {"zones": declared, "sensors": [device(lines=lines)]}


def fleet(**declared: object) -> Fleet:
    return Fleet.model_validate(
        {
            "organizations": [{"id": "acme", "name": "Acme"}],
            "stores": [
                {"id": "shop", "organization": "acme", "name": "Shop", "timezone": "Europe/Lisbon"}
                | {"opening_hours": {"mon-sun": "10:00-22:00"}, "sensors": [device()]}
                | declared
            ],
        }
    )
