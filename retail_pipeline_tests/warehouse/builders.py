"""A small fleet, and rows of it, for the tests of the warehouse."""

import datetime as dt
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames import schemas

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
DOOR: dict[str, Any] = {
    "id": "lisbon-door",
    "url": "http://sensor.example/1",
    "reports": ["lines", "regions"],
    "lines": {1: {"role": "entrance", "from": "outside", "to": "hall"}, 4: {"role": "passers_by"}},
    "regions": {1: "hall"},
}
LISBON: dict[str, Any] = {
    "id": "lisbon",
    "organization": "acme",
    "name": "Lisbon",
    "timezone": "Europe/Lisbon",
    "sensors": [DOOR],
    "zones": {"hall": {"kind": "entrance", "name": "Hall"}},
}
PUNE: dict[str, Any] = {
    "id": "pune",
    "organization": "acme",
    "name": "Pune",
    "timezone": "Asia/Kolkata",
    "capacity": 50,
    "live_since": "2026-01-01",
    "sensors": [
        {
            "id": "pune-door",
            "url": "http://sensor.example/2",
            "interval_minutes": 30,
            "lines": {1: {"role": "entrance"}},
        }
    ],
}


def fleet_of(*stores: dict[str, Any], organizations: tuple[str, ...] = ("acme",)) -> Fleet:
    return Fleet.model_validate(
        {"organizations": [{"id": one, "name": one.title()} for one in organizations], "stores": list(stores)}
    )


def small_fleet() -> Fleet:
    return fleet_of(LISBON, PUNE)


def raw_row(
    start: dt.datetime = NOON, minutes: int = 60, collected_at: dt.datetime = NOON, **figures: Any
) -> dict[str, Any]:
    """A row of raw_sensor_counts; figures that are not named are zero."""
    return {
        **dict.fromkeys((*schemas.LINE_COUNTS, "total_in", "total_out"), 0),
        "sensor_id": "lisbon-door",
        "store_id": "lisbon",
        "organization_id": "acme",
        "interval_start": start,
        "interval_end": start + dt.timedelta(minutes=minutes),
        "is_complete": True,
        "reply_id": 1,
        "collected_at": collected_at,
        **figures,
    }


def raw(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schemas.RAW_SENSOR_COUNTS)


def hour_row(start: dt.datetime = NOON, *, version: dt.datetime = NOON, **figures: Any) -> dict[str, Any]:
    """A row of hourly_analytics of the store in Lisbon, which keeps UTC in winter."""
    return {
        **dict.fromkeys(schemas.HOURLY_ANALYTICS),
        "store_id": "lisbon",
        "organization_id": "acme",
        "hour_start": start,
        "hour_end": start + HOUR,
        "local_date": start.date(),
        "local_hour": start.hour,
        "trading_day": start.date(),
        "entries": 5,
        "dwell_valid": False,
        "is_business_hour": True,
        "business_share": 1.0,
        "completeness": 1.0,
        "quality": "A",
        "is_complete": True,
        "run_id": "run",
        "input_version": version,
        **figures,
    }


def hours(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={**schemas.HOURLY_ANALYTICS, "run_id": pl.String()})


def zone_row(start: dt.datetime = NOON, *, version: dt.datetime = NOON, **figures: Any) -> dict[str, Any]:
    return {
        "store_id": "lisbon",
        "organization_id": "acme",
        "zone": "hall",
        "interval_start": start,
        "interval_end": start + HOUR,
        "zone_kind": "entrance",
        "entries": 5,
        "exits": 3,
        "occupancy": 2,
        "occupancy_reason": None,
        "is_complete": True,
        "run_id": "run",
        "input_version": version,
        **figures,
    }


def zone_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={**schemas.VIRTUAL_REGION_OCCUPANCY, "run_id": pl.String()})


def zone_hour_row(start: dt.datetime = NOON, *, version: dt.datetime = NOON, **figures: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(schemas.ZONE_HOURS),
        **{name: value for name, value in hour_row(start, version=version).items() if name in schemas.ZONE_HOURS},
        "zone": "hall",
        "zone_kind": "entrance",
        "occupancy_source": "lines",
        "run_id": "run",
        **figures,
    }


def zone_hours(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={**schemas.ZONE_HOURS, "run_id": pl.String()})


def day_row(day: dt.date = TODAY, *, version: dt.datetime = NOON, **figures: Any) -> dict[str, Any]:
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return {
        **dict.fromkeys(schemas.DAILY_SUMMARIES),
        "store_id": "lisbon",
        "organization_id": "acme",
        "trading_day": day,
        "day_start": start,
        "day_end": start + DAY,
        "entries": 5,
        "open_hours": 12.0,
        "hours_expected": 24,
        "hours_reported": 24,
        "hours_lost": 0,
        "completeness": 1.0,
        "quality": "A",
        "is_complete": True,
        "run_id": "run",
        "input_version": version,
        **figures,
    }


def days(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={**schemas.DAILY_SUMMARIES, "run_id": pl.String()})


def slices(start: dt.datetime, end: dt.datetime, store_id: str = "lisbon") -> pl.DataFrame:
    return pl.DataFrame({"store_id": [store_id], "start": [start], "end": [end]})


def gap_rows(*hour_starts: dt.datetime, cause: str = "unreachable", sensor_id: str = "lisbon-door") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sensor_id": sensor_id,
            "store_id": sensor_id.split("-", maxsplit=1)[0],
            "organization_id": "acme",
            "report": "lines",
            "hour_start": list(hour_starts),
            "hour_end": [start + HOUR for start in hour_starts],
            "cause": cause,
            "detail": "no route to host",
            "deadline": [start + 30 * DAY for start in hour_starts],
        }
    )
