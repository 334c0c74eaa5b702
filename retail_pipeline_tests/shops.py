"""Small fleets for tests, as a fleet file would declare them."""

import datetime as dt
from typing import Any

from retail_pipeline.fleet.models import Fleet, Store

ENTRANCE = {1: {"role": "entrance"}}


def door(name: str, **declared: Any) -> dict[str, Any]:
    """A device over a door; hourly rows and one entrance line unless declared otherwise."""
    return {"id": name, "url": f"http://127.0.0.1:1/{name}", "lines": ENTRANCE, **declared}


def shop(name: str = "shop-1", *doors: dict[str, Any], **declared: Any) -> dict[str, Any]:
    """A store in UTC with one door unless declared otherwise, open from 10 to 20."""
    return {
        "id": name,
        "organization": "acme",
        "name": name,
        "timezone": "UTC",
        "opening_hours": {"mon-sun": "10:00-20:00"},
        "sensors": doors or (door(f"{name}-door"),),
        **declared,
    }


def fleet_of(*shops: dict[str, Any]) -> Fleet:
    """A fleet of one organisation."""
    return Fleet.model_validate({"organizations": [{"id": "acme", "name": "Acme"}], "stores": shops})


def store_of(**declared: Any) -> Store:
    """One store."""
    return fleet_of(shop(**declared)).stores[0]


def utc(text: str) -> dt.datetime:
    """`2026-07-18 10:00` in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
