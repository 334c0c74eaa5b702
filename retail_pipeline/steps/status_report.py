"""The shape of what the monitor knows: `Status`, as people and machines read it. Gathered in status.py."""

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

Instant = Annotated[
    AwareDatetime,
    PlainSerializer(lambda at: at.astimezone(dt.UTC).isoformat(timespec="seconds"), return_type=str, when_used="json"),
]
"""A moment; in JSON always UTC, to the second, as `2026-03-02T12:00:00+00:00`."""


class HourState(StrEnum):
    """How an hour stands. Whether people came says nothing here: a quiet hour is `complete` all the same.

    `pending` may still come with the next poll; `not_expected` lies before the store went live, or was known.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"
    PENDING = "pending"
    NOT_EXPECTED = "not_expected"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StageStatus(_Part):
    """The worst finding of a stage over all stores; `status` is ok, warn, error or not_inspected."""

    stage: str
    status: str
    findings: int
    store_id: str | None
    detail: str | None
    checked_at: Instant | None


class HourStatus(_Part):
    """One local clock hour of a store; `completeness` (0..1) is None when nothing of it was reported."""

    hour_start: Instant
    hour_end: Instant
    completeness: float | None
    state: HourState


class StoreStatus(_Part):
    """A store: minutes since its newest complete interval ended, and its last 24 ended hours, oldest first.

    `lateness` (ok, warn, error) judges `overdue_minutes` by the check `overdue`: inside business hours only.
    """

    store_id: str
    name: str
    organization_id: str
    timezone: str
    newest_complete_at: Instant | None
    minutes_since_newest: float | None
    overdue_minutes: float
    lateness: str
    hours: tuple[HourStatus, ...]


class DeviceStatus(_Part):
    """A device: does it answer, and is its clock right (seconds ahead of UTC)."""

    sensor_id: str
    store_id: str
    is_active: bool
    circuit: str
    circuit_opened_at: Instant | None
    last_ok_at: Instant | None
    last_error: str | None
    last_error_at: Instant | None
    clock_skew_seconds: float | None


class GapStatus(_Part):
    """Hours that a device owes for one cause, and when it will begin to have forgotten them."""

    sensor_id: str
    store_id: str
    report: str
    cause: str
    hours: int
    first_hour: Instant
    nearest_deadline: Instant


class QuarantineStatus(_Part):
    """Rows of a device that were refused in the last 24 hours, per reason."""

    sensor_id: str
    store_id: str
    reason: str
    rows: int


class IncidentStatus(_Part):
    """A failure that `RETAIL_ALERT_URLS` are told of; `told_at` is None as long as nobody has taken the message.

    `location` is the code location that noticed it, None where there is only one.
    """

    kind: str
    subject: str
    organization_id: str | None
    store_id: str | None
    cause: str
    detail: str
    since: Instant
    opened_at: Instant
    told_at: Instant | None
    location: str | None


class DeliveryStatus(_Part):
    """Pages of reports that a recipient has not taken; `problem` is why it did not take the last one."""

    recipient: str
    pages: int
    since: Instant
    attempts: int
    next_attempt: Instant | None
    problem: str | None


class RunStatus(_Part):
    """A run of the pipeline as Dagster recorded it."""

    run_id: str
    job: str
    status: str
    started_at: Instant | None
    seconds: float | None


class Status(_Part):
    """How the pipeline is at `at`; healthy when `problems` is empty. `runs` is None where Dagster's records are not."""

    at: Instant
    is_healthy: bool
    problems: tuple[str, ...]
    stages: tuple[StageStatus, ...] = ()
    stores: tuple[StoreStatus, ...] = ()
    devices: tuple[DeviceStatus, ...] = ()
    gaps: tuple[GapStatus, ...] = ()
    quarantine: tuple[QuarantineStatus, ...] = ()
    incidents: tuple[IncidentStatus, ...] = ()
    deliveries: tuple[DeliveryStatus, ...] = ()
    runs: tuple[RunStatus, ...] | None = None
