"""Fleets and replies that nobody owns, of any size, the same in every run."""

import datetime as dt
from typing import Any

from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.models import Fleet, Report

DAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
"""A Monday; the fleets live in UTC unless a zone is named, far from any clock change."""

HOUR = dt.timedelta(hours=1)
HEADER = b"StartTime, EndTime, Tolal - In, Tolal - Out, Tolal - Sum" + b"".join(
    b", Line%d - In, Line%d - Out, Line%d - Sum" % (line, line, line) for line in (1, 2, 3, 4)
)
_DOOR: dict[int, dict[str, str]] = {
    1: {"role": "entrance", "from": "outside", "to": "entrance"},
    4: {"role": "passers_by"},
}
_HALL: dict[int, dict[str, str]] = {
    2: {"role": "interior", "from": "entrance", "to": "shopping"},
    3: {"role": "interior", "from": "shopping", "to": "queue"},
}
_NO_HALL = {2: {"role": "ignored"}, 3: {"role": "ignored"}}
_ZONES = {
    "entrance": {"kind": "entrance", "name": "Entrance"},
    "shopping": {"kind": "shopping", "name": "Shopping"},
    "queue": {"kind": "queue", "name": "Checkout"},
}


def made_fleet(stores: int, devices: int, base_url: str = "http://127.0.0.1:1") -> Fleet:
    """`stores` shops with `devices` counters each: the first also counts two lines inside, the others are doors."""
    return Fleet.model_validate(declared(stores, devices, base_url))


def declared(stores: int, devices: int, base_url: str, timezone: str = "UTC") -> dict[str, Any]:
    """The same as a fleet file says it."""
    made = [_store(number, devices, base_url, timezone) for number in range(stores)]
    return {"organizations": [{"id": "acme", "name": "Acme"}], "stores": made}


def _store(number: int, devices: int, base_url: str, timezone: str) -> dict[str, Any]:
    name = f"shop-{number:05}"
    return {
        "id": name,
        "organization": "acme",
        "name": name,
        "timezone": timezone,
        "opening_hours": {"mon-sun": "09:00-19:00"},
        "sensors": [_device(f"{name}-{one}", base_url, is_first=one == 0) for one in range(devices)],
        "zones": _ZONES,
    }


def _device(name: str, base_url: str, *, is_first: bool) -> dict[str, Any]:
    return {"id": name, "url": f"{base_url}/{name}", "lines": {**_DOOR, **(_HALL if is_first else _NO_HALL)}}


def body(seed: int, start: dt.datetime = DAY, *, is_wrong: bool = False) -> bytes:
    """The reply of a device for the 24 hours from `start`; `is_wrong`: one row's sums do not add up."""
    rows = [HEADER]
    for hour in range(24):
        at = start + hour * HOUR
        busy = (seed * 7 + hour * 13) % 90 if 9 <= at.hour < 19 else 0
        lines = [busy, busy * 9 // 10, busy // 2, busy // 2, busy // 4, busy // 4, busy * 5, busy * 4]
        figures = [sum(lines[0::2]), sum(lines[1::2])]
        rows.append(_row(at, [*figures, *lines], 1 if is_wrong and hour == 12 else 0))
    return b"\n".join(rows) + b"\n"


def _row(at: dt.datetime, figures: list[int], error: int) -> bytes:
    cells = [f"{at:%Y/%m/%d %H:%M:%S}", f"{at + HOUR - dt.timedelta(seconds=1):%Y/%m/%d %H:%M:%S}"]
    for entered, left in zip(figures[0::2], figures[1::2], strict=True):
        cells += [str(entered), str(left), str(entered + left + error)]
    return ",".join(cells).encode()


def made_replies(fleet: Fleet, start: dt.datetime = DAY, wrong_one_in: int = 100) -> list[Reply]:
    """A day of every device, answered two hours later; one reply in `wrong_one_in` holds a row to quarantine."""
    end = start + 24 * HOUR
    at = end + 2 * HOUR
    asks = [Ask(store, device, Report.LINES, start, end) for store in fleet.stores for device in store.sensors]
    return [
        Reply(ask, str(ask.device.url), 200, body(n, start, is_wrong=n % wrong_one_in == 7), at, 50.0, at)
        for n, ask in enumerate(asks)
    ]
