"""What fails now, each thing once: what a failure explains is not another failure. Pure frames and values, no I/O."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from retail_pipeline.fleet.models import Device, Fleet
from retail_pipeline.steps.health import COLLECTION

CAUSES = ("unreachable", "refused", "not_a_report", "malformed")
INSPECTED_WITHIN = dt.timedelta(hours=2)
ECHO = dt.timedelta(minutes=90)
"""An inspection finds the hours that a device missed shortly before, though it answers again by then."""

PATIENCE = dt.timedelta(hours=4)
"""A store whose collection is in error for longer has more than a device that fails now and then."""


WORTH_A_WORD = 3
"""So often a recipient of reports may take nothing before anybody is told."""


class Kind(StrEnum):
    """What can fail."""

    DEVICE = "device"
    CHECK = "check"
    FRESHNESS = "freshness"
    RUN = "run"
    REPORT = "report"


@dataclass(frozen=True)
class Fault:
    """Something that fails: `kind` and `subject` say what, `shared` (a host, a credential) what may fail with it."""

    kind: Kind
    subject: str
    cause: str
    detail: str
    since: dt.datetime
    organization_id: str | None = None
    store_id: str | None = None
    shared: str | None = None


def current_faults(
    fleet: Fleet, devices: pl.DataFrame, inspections: pl.DataFrame, told_by_dagster: Sequence[Fault], now: dt.datetime
) -> list[Fault]:
    """Everything that fails at `now`.

    `devices` and `inspections` are rows of warehouse/status.py, `told_by_dagster` failed runs and stale tables. A store
    whose device has ceased to answer is not told of its missing hours as well, and tables are not stale when no device
    is left that could fill them.
    """
    asked = devices.filter("is_active")
    everything_is_down = not asked.is_empty() and (asked["consecutive_failures"] > 0).all()
    return [
        *_silent_devices(fleet, asked),
        *_failing_stages(asked, inspections, now),
        *(one for one in told_by_dagster if not (one.kind is Kind.FRESHNESS and everything_is_down)),
    ]


def undelivered_reports(waiting: pl.DataFrame) -> list[Fault]:
    """Recipients that have not taken pages though they were tried three times; `waiting` as the warehouse says it."""
    return [
        Fault(
            kind=Kind.REPORT,
            subject=row["recipient"],
            cause="undelivered",
            detail=f"{row['pages']} pages wait: {row['problem']}",
            since=row["since"],
        )
        for row in waiting.filter(pl.col("attempts") >= WORTH_A_WORD).iter_rows(named=True)
    ]


def _silent_devices(fleet: Fleet, asked: pl.DataFrame) -> Iterator[Fault]:
    declared = {device.id: device for store in fleet.stores for device in store.sensors}
    for row in asked.filter(pl.col("circuit") == "open").iter_rows(named=True):
        if row["sensor_id"] not in declared:
            continue
        cause, detail = _cause(row["last_error"] or "")
        yield Fault(
            kind=Kind.DEVICE,
            subject=row["sensor_id"],
            cause=cause,
            detail=detail,
            since=row["opened_at"],
            organization_id=row["organization_id"],
            store_id=row["store_id"],
            shared=_shared(declared[row["sensor_id"]], cause),
        )


def _cause(error: str) -> tuple[str, str]:
    cause, _, detail = error.partition(": ")
    return (cause, detail) if cause in CAUSES else ("unreachable", error or "no report came")


def _shared(device: Device, cause: str) -> str:
    """Devices behind one router share a host; those that refuse a secret share the secret, wherever they hang."""
    if cause == "refused" and device.credential:
        return f"credential {device.credential}"
    return f"host {device.url.host}"


def _failing_stages(asked: pl.DataFrame, inspections: pl.DataFrame, now: dt.datetime) -> Iterator[Fault]:
    recent = inspections.filter(pl.col("status") == "error", pl.col("checked_at") >= now - INSPECTED_WITHIN)
    for row in recent.iter_rows(named=True):
        of_store = asked.filter(pl.col("store_id") == row["store_id"])
        if row["stage"] == COLLECTION and _explains(of_store, row["checked_at"], row["failing_since"], now):
            continue
        yield Fault(
            kind=Kind.CHECK,
            subject=f"{row['store_id']}: {row['stage']}",
            cause=row["stage"],
            detail=row["detail"] or "a check failed",
            since=row["failing_since"],
            organization_id=row["organization_id"],
            store_id=row["store_id"],
        )


def _explains(devices: pl.DataFrame, checked_at: dt.datetime, failing_since: dt.datetime, now: dt.datetime) -> bool:
    if (devices["circuit"] == "open").any():
        return True
    failed_lately = (devices["last_error_at"] >= checked_at - ECHO).any()
    return bool(failed_lately) and now - failing_since < PATIENCE
