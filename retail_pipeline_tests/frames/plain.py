"""Hours and days computed again in plain Python, minute by minute, from the definitions; no code of frames in it."""

import datetime as dt
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from retail_pipeline.fleet.models import Role, Store

MINUTE = dt.timedelta(minutes=1)
Row = dict[str, Any]


def local_hours(store: Store, start: dt.datetime, end: dt.datetime) -> list[Row]:
    """Every local clock hour that `[start, end)` holds whole, found by looking at the wall clock each minute."""
    zone = ZoneInfo(store.timezone)
    found: dict[tuple[Any, ...], Row] = {}
    at = start
    while at < end:
        wall = at.astimezone(zone)
        naive = wall.replace(tzinfo=None)
        hour = found.setdefault(
            (naive.date(), naive.hour, wall.utcoffset()),
            {
                "start": at,
                "local_hour": naive.hour,
                "day": (naive - dt.timedelta(hours=store.day_starts_at.hour)).date(),
                "minutes": 0,
                "open": 0,
            },
        )
        hour["minutes"] += 1
        hour["open"] += is_open(store, naive)
        hour["end"] = at + MINUTE
        at += MINUTE
    return list(found.values())[1:-1]


def is_open(store: Store, naive: dt.datetime) -> bool:
    """Whether the shop is open by its week; these tests declare no exceptions and no country."""
    minute = naive.hour * 60 + naive.minute
    yesterday = (naive.weekday() - 1) % 7
    return any(
        span.start_minute <= minute < span.end_minute for span in store.opening_hours.on(naive.weekday())
    ) or any(span.start_minute <= minute + 1440 < span.end_minute for span in store.opening_hours.on(yesterday))


def hourly(store: Store, rows: list[Row], hours: list[Row], as_of: dt.datetime) -> dict[dt.datetime, Row]:
    """Figures of each hour in which something was reported."""
    inside: dict[dt.date, int] = defaultdict(int)
    result = {}
    for hour in hours:
        mine = [row for row in rows if hour["start"] <= row["interval_start"] < hour["end"]]
        if mine:
            result[hour["start"]] = one_hour(store, mine, hour, inside, as_of)
    return result


def one_hour(store: Store, rows: list[Row], hour: Row, inside: dict[dt.date, int], as_of: dt.datetime) -> Row:
    """Figures of one hour; `inside` carries the day's uncorrected occupancy from hour to hour."""
    devices = {device.id: device for device in store.sensors if device.active}
    doors = [
        name for name, device in devices.items() if any(line.role is Role.ENTRANCE for line in device.lines.values())
    ]
    flows: list[tuple[dt.datetime, dt.datetime, str, int, int]] = []
    street = []
    for row in rows:
        entered = left = 0
        for number, line in devices[row["sensor_id"]].lines.items():
            into, out = row[f"line{number}_in"], row[f"line{number}_out"]
            if line.role is Role.PASSERS_BY:
                street.append(into + out)
            elif line.role is Role.ENTRANCE:
                entered += out if line.inverted else into
                left += into if line.inverted else out
        if row["sensor_id"] in doors:
            flows.append((row["interval_start"], row["interval_end"], row["sensor_id"], entered, left))
    covered = [
        min(1.0, sum(minutes(r) for r in rows if r["sensor_id"] == door and r["is_complete"]) / hour["minutes"])
        for door in doors
    ]
    entries = sum(flow[3] for flow in flows) if flows else None
    exits = sum(flow[4] for flow in flows) if flows else None
    passers_by = sum(street) if street else None
    ends, weights = [], []
    for length, net in slots(flows, hour):
        inside[hour["day"]] += net
        ends.append(max(0, inside[hour["day"]]))
        weights.append(length)
    completeness = sum(covered) / len(covered)
    return {
        "hour": hour,
        "entries": entries,
        "exits": exits,
        "passers_by": passers_by,
        "capture_rate": share(entries, None if None in (entries, passers_by) else entries + passers_by),
        "turn_in_ratio": share(entries, passers_by),
        "occupancy_end": ends[-1] if ends else None,
        "occupancy_max": max(ends) if ends else None,
        "occupancy_mean": sum(e * w for e, w in zip(ends, weights, strict=True)) / sum(weights) if ends else None,
        "business_share": hour["open"] / hour["minutes"],
        "completeness": completeness,
        "is_complete": completeness == 1 and hour["end"] <= as_of,
    }


