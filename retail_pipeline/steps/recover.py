"""The gap ledger's work: hours that nobody collected are written down, and those that are due are planned in runs."""

import datetime as dt
import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.expected import expected_hours, missing_hours, present_hours
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.steps.keep_house import not_removed
from retail_pipeline.warehouse import gaps, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet

TWO_POLLS = dt.timedelta(minutes=40)
"""An hour is missed when both polls that should have brought it are over: at :02 and at :32."""

SOON = dt.timedelta(hours=1)
"""Hours that a device forgets before anybody could ask are not missed; a new store would begin with losses."""

HOURS_PER_RUN = 168
HOUR = dt.timedelta(hours=1)
OVERLAP = dt.timedelta(hours=26)
ASSETS = {
    Report.LINES: "raw_sensor_counts",
    Report.REGIONS: "regional_counts",
    Report.LONG_STAYS: "regional_counts",
    Report.HEAT: "regional_counts",
}


@dataclass(frozen=True)
class Recovery:
    """One run: the hours `first` to `last` (UTC, both included) of a store and the reports that miss some of them."""

    store_id: str
    first: dt.datetime
    last: dt.datetime
    reports: tuple[Report, ...]


def recovered_hours(report: Report) -> str:
    """The asset whose runs ask for the hours of a report."""
    return ASSETS[report]


def open_gaps(fleet: Fleet, warehouse: Warehouse, cursor: str | None, since: dt.datetime, now: dt.datetime) -> str:
    """Write down every expected hour that no poll brought or missed: the pipeline itself was off, or a store is new.

    Looks at hours that ended since the last look, at all of the horizon when the fleet changed. Returns the cursor for
    the next look. What a poll asked for and missed stands in the ledger already, with its cause.
    """
    state = json.loads(cursor) if cursor else {}
    until = (now - TWO_POLLS).replace(minute=0, second=0, microsecond=0)
    fingerprint = fleet.fingerprint()
    if state == {"until": until.isoformat(), "fleet": fingerprint}:
        return cursor or ""
    if state.get("fleet") == fingerprint:
        since = max(since, dt.datetime.fromisoformat(state["until"]) - OVERLAP)
    hours = store_hours(fleet.stores, since, until + HOUR)
    remembered = pl.col("deadline") > now + SOON
    expected = not_removed(warehouse, expected_hours(fleet.stores, hours, now - TWO_POLLS).filter(remembered))
    present = pl.concat([_present(warehouse, fleet, report, hours, since, now) for report in Report])
    missing = missing_hours(expected, present).with_columns(
        pl.lit("not_yet_collected").alias("cause"), pl.lit("no poll has brought this hour").alias("detail")
    )
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, now)  # this may be the first look at a store, before anybody else's
        gaps.open_missing(connection, missing, now)
    return json.dumps({"until": until.isoformat(), "fleet": fingerprint})


def _present(
    warehouse: Warehouse, fleet: Fleet, report: Report, hours: pl.DataFrame, since: dt.datetime, now: dt.datetime
) -> pl.DataFrame:
    return present_hours(reads.counts(warehouse, report, fleet.store_ids, since, now), hours, report)


def close_lost_gaps(warehouse: Warehouse, now: dt.datetime, scope: AbstractSet[str] | None = None) -> list[str]:
    """Close the gaps that no device remembers any more; a sentence per device and report, to be said out loud.

    `scope`: ids of the organisations to look at; None: all.
    """
    with warehouse.transaction() as connection:
        lost = gaps.close_lost(connection, now, scope)
    counted = lost.group_by("store_id", "sensor_id", "report").agg(
        pl.len().alias("hours"), pl.col("hour_start").min().alias("first"), pl.col("cause").last()
    )
    return [
        f"{row['hours']} hours of {row['sensor_id']} ({row['store_id']}, {row['report']}) are lost, the first at "
        f"{row['first']:%Y-%m-%d %H:%M} UTC: {row['cause']} until the device had forgotten them."
        for row in counted.sort("store_id", "sensor_id", "report").iter_rows(named=True)
    ]


def plan_recovery(
    warehouse: Warehouse,
    now: dt.datetime,
    *,
    stores_under_way: AbstractSet[str],
    runs: int,
    since: dt.datetime,
    until: dt.datetime,
    scope: AbstractSet[str] | None = None,
) -> list[Recovery]:
    """The next runs, at most `runs`, one per store: outages, nearest deadline first; then history, newest first.

    History is what lies before the pipeline first knew the device. Gaps before `since` have no partition. `scope` as in
    `close_lost_gaps`.
    """
    if runs <= 0:
        return []
    due = gaps.due(warehouse, now, scope).filter(
        pl.col("hour_start").is_between(since, until, closed="left"), ~pl.col("store_id").is_in(list(stores_under_way))
    )
    planned: dict[str, Recovery] = {}
    for is_history in (False, True):
        for recovery in _stretches(due.filter(pl.col("is_history") == is_history), newest_first=is_history):
            planned.setdefault(recovery.store_id, recovery)
    return list(planned.values())[:runs]


def _stretches(due: pl.DataFrame, *, newest_first: bool) -> list[Recovery]:
    """Runs by nearest deadline: a device that forgets sooner comes first, although its hours are younger."""
    by_store: dict[str, dict[dt.datetime, set[Report]]] = {}
    deadlines: dict[tuple[str, dt.datetime], dt.datetime] = {}
    for row in due.sort("deadline", descending=True).iter_rows(named=True):
        hour = row["hour_start"].replace(minute=0, second=0, microsecond=0)
        by_store.setdefault(row["store_id"], {}).setdefault(hour, set()).add(Report(row["report"]))
        deadlines[row["store_id"], hour] = row["deadline"]
    found = [
        Recovery(store_id, first, last, tuple(sorted({r for h, rs in hours.items() if first <= h <= last for r in rs})))
        for store_id, hours in by_store.items()
        for first, last in contiguous(hours, HOURS_PER_RUN, newest_first=newest_first)
    ]
    if newest_first:
        return sorted(found, key=lambda one: one.first, reverse=True)
    return sorted(found, key=lambda one: (deadlines[one.store_id, one.first], one.first))


def contiguous(
    hours: Iterable[dt.datetime], longest: int, *, newest_first: bool = False
) -> list[tuple[dt.datetime, dt.datetime]]:
    """First and last hour of each unbroken stretch, none longer than `longest` hours, cut from the side asked first."""
    ordered = sorted(set(hours), reverse=newest_first)
    stretches: list[list[dt.datetime]] = [ordered[:1]] if ordered else []
    for before, after in pairwise(ordered):
        if abs(after - before) == HOUR and len(stretches[-1]) < longest:
            stretches[-1].append(after)
        else:
            stretches.append([after])
    return [(min(stretch), max(stretch)) for stretch in stretches]
