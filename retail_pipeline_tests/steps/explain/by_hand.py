"""Figures worked out from the replies that an explanation names, with the standard library alone."""

import csv
import datetime as dt
import gzip
import hashlib
import math
import statistics
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from retail_pipeline.steps.explain.document import Explanation, Figure, SourceReply, Uses

Row = dict[str, Any]
Key = tuple[int, dt.datetime, str, int]


class Replies:
    """The named replies of an explanation, read again: what each says of a line or region in an interval."""

    def __init__(self, told: Explanation, body_of: Callable[[int], bytes]) -> None:
        self.said: dict[Key, tuple[int, ...]] = {}
        for reply in told.replies:
            text = gzip.decompress(body_of(reply.reply_id))
            assert hashlib.sha256(text).hexdigest() == reply.sha256
            self._read(reply, text.decode())

    def _read(self, reply: SourceReply, text: str) -> None:
        for row in csv.DictReader(text.splitlines(), skipinitialspace=True):
            start = instant(row.pop("StartTime"), str(reply.timezone))
            for number in range(1, 5):
                if reply.report == "lines":
                    people = (int(row[f"Line{number} - In"]), int(row[f"Line{number} - Out"]))
                elif reply.report == "heat":
                    people = (int(row["Value(s)"]),)
                else:
                    people = (int(row[f"region{number}"]),)
                self.said[reply.reply_id, start, reply.report, number] = people

    def counted(self, told: Explanation, figure: Figure) -> list[Row]:
        """The rows that the figure uses, in order of time, with the counts of the replies: `entered`, `left`."""
        uses = figure.uses
        assert uses is not None
        rows = []
        for one in told.inputs:
            if f"{one.sensor_id}/{one.number}" not in uses.places(one.report) or not is_in(uses, one.interval_start):
                continue
            said = self.said[one.reply_id, one.interval_start, one.report, one.number]
            into, out = (said[1], said[0]) if one.inverted else (said[0], said[-1])
            place = told.way.split(":")[1] if told.way else told.zone
            is_door = place in (one.from_area, one.to_area)
            enters = one.to_area == place if is_door else True
            rows.append(
                {
                    "role": one.role,
                    "place": (one.report, one.place),
                    "is_door": is_door,
                    "start": one.interval_start,
                    "minutes": (one.interval_end - one.interval_start) / dt.timedelta(minutes=1),
                    "entered": into if enters else out,
                    "left": out if enters else into,
                    "stays": said[0] if one.report == "regions" else 0,
                    "long_stays": said[0] if one.report == "long_stays" else 0,
                }
            )
        return rows


def is_in(uses: Uses, start: dt.datetime) -> bool:
    """Whether an interval that starts then is of the span, and of one of the hours where hours are named."""
    in_hours = [hour for hour in uses.hours if hour <= start < hour + dt.timedelta(hours=1)]
    return uses.start <= start < uses.end and bool(in_hours or not uses.hours)


def instant(stamp: str, zone: str) -> dt.datetime:
    """The device's wall clock as UTC."""
    wall = dt.datetime.strptime(stamp.replace("-", "/"), "%Y/%m/%d %H:%M:%S")  # noqa: DTZ007 - it names no zone
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def entries(rows: list[Row]) -> int:
    """People in over the lines of the rows."""
    return sum(row["entered"] for row in rows)


def exits(rows: list[Row]) -> int:
    """People out."""
    return sum(row["left"] for row in rows)


def doors(rows: list[Row]) -> list[Row]:
    """Those at the entrance."""
    return [row for row in rows if row["role"] == "entrance"]


def passers_by(rows: list[Row]) -> int:
    """People who passed."""
    return sum(row["entered"] + row["left"] for row in rows if row["role"] == "passers_by")


def intervals(rows: list[Row]) -> list[Row]:
    """One row per interval: its lines added up."""
    by_start: dict[dt.datetime, list[Row]] = {}
    for row in rows:
        by_start.setdefault(row["start"], []).append(row)
    return [
        {"start": start, "minutes": some[0]["minutes"], "entered": entries(some), "left": exits(some)}
        for start, some in by_start.items()
    ]