def slots(flows: list[Any], hour: Row) -> list[tuple[float, int]]:
    """Length in minutes and net flow of each interval of the hour, on the devices' common grid."""
    if len({flow[2] for flow in flows}) < 2:
        return [((end - start) / MINUTE, entered - left) for start, end, _, entered, left in sorted(flows)]
    grid = max((end - start) / MINUTE for start, end, *_ in flows)
    net: dict[float, int] = defaultdict(int)
    for start, _, _, entered, left in flows:
        net[(start - hour["start"]) / MINUTE // grid] += entered - left
    return [(grid, net[slot]) for slot in sorted(net)]


def daily(hours: list[Row], figures: dict[dt.datetime, Row], as_of: dt.datetime) -> dict[dt.date, Row]:
    """Figures of each day that has an hour."""
    return {
        day: one_day([hour for hour in hours if hour["day"] == day], figures, as_of)
        for day in {figure["hour"]["day"] for figure in figures.values()}
    }


def one_day(hours: list[Row], figures: dict[dt.datetime, Row], as_of: dt.datetime) -> Row:
    """Figures of one day."""
    mine = [figures[hour["start"]] for hour in hours if hour["start"] in figures]
    ended = [hour for hour in hours if hour["end"] <= as_of]
    entries, exits = total(mine, "entries"), total(mine, "exits")
    both = [figure for figure in mine if figure["entries"] is not None and figure["passers_by"] is not None]
    complete = [figure for figure in mine if figure["is_complete"]]
    open_hours = sum(figure["hour"]["open"] for figure in complete) / 60
    in_business = [figure for figure in complete if figure["business_share"] > 0]
    peak = max((figure["entries"] for figure in in_business), default=None)
    at_peak = [figure["hour"]["local_hour"] for figure in in_business if figure["entries"] == peak]
    known = [figure for figure in mine if figure["occupancy_max"] is not None]
    fullest = max((figure["occupancy_max"] for figure in known), default=None)
    done = sum(figure["completeness"] for figure in mine if figure["hour"] in ended)
    entered, passed = total(both, "entries"), total(both, "passers_by")
    return {
        "entries": entries,
        "exits": exits,
        "passers_by": total(mine, "passers_by"),
        "capture_rate": share(entered, None if entered is None else entered + passed),
        "business_entries": sum((figure["entries"] or 0) * figure["business_share"] for figure in mine),
        "average_hourly_entries": share(sum(f["entries"] * f["business_share"] for f in complete), open_hours),
        "peak_hour": at_peak[0] if at_peak else None,
        "peak_hour_entries": peak,
        "peak_hour_is_tied": len(at_peak) > 1 if at_peak else None,
        "occupancy_max": fullest,
        "occupancy_max_at": next((f["hour"]["start"] for f in known if f["occupancy_max"] == fullest), None),
        "drift_share": share(None if entries is None else entries - exits, entries),
        "open_hours": sum(hour["open"] for hour in hours) / 60,
        "hours_expected": len(ended),
        "hours_reported": sum(f["entries"] is not None and f["hour"] in ended for f in mine),
        "completeness": done / len(ended) if ended else None,
        "is_complete": len(ended) == len(hours) and all(f["is_complete"] for f in mine) and len(mine) == len(hours),
    }


def total(figures: list[Row], name: str) -> int | None:
    """The sum of what is known, None where nothing is."""
    known = [figure[name] for figure in figures if figure[name] is not None]
    return sum(known) if known else None


def share(part: float | None, whole: float | None) -> float | None:
    """None where the whole is zero or anything is unknown."""
    return None if part is None or not whole else part / whole


def minutes(row: Row) -> float:
    """Length of a row."""
    return float((row["interval_end"] - row["interval_start"]) / MINUTE)
