"""Hours and days computed again in plain Python, minute by minute, from the definitions; no code of frames in it."""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from math import fsum
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from retail_pipeline.fleet.models import Role, Store

MINUTE = dt.timedelta(minutes=1)
YEAR = ("entries_52_weeks_ago", "change_52_weeks")
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
                "local_date": naive.date(),
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
    starts = [hour["start"] for hour in hours]
    by_hour: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_hour[bisect_right(starts, row["interval_start"]) - 1].append(row)
    for place, hour in enumerate(hours):
        if mine := [row for row in by_hour[place] if row["interval_start"] < hour["end"]]:
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
        min(hour["minutes"], sum(minutes(r) for r in rows if r["sensor_id"] == door and r["is_complete"]))
        for door in doors
    ]
    entries = sum(flow[3] for flow in flows) if flows else None
    exits = sum(flow[4] for flow in flows) if flows else None
    passers_by = sum(street) if street else None
    ends, weights = [], []
    in_hour = slots(flows, hour)
    for length, entered, left in in_hour:
        inside[hour["day"]] += entered - left
        ends.append(max(0, inside[hour["day"]]))
        weights.append(length)
    completeness = sum(covered) / (len(covered) * hour["minutes"])
    return {
        "hour": hour,
        "slots": in_hour,
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


def slots(flows: list[Any], hour: Row) -> list[tuple[float, int, int]]:
    """Length in minutes, entries and exits of each interval of the hour, on the devices' common grid."""
    if len({flow[2] for flow in flows}) < 2:
        return [((end - start) / MINUTE, entered, left) for start, end, _, entered, left in sorted(flows)]
    grid = max((end - start) / MINUTE for start, end, *_ in flows)
    both: dict[float, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for start, _, _, entered, left in flows:
        place = (start - hour["start"]) / MINUTE // grid
        both[place] = (both[place][0] + entered, both[place][1] + left)
    return [(grid, *both[place]) for place in sorted(both)]


def whole(
    hours: list[Row], figures: dict[dt.datetime, Row], past: list[Row], late: set[dt.datetime], as_of: dt.datetime
) -> dict[dt.datetime, Row]:
    """The figures of each hour and what they come to beside other hours; also the hours that are only imputed.

    `past` are complete hours (`hour`, `entries`, `exits`, `business_share`) of days that are not among `hours`.
    """
    known = [*past, *(one for one in figures.values() if one["is_complete"] and one["entries"] is not None)]
    known = [one for one in known if one["hour"]["minutes"] == 60]
    by_place: dict[tuple[dt.date, int], Row] = {}
    for one in sorted(known, key=lambda one: one["hour"]["start"]):
        by_place.setdefault((one["hour"]["local_date"], one["hour"]["local_hour"]), one)
    rows = {}
    for hour in hours:
        measured = figures.get(hour["start"])
        row = measured or nothing(hour)
        row |= stay(row) | {
            "traffic_share": share(row["entries"], total(of_day(figures, hour["day"]), "entries")),
            "index_vs_normal": share(row["entries"], usual(by_place, hour, "entries", 4))
            if row["is_complete"]
            else None,
            "quality": None,
        }
        row |= imputed(row, by_place, known, as_of)
        if row["is_complete"]:
            row["quality"] = "B" if hour["start"] in late else "A"
        elif is_settled(hour, as_of):
            row["quality"] = "X" if row["entries_imputed"] is None else "D" if row["entries"] is None else "C"
        if measured or row["entries_imputed"] is not None:
            rows[hour["start"]] = row
    for day in {hour["day"] for hour in hours}:
        correct([hour for hour in hours if hour["day"] == day], rows)
    return rows


def nothing(hour: Row) -> Row:
    """An hour of which nothing is known."""
    unknown = ("entries", "exits", "passers_by", "capture_rate", "turn_in_ratio")
    return dict.fromkeys((*unknown, "occupancy_end", "occupancy_max", "occupancy_mean")) | {
        "hour": hour,
        "slots": [],
        "business_share": hour["open"] / hour["minutes"],
        "completeness": 0.0,
        "is_complete": False,
    }


def of_day(figures: dict[dt.datetime, Row], day: dt.date) -> list[Row]:
    """The figures of one day's hours."""
    return [one for one in figures.values() if one["hour"]["day"] == day]


def is_settled(hour: Row, as_of: dt.datetime) -> bool:
    """Whether 40 minutes have gone since the hour ended."""
    return bool(hour["end"] + 40 * MINUTE <= as_of)


def stay(row: Row) -> Row:
    """How long people stay, by Little's law, where it holds."""
    came, left = row["entries"], row["exits"]
    valid = row["is_complete"] and came is not None and came >= 5 and abs(came - left) <= 0.25 * max(came, left)
    minutes_each = row["occupancy_mean"] * row["hour"]["minutes"] / came if valid else None
    return {"dwell_valid": valid, "dwell_minutes": minutes_each}


def usual(by_place: dict[tuple[dt.date, int], Row], hour: Row, name: str, weeks: int) -> float | None:
    """The median of the same weekday and hour in the weeks before, if two of them are known and the hour is whole."""
    if hour["minutes"] != 60:
        return None
    places = [(hour["local_date"] - dt.timedelta(weeks=n), hour["local_hour"]) for n in range(1, weeks + 1)]
    found = [by_place[place][name] for place in places if place in by_place]
    return median(found) if len(found) >= 2 else None


def imputed(row: Row, by_place: dict[tuple[dt.date, int], Row], known: list[Row], as_of: dt.datetime) -> Row:
    """Estimates of an open hour that has settled and is not complete, and how far such estimates were off."""
    result: Row = dict.fromkeys(("entries_imputed", "exits_imputed", "imputation_method", "imputation_wape"))
    hour = row["hour"]
    entries = usual(by_place, hour, "entries", 3)
    if row["is_complete"] or not row["business_share"] or not is_settled(hour, as_of) or entries is None:
        return result
    tried = [
        (one["entries"], estimate)
        for one in known
        if one["business_share"] and hour["day"] - dt.timedelta(weeks=8) <= one["hour"]["day"] < hour["day"]
        if (estimate := usual(by_place, one["hour"], "entries", 3)) is not None
    ]
    off = sum(abs(entries - estimate) for entries, estimate in tried)
    return {
        "entries_imputed": entries,
        "exits_imputed": usual(by_place, hour, "exits", 3),
        "imputation_method": "median_3_weeks.v1",
        "imputation_wape": share(off, sum(entries for entries, _ in tried)),
    }


def correct(hours: list[Row], rows: dict[dt.datetime, Row]) -> None:
    """Put the drift-corrected mean occupancy into the hours of a day; None unless all of them are complete."""
    mine = [rows[hour["start"]] for hour in hours if hour["start"] in rows]
    for row in mine:
        row["occupancy_mean_corrected"] = None
    came, left = (sum(slot[which] for row in mine for slot in row["slots"]) for which in (1, 2))
    if len(mine) < len(hours) or not all(row["is_complete"] for row in mine) or (came == 0) != (left == 0):
        return
    entered = gone = 0
    for row in mine:
        weighed = 0
        for length, into, out in row["slots"]:
            entered, gone = entered + into, gone + out
            weighed += length * max(0, entered * left - gone * came)
        row["occupancy_mean_corrected"] = weighed / ((min(came, left) or 1) * sum(slot[0] for slot in row["slots"]))


def daily(
    hours: list[Row], figures: dict[dt.datetime, Row], past: dict[dt.date, Row], as_of: dt.datetime
) -> dict[dt.date, Row]:
    """Figures of each day in which something was measured; `past` (`entries`, `completeness`) are days before."""
    measured = [one for one in figures.values() if one["entries"] is not None or one["passers_by"] is not None]
    days = {
        day: one_day([hour for hour in hours if hour["day"] == day], figures, as_of)
        for day in {one["hour"]["day"] for one in measured}
    }
    for day, row in days.items():
        is_over = max(hour["end"] for hour in hours if hour["day"] == day) <= as_of
        for weeks, name, change in ((1, "entries_last_week", "change_last_week"), (52, *YEAR)):
            before = (past | days).get(day - dt.timedelta(weeks=weeks))
            row.update(compared(row, before, name, change, is_over=is_over))
    return days


def compared(row: Row, before: Row | None, name: str, change: str, *, is_over: bool) -> Row:
    """Like for like, or not at all."""
    is_like = is_over and before and all((one["completeness"] or 0) >= 0.9 for one in (row, before))
    entries = before["entries"] if before and is_like else None
    difference = None if None in (entries, row["entries"]) else row["entries"] - entries
    ratio = share(difference, entries)
    return {name: entries, change: None if ratio is None else 100 * ratio}


def power_hours(complete: list[Row]) -> list[int] | None:
    """The fewest hours with 40 % of the entries."""
    people = sum(one["entries"] for one in complete)
    taken: list[Row] = []
    for one in sorted(complete, key=lambda one: (-one["entries"], one["hour"]["start"])):
        if 5 * sum(other["entries"] for other in taken) < 2 * people:
            taken.append(one)
    return [one["hour"]["local_hour"] for one in sorted(taken, key=lambda one: one["hour"]["start"])] or None


def letter(hours: list[Row], figures: dict[dt.datetime, Row], as_of: dt.datetime) -> str | None:
    """The quality of a day that is over."""
    letters = [figures[hour["start"]]["quality"] if hour["start"] in figures else None for hour in hours]
    if any(one is None and not is_settled(hour, as_of) for one, hour in zip(letters, hours, strict=True)):
        return None
    if set(letters) <= {"A", "B"}:
        return "B" if "B" in letters else "A"
    if any(one in {None, "X"} and hour["open"] for one, hour in zip(letters, hours, strict=True)):
        return "X"
    some = [figures[hour["start"]]["entries"] for hour in hours if hour["start"] in figures]
    return "D" if all(entries is None for entries in some) else "C"


def one_day(hours: list[Row], figures: dict[dt.datetime, Row], as_of: dt.datetime) -> Row:
    """Figures of one day."""
    mine = [figures[hour["start"]] for hour in hours if hour["start"] in figures]
    ended = [hour for hour in hours if hour["end"] <= as_of]
    entries, exits = total(mine, "entries"), total(mine, "exits")
    both = [figure for figure in mine if figure["entries"] is not None and figure["passers_by"] is not None]
    complete = [figure for figure in mine if figure["is_complete"]]
    open_minutes = sum(figure["hour"]["open"] for figure in complete)
    in_business = [figure for figure in complete if figure["business_share"] > 0]
    peak = max((figure["entries"] for figure in in_business), default=None)
    at_peak = [figure["hour"]["local_hour"] for figure in in_business if figure["entries"] == peak]
    known = [figure for figure in complete if figure["occupancy_max"] is not None]
    guessed = sum(max(0, one["entries_imputed"] - (one["entries"] or 0)) for one in mine if one["entries_imputed"])
    fullest = max((figure["occupancy_max"] for figure in known), default=None)
    done = fsum(figure["completeness"] for figure in mine if figure["hour"] in ended)
    entered, passed = total(both, "entries"), total(both, "passers_by")
    return {
        "entries": entries,
        "exits": exits,
        "passers_by": total(mine, "passers_by"),
        "capture_rate": share(entered, None if entered is None else entered + passed),
        "business_entries": business_people(mine) / 60,
        "average_hourly_entries": share(business_people(complete), open_minutes),
        "peak_hour": at_peak[0] if at_peak else None,
        "peak_hour_entries": peak,
        "power_hours": power_hours(complete),
        "imputed_share": share(guessed, (entries or 0) + guessed),
        "quality": letter(ended, figures, as_of) if len(ended) == len(hours) else None,
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


def business_people(figures: list[Row]) -> int:
    """Sixty times the people who came while the shop was open; all these hours last 60 minutes or 30."""
    return sum((one["entries"] or 0) * one["hour"]["open"] * 60 // one["hour"]["minutes"] for one in figures)


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