def inside(rows: list[Row]) -> list[tuple[dt.datetime, float, int]]:
    """Start, minutes and people inside at the end of each interval since the first."""
    people, found = 0, []
    for row in intervals(rows):
        people += row["entered"] - row["left"]
        found.append((row["start"], row["minutes"], max(0, people)))
    return found


def mean_inside(rows: list[Row], start: dt.datetime) -> float:
    """Weighted by the length of the intervals since `start`."""
    mine = [(minutes, people) for at, minutes, people in inside(rows) if at >= start]
    return sum(minutes * people for minutes, people in mine) / sum(minutes for minutes, _ in mine)


def corrected_mean(rows: list[Row], start: dt.datetime, end: dt.datetime) -> float:
    """The same, had the day netted to zero."""
    came, left = entries(rows), exits(rows)
    so_far, gone, weighed, length = 0, 0, 0.0, 0.0
    for row in intervals(rows):
        so_far, gone = so_far + row["entered"], gone + row["left"]
        if start <= row["start"] < end:
            weighed += max(0, so_far * left - gone * came) * row["minutes"]
            length += row["minutes"]
    return weighed / (length * min(came, left))


def of_hour(rows: list[Row], start: dt.datetime, end: dt.datetime) -> list[Row]:
    """Rows that start in the hour."""
    return [row for row in rows if start <= row["start"] < end]


def by_hour(rows: list[Row]) -> list[int]:
    """Entries of each hour that the rows are of; hours of these shops begin with the hour of UTC."""
    hours: dict[dt.datetime, int] = {}
    for row in rows:
        hour = row["start"].replace(minute=0)
        hours[hour] = hours.get(hour, 0) + row["entered"]
    return list(hours.values())


def against_normal(rows: list[Row], told: Explanation) -> float:
    """Entries of the hour / the median of the others."""
    return entries(of_hour(rows, told.start, told.end)) / statistics.median(
        by_hour([row for row in rows if row["start"] < told.start])
    )


def change(rows: list[Row], told: Explanation) -> float:
    """In percent, from the day before to the day that is asked for."""
    then = entries([row for row in rows if row["start"] < told.start])
    return 100 * ((entries(of_hour(rows, told.start, told.end)) - then) / then)


OPEN = {"lisbon-01": range(10, 22), "lisbon-02": (18, 19, 20, 21, 22, 23, 0, 1), "replay-los-angeles": range(8, 20)}
"""The local hours in which the shops are open on a Friday, as the demo's fleet file says."""


def by_local_hour(rows: list[Row], told: Explanation) -> dict[int, int]:
    """Entries at each local hour of the day, in order of time."""
    hours: dict[int, int] = {}
    for row in rows:
        hour = row["start"].astimezone(ZoneInfo(told.timezone)).hour
        hours[hour] = hours.get(hour, 0) + row["entered"]
    return hours


def while_open(rows: list[Row], told: Explanation) -> dict[int, int]:
    """The same of the hours in which the shop is open."""
    return {hour: people for hour, people in by_local_hour(rows, told).items() if hour in OPEN[told.store_id]}


def busiest(rows: list[Row], told: Explanation) -> int:
    """The first of the open hours with most entries."""
    hours = while_open(rows, told)
    return max(hours, key=lambda hour: hours[hour])


def power_hours(rows: list[Row], told: Explanation) -> tuple[int, ...]:
    """The fewest hours that carry 40 % of the entries, in order of time."""
    hours = by_local_hour(rows, told)
    taken: list[int] = []
    for hour in sorted(hours, key=lambda hour: -hours[hour]):
        if 5 * sum(hours[one] for one in taken) >= 2 * sum(hours.values()):
            break
        taken.append(hour)
    return tuple(hour for hour in hours if hour in taken)


def fullest_hour(rows: list[Row], _: Explanation) -> dt.datetime:
    """When the hour begins in which most people were inside first."""
    people = {at: inside_then for at, _, inside_then in inside(rows)}
    return max(people, key=lambda at: people[at]).replace(minute=0)


