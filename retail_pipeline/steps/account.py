"""Accounting for every hour of a poll: what was delivered, what was not and why. Pure frames and values, no I/O.

The ledger's words: `unreachable`, `refused`, `not_a_report`, `malformed` come from the device client and parser;
an hour that a good reply simply does not hold in full is `malformed` too, with a detail that says so.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.calendar import LocalHour, settles_at
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.asking import WantedHour, just_ended

SETTLING = dt.timedelta(minutes=5)
"""A row is final two minutes after its end by the device's clock, which may be slow by a few more."""

COUNTED = dt.timedelta(minutes=2)
"""So long a device takes to close an hour."""

MISSED_HOURS = {
    "sensor_id": pl.String(),
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "report": pl.String(),
    "hour_start": pl.Datetime("us", "UTC"),
    "hour_end": pl.Datetime("us", "UTC"),
    "cause": pl.String(),
    "detail": pl.String(),
    "deadline": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Trouble:
    """Why a device did not deliver `[start, end)`: a cause of the ledger and the words for a person."""

    sensor_id: str
    start: dt.datetime
    end: dt.datetime
    cause: str
    detail: str

    def __str__(self) -> str:
        return f"{self.cause}: {self.detail}"


def hour_coverage(rows: pl.DataFrame) -> pl.DataFrame:
    """Per `sensor_id` and local `hour_start`: `rows`, `complete_minutes`, `hour_minutes`. Needs the hour columns."""
    minutes = (pl.col("interval_end") - pl.col("interval_start")).dt.total_seconds() / 60
    return (
        rows.group_by("sensor_id", "store_id", "hour_start", "hour_end")
        .agg(pl.len().alias("rows"), minutes.filter("is_complete").sum().alias("complete_minutes"))
        .with_columns(((pl.col("hour_end") - pl.col("hour_start")).dt.total_seconds() / 60).alias("hour_minutes"))
    )


def complete_hours(coverage: pl.DataFrame, report: Report) -> pl.DataFrame:
    """`sensor_id`, `report`, `hour_start` of the local hours that are complete: their gaps are recovered."""
    return coverage.filter(pl.col("complete_minutes") >= pl.col("hour_minutes")).select(
        "sensor_id", pl.lit(report.value).alias("report"), "hour_start"
    )


def missed_hours(
    wanted: Sequence[WantedHour],
    asks: Iterable[Ask],
    coverage: pl.DataFrame,
    troubles: Sequence[Trouble],
    skews: Mapping[str, float],
    now: dt.datetime,
) -> pl.DataFrame:
    """Rows for the ledger: ended local hours that a device which was asked did not deliver in full.

    Of each device the wanted hours, and the one that ended last if it was asked for too. `skews` are the seconds by
    which devices' clocks are ahead of UTC, where that is known.
    """
    by_store: dict[str, list[LocalHour]] = {}
    for one in wanted:
        by_store.setdefault(one.store.id, []).extend(one.local_hours)
    asked = {(ask.device.id, ask.start): ask for ask in asks}.values()
    for ask in {(ask.store.id, ask.report): ask for ask in asked}.values():
        by_store.setdefault(ask.store.id, []).extend(_ended_last(ask, now))
    due = [(ask, hour) for ask in asked for hour in _hours_due(ask, by_store[ask.store.id], now)]
    looked_at = coverage.filter(pl.col("hour_start").is_in({hour.hour_start for _, hour in due}))
    covered = {(row["sensor_id"], row["hour_start"]): row for row in looked_at.to_dicts()}
    known: dict[str, list[Trouble]] = {}
    for one_trouble in troubles:
        known.setdefault(one_trouble.sensor_id, []).append(one_trouble)
    rows = []
    for ask, hour in due:
        device, store, of_device = ask.device, ask.store, known.get(ask.device.id, [])
        trouble = shortfall(device.id, hour, covered.get((device.id, hour.hour_start)), of_device)
        if trouble and trouble not in of_device and (slow := _slow_clock(hour, skews.get(device.id, 0.0), now)):
            trouble = replace(trouble, detail=slow)
        if trouble and (trouble in of_device or settles_at(store, hour) + SETTLING <= now):
            report = Report(ask.report)
            deadline = hour.hour_end + dt.timedelta(days=device.remembers_days(report))
            identity = (device.id, store.id, store.organization, report.value)
            rows.append((*identity, hour.hour_start, hour.hour_end, trouble.cause, trouble.detail, deadline))
    return pl.DataFrame(rows, schema=MISSED_HOURS, orient="row").unique(["sensor_id", "hour_start"], keep="first")


def _slow_clock(hour: LocalHour, skew: float, now: dt.datetime) -> str | None:
    """Words for an hour that has not ended yet by the device's own clock; None where it has."""
    if now + dt.timedelta(seconds=skew) >= hour.hour_end + COUNTED:
        return None
    behind = dt.timedelta(seconds=round(-skew))
    return f"its clock is {behind} behind UTC: by it this hour has not ended"


def _hours_due(ask: Ask, wanted: Sequence[LocalHour], now: dt.datetime) -> list[LocalHour]:
    hours = dict.fromkeys(wanted)
    return [hour for hour in hours if hour.hour_end <= now and ask.start < hour.hour_end and hour.hour_start < ask.end]


def _ended_last(ask: Ask, now: dt.datetime) -> Iterator[LocalHour]:
    """The hour that ended last, and of a report that is asked for once an hour the one before, which was not judged.

    While a row may still grow, nobody can say that it will not come.
    """
    latest = just_ended(ask.store, now)
    if latest is None:
        return
    yield latest
    if ask.report is not Report.LINES and now < latest.hour_end + SETTLING:
        before = just_ended(ask.store, latest.hour_start)
        yield from [before] if before else []


def shortfall(
    sensor_id: str, hour: LocalHour, covered: Mapping[str, float] | None, troubles: Sequence[Trouble]
) -> Trouble | None:
    """Why the hour is not there in full; None where it is."""
    if covered and covered["complete_minutes"] >= covered["hour_minutes"]:
        return None
    for trouble in troubles:
        if trouble.sensor_id == sensor_id and trouble.start < hour.hour_end and hour.hour_start < trouble.end:
            return trouble
    detail = "the reply holds no row for this hour"
    if covered:
        detail = f"the reply holds {covered['complete_minutes']:.0f} of {covered['hour_minutes']:.0f} minutes, complete"
    return Trouble(sensor_id, hour.hour_start, hour.hour_end, "malformed", detail)
