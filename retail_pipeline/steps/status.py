"""How the pipeline is, for the monitor: a handful of queries, whatever the number of stores, and what they mean."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from retail_pipeline.fleet.calendar import LocalHour, local_hours
from retail_pipeline.fleet.models import Fleet, Report, Store
from retail_pipeline.frames import quality
from retail_pipeline.steps.alerts.faults import undelivered_reports
from retail_pipeline.steps.alerts.telling import GIVEN_UP_AFTER
from retail_pipeline.steps.health import STAGES
from retail_pipeline.steps.recover import TWO_POLLS
from retail_pipeline.steps.status_report import (
    DeliveryStatus,
    DeviceStatus,
    GapStatus,
    HourState,
    HourStatus,
    IncidentStatus,
    QuarantineStatus,
    RunStatus,
    StageStatus,
    Status,
    StoreStatus,
)
from retail_pipeline.warehouse import evidence, reads
from retail_pipeline.warehouse import status as rows
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.report_deliveries import waiting as waiting_reports

INSPECTED_WITHIN = dt.timedelta(hours=2)
FIRST_MINUTES = 45
"""So long a store may wait for its first figures; what is older than its declaration is never overdue."""

SHOWN_HOURS = 24
_LOOK_BACK = dt.timedelta(hours=26)
_DAY = dt.timedelta(hours=24)
_WORST_FIRST = ("error", "warn", "ok")

NO_STORES = "The fleet file declares no store: nothing can be collected."
NOTHING_COLLECTED = (
    "Nothing has been collected yet: the warehouse is empty. Start `dagster dev`, or collect now with "
    "`retail-pipeline run`."
)
NEVER_INSPECTED = (
    "Nothing has been inspected yet: the job pipeline_health runs a quarter past each hour under `dagster dev`."
)


def gather_status(fleet: Fleet, warehouse: Warehouse, runs: Sequence[RunStatus] | None, now: dt.datetime) -> Status:
    """Look at the stores that `fleet` declares; `runs` come from Dagster and are passed through."""
    if not fleet.stores:
        return Status(at=now, is_healthy=False, problems=(NO_STORES,), runs=None if runs is None else tuple(runs))
    ids = fleet.store_ids
    devices = rows.device_states(warehouse, ids)
    stages = _stages(rows.latest_inspections(warehouse, ids, STAGES), now)
    stores = _stores(fleet, warehouse, devices, now)
    waiting = waiting_reports(warehouse, ids, now - GIVEN_UP_AFTER, [one.id for one in fleet.organizations])
    problems = (*_problems(stages, stores, devices, now), *_undelivered(waiting))
    return Status(
        at=now,
        is_healthy=not problems,
        problems=problems,
        stages=stages,
        stores=stores,
        devices=_devices(devices),
        gaps=tuple(GapStatus(**row) for row in rows.gap_summary(warehouse, ids).iter_rows(named=True)),
        quarantine=_quarantine(evidence.rejected(warehouse, ids, now - _DAY, now)),
        incidents=_incidents(rows.current_incidents(warehouse, ids)),
        deliveries=tuple(DeliveryStatus(**row) for row in waiting.iter_rows(named=True)),
        runs=None if runs is None else tuple(runs),
    )


def _undelivered(waiting: pl.DataFrame) -> Iterator[str]:
    for fault in undelivered_reports(waiting):
        yield f"reports do not reach {fault.subject}: {fault.detail}"


def _incidents(found: pl.DataFrame) -> tuple[IncidentStatus, ...]:
    return tuple(IncidentStatus(**row) for row in found.select(list(IncidentStatus.model_fields)).iter_rows(named=True))


def _problems(
    stages: Sequence[StageStatus], stores: Sequence[StoreStatus], devices: pl.DataFrame, now: dt.datetime
) -> Iterator[str]:
    """Sentences, the ones that explain others first. Warnings are shown, but are no problem."""
    if all(devices[name].is_null().all() for name in ("newest_complete_at", "last_ok_at", "last_error_at")):
        yield NOTHING_COLLECTED
        return
    if all(one.checked_at is None for one in stages) and _is_older_than(devices, now - INSPECTED_WITHIN):
        yield NEVER_INSPECTED
    for stage in stages:
        if stage.status == "not_inspected" and stage.checked_at:
            yield f"{stage.stage}: not inspected since {stage.checked_at:%Y-%m-%d %H:%M} UTC; does the daemon run?"
        elif stage.status == "error":
            yield f"{stage.stage}: {stage.store_id}: {stage.detail or 'a check failed'}"
    for device in devices.filter(pl.col("is_active") & (pl.col("circuit") == "open")).iter_rows(named=True):
        yield f"{device['sensor_id']} does not answer: {device['last_error'] or 'cause unknown'}"
    for store in stores:
        if store.lateness == "error":
            yield f"{store.store_id} is overdue by {store.overdue_minutes:.0f} minutes"


def _is_older_than(devices: pl.DataFrame, moment: dt.datetime) -> bool:
    """Whether the fleet was known before; one that was declared just now need not have been inspected."""
    return not devices.filter(pl.col("valid_from") < moment).is_empty()


def _devices(devices: pl.DataFrame) -> tuple[DeviceStatus, ...]:
    shown = devices.rename({"opened_at": "circuit_opened_at"}).select(list(DeviceStatus.model_fields))
    return tuple(DeviceStatus(**row) for row in shown.iter_rows(named=True))


def _stages(inspections: pl.DataFrame, now: dt.datetime) -> tuple[StageStatus, ...]:
    return tuple(_stage(stage, inspections.filter(pl.col("stage") == stage), now) for stage in STAGES)


def _stage(stage: str, inspections: pl.DataFrame, now: dt.datetime) -> StageStatus:
    """The worst store of those inspected lately; one that is newer than the last inspection is left out."""
    if inspections.is_empty():
        return StageStatus(stage=stage, status="not_inspected", findings=0, store_id=None, detail=None, checked_at=None)
    checked_at = inspections["checked_at"].max()
    recent = inspections.filter(pl.col("checked_at") >= now - INSPECTED_WITHIN)
    shown = recent if not recent.is_empty() else inspections
    worst = min(shown.iter_rows(named=True), key=lambda row: (_WORST_FIRST.index(row["status"]), row["store_id"]))
    return StageStatus(
        stage=stage,
        status="not_inspected" if recent.is_empty() else worst["status"],
        findings=int(shown["findings"].sum()),
        store_id=worst["store_id"] if worst["status"] != "ok" else None,
        detail=worst["detail"],
        checked_at=checked_at,
    )


def _stores(fleet: Fleet, warehouse: Warehouse, devices: pl.DataFrame, now: dt.datetime) -> tuple[StoreStatus, ...]:
    known = {store_id: (newest, since) for store_id, newest, since in _by_store(devices).iter_rows()}
    late = {store_id: (minutes, word) for store_id, minutes, word in _lateness(fleet, warehouse, now).iter_rows()}
    found = rows.hour_completeness(warehouse, fleet.store_ids, now - _LOOK_BACK, now)
    shares: dict[str, dict[dt.datetime, float]] = {store_id: {} for store_id in fleet.store_ids}
    for store_id, start, share in found.iter_rows():
        shares[store_id][start] = share
    return tuple(
        _store(store, *known.get(store.id, (None, now)), *late[store.id], shares[store.id], now)
        for store in fleet.stores
    )


def _by_store(devices: pl.DataFrame) -> pl.DataFrame:
    """`store_id`, end of the newest complete interval of an active device, since when the store is known."""
    return devices.group_by("store_id").agg(
        pl.col("newest_complete_at").filter("is_active").max(), pl.col("valid_from").min().alias("known_since")
    )


def _store(
    store: Store,
    newest: dt.datetime | None,
    known_since: dt.datetime,
    overdue_minutes: float,
    lateness: str,
    shares: Mapping[dt.datetime, float],
    now: dt.datetime,
) -> StoreStatus:
    minutes_known = (now - known_since).total_seconds() / 60
    ended = [hour for hour in local_hours(store, now - _LOOK_BACK, now) if hour.hour_end <= now]
    return StoreStatus(
        store_id=store.id,
        name=store.name,
        organization_id=store.organization,
        timezone=store.timezone,
        newest_complete_at=newest,
        minutes_since_newest=None if newest is None else round((now - newest).total_seconds() / 60, 1),
        overdue_minutes=round(min(overdue_minutes, minutes_known), 1),
        lateness=lateness if minutes_known > FIRST_MINUTES else "ok",
        hours=tuple(
            HourStatus(
                hour_start=hour.hour_start,
                hour_end=hour.hour_end,
                completeness=shares.get(hour.hour_start),
                state=_state(store, hour, shares.get(hour.hour_start), known_since, now),
            )
            for hour in ended[-SHOWN_HOURS:]
        ),
    )


def _lateness(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> pl.DataFrame:
    """`store_id`, `overdue_minutes`, `lateness` (ok, warn, error): by the rule of the check `overdue`, at `now`."""
    since, ids = now - _LOOK_BACK, fleet.store_ids
    raw = reads.raw_counts(warehouse, ids, since, now)
    excused = evidence.lost_device_hours(warehouse, ids, since, now).filter(report=str(Report.LINES))
    judged = quality.overdue(raw, fleet.stores, now, excused).select("store_id", pl.col("severity").alias("lateness"))
    late = quality.overdue_minutes(raw, fleet.stores, now, excused).join(judged, on="store_id", how="left")
    return late.select("store_id", "overdue_minutes", pl.col("lateness").fill_null("ok"))


def _state(
    store: Store, hour: LocalHour, completeness: float | None, known_since: dt.datetime, now: dt.datetime
) -> HourState:
    """Before the pipeline knew the store nothing is owed, though devices often remember it."""
    if completeness is not None and completeness >= 1:
        return HourState.COMPLETE
    if store.live_since and hour.local_date < store.live_since:
        return HourState.NOT_EXPECTED
    if completeness is None and hour.hour_end <= known_since:
        return HourState.NOT_EXPECTED
    if hour.hour_end + TWO_POLLS > now:
        return HourState.PENDING
    return HourState.MISSING if completeness is None else HourState.PARTIAL


def _quarantine(rejected: pl.DataFrame) -> tuple[QuarantineStatus, ...]:
    counted = rejected.group_by("sensor_id", "store_id", "reason").agg(pl.len().alias("rows"))
    return tuple(
        QuarantineStatus(**row) for row in counted.sort("store_id", "sensor_id", "reason").iter_rows(named=True)
    )