def can_tell_the_wait(rows: list[Row], told: Explanation) -> bool:
    """Somebody joined, about as many left, and no more had left by then than come since the day began."""
    mine = of_hour(rows, told.start, told.end)
    came, left = entries(mine), exits(mine)
    balance, was_reset = 0, False
    for row in intervals(rows):
        balance += row["entered"] - row["left"]
        was_reset |= balance < 0 and row["start"] >= told.start
    return came > 0 and abs(came - left) <= 0.25 * max(came, left) and not was_reset


Work = Callable[[list[Row], Explanation], Any]


def by_clock_hour(rows: list[Row]) -> dict[dt.datetime, list[Row]]:
    """Rows by the hour that they start in, in order of time."""
    hours: dict[dt.datetime, list[Row]] = {}
    for row in rows:
        hours.setdefault(row["start"].replace(minute=0), []).append(row)
    return hours


def is_open(hour: dt.datetime, told: Explanation) -> bool:
    """Whether the shop is open in the hour."""
    return hour.astimezone(ZoneInfo(told.timezone)).hour in OPEN[told.store_id]


def mean_while_open(rows: list[Row], told: Explanation) -> float:
    """People in the zone over the open hours; all hours of these days are complete."""
    mine = [one for one in inside(rows) if is_open(one[0], told)]
    return sum(minutes * people for _, minutes, people in mine) / sum(minutes for _, minutes, _ in mine)


def wait_of_day(rows: list[Row], _: Explanation) -> float:
    """Minutes that people spent in the queue / those who joined, in hours whose wait can be told."""
    waited, joined, balance = 0.0, 0, 0
    people = {at: (minutes, some) for at, minutes, some in inside(rows)}
    for hour, some in by_clock_hour(intervals(rows)).items():
        came, left, was_reset = entries(some), exits(some), hour == min(people)
        for row in some:
            balance += row["entered"] - row["left"]
            was_reset |= balance < 0
        if came and abs(came - left) <= 0.25 * max(came, left) and not was_reset:
            waited += sum(people[row["start"]][0] * people[row["start"]][1] for row in some)
            joined += came
    return waited / joined


def whole_hours_while_open(rows: list[Row], told: Explanation) -> float:
    """Open hours of which every line and region told all minutes / all open hours."""
    hours = {hour: some for hour, some in by_clock_hour(rows).items() if is_open(hour, told)}
    places = max(len({row["place"] for row in some}) for some in hours.values())
    whole = [hour for hour, some in hours.items() if sum(row["minutes"] for row in some) == 60 * places]
    return len(whole) / len(OPEN[told.store_id])


OF_HOUR: dict[str, Work] = {
    "entries": lambda rows, _: entries(rows),
    "exits": lambda rows, _: exits(rows),
    "net_flow": lambda rows, _: entries(rows) - exits(rows),
    "passers_by": lambda rows, _: passers_by(rows),
    "capture_rate": lambda rows, _: entries(doors(rows)) / (entries(doors(rows)) + passers_by(rows)),
    "turn_in_ratio": lambda rows, _: entries(doors(rows)) / passers_by(rows),
    "occupancy_end": lambda rows, _: inside(rows)[-1][2],
    "occupancy_max": lambda rows, told: max(people for at, _, people in inside(rows) if at >= told.start),
    "occupancy_mean": lambda rows, told: mean_inside(rows, told.start),
    "occupancy_mean_corrected": lambda rows, told: corrected_mean(rows, told.start, told.end),
    "index_vs_normal": against_normal,
    "traffic_share": lambda rows, told: entries(of_hour(rows, told.start, told.end)) / entries(rows),
    "completeness": lambda rows, _: sum(row["minutes"] for row in rows) / 60,
    "dwell_valid": lambda rows, _: (
        entries(rows) >= 5 and abs(entries(rows) - exits(rows)) <= 0.25 * max(entries(rows), exits(rows))
    ),
    "dwell_minutes": lambda rows, told: (
        mean_inside(rows, told.start) * 60 / entries(of_hour(rows, told.start, told.end))
    ),
}
OF_DAY: dict[str, Work] = {
    **{name: OF_HOUR[name] for name in ("entries", "exits", "net_flow", "passers_by", "capture_rate", "turn_in_ratio")},
    "drift": OF_HOUR["net_flow"],
    "drift_share": lambda rows, _: (entries(rows) - exits(rows)) / entries(rows),
    "occupancy_max": lambda rows, _: max(people for _, _, people in inside(rows)),
    "occupancy_max_at": fullest_hour,
    "business_entries": lambda rows, told: sum(while_open(rows, told).values()),
    "non_business_entries": lambda rows, told: entries(rows) - sum(while_open(rows, told).values()),
    "average_hourly_entries": lambda rows, told: sum(while_open(rows, told).values()) / len(OPEN[told.store_id]),
    "peak_hour": busiest,
    "peak_hour_entries": lambda rows, told: max(while_open(rows, told).values()),
    "peak_hour_is_tied": lambda rows, told: (
        list(while_open(rows, told).values()).count(max(while_open(rows, told).values())) > 1
    ),
    "power_hours": power_hours,
    "hours_reported": lambda rows, told: len(by_local_hour(rows, told)),
    "completeness": lambda rows, told: (
        sum(row["minutes"] for row in rows) / ((told.end - told.start) / dt.timedelta(minutes=1))
    ),
    "entries_last_week": OF_HOUR["entries"],
    "change_last_week": change,
}
OF_ZONE: dict[str, Work] = {
    **{name: OF_HOUR[name] for name in ("entries", "exits", "occupancy_mean", "occupancy_max", "dwell_minutes")},
    "occupancy_mean_corrected": OF_HOUR["occupancy_mean_corrected"],
    "queue_length_mean": OF_HOUR["occupancy_mean"],
    "queue_length_max": OF_HOUR["occupancy_max"],
    "wait_minutes": OF_HOUR["dwell_minutes"],
    "wait_valid": can_tell_the_wait,
    "stays": lambda rows, _: sum(row["stays"] for row in rows),
    "long_stays": lambda rows, _: sum(row["long_stays"] for row in rows),
    "engagement": lambda rows, _: sum(row["long_stays"] for row in rows) / sum(row["stays"] for row in rows),
    "draw_rate": lambda rows, _: (
        entries([row for row in rows if row["is_door"]]) / entries([row for row in rows if row["role"] == "entrance"])
    ),
}
OF_ZONE_DAY: dict[str, Work] = {
    "entries": OF_HOUR["entries"],
    "stays": OF_ZONE["stays"],
    "occupancy_mean": mean_while_open,
    "occupancy_max": OF_DAY["occupancy_max"],
    "queue_length_max": OF_DAY["occupancy_max"],
    "wait_minutes": wait_of_day,
    "completeness": whole_hours_while_open,
}
OF_INTERVAL: dict[str, Work] = {
    "entries": OF_HOUR["entries"],
    "exits": OF_HOUR["exits"],
    "occupancy": lambda rows, _: inside(rows)[-1][2],
}
OF_WAY: dict[str, Work] = {"people": OF_HOUR["entries"]}
OF_ALERT: dict[str, Work] = {name: OF_ZONE[name] for name in ("queue_length_max", "wait_minutes")}
STAFF_RATE = 20
OF_PLAN: dict[str, Work] = {
    "expected_entries": lambda rows, _: statistics.median(by_hour(rows)),
    "p25": lambda rows, _: statistics.quantiles(by_hour(rows), method="inclusive")[0],
    "p75": lambda rows, _: statistics.quantiles(by_hour(rows), method="inclusive")[2],
    "recommended_staff": lambda rows, _: math.ceil(statistics.median(by_hour(rows)) / STAFF_RATE),
}
OF_CELL: dict[str, Work] = {
    "entries": lambda rows, _: statistics.mean(by_hour(rows)),
    "hours": lambda rows, _: len(by_hour(rows)),
}
