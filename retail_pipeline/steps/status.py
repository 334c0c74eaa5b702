"""The state of the pipeline in one look: stages, stores, devices. Rendering is the terminal's business."""

import datetime as dt
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.status import device_status, latest_health

DAY = dt.timedelta(hours=24)
HOUR = dt.timedelta(hours=1)
INSPECTED_WITHIN = dt.timedelta(hours=2)


class StoreStatus(BaseModel):
    """A store: minutes since its newest complete hour ended, and completeness of its last hours, oldest first.

    None in `completeness` is an hour without a row.
    """

    model_config = ConfigDict(frozen=True)
    store_id: str
    minutes_since_complete: float | None
    completeness: list[float | None]


class Status(BaseModel):
    """Everything that the monitor shows; times are UTC."""

    model_config = ConfigDict(frozen=True)
    at: dt.datetime
    inspected_at: dt.datetime | None
    stages: list[dict[str, Any]]
    stores: list[StoreStatus]
    devices: list[dict[str, Any]]

    @property
    def problems(self) -> list[str]:
        """Why the pipeline is unhealthy, a sentence each; none when it is well."""
        found = [
            f"{stage['stage']} of {stage['store_id']}: {stage['detail']}"
            for stage in self.stages
            if stage["status"] == "error"
        ]
        found += [
            f"{one['sensor_id']} does not answer: {one['last_error']}"
            for one in self.devices
            if one["circuit"] == "open"
        ]
        if self.inspected_at is None or self.at - self.inspected_at > INSPECTED_WITHIN:
            found.append("No inspection within the last 2 hours: see that the schedule pipeline_health runs.")
        return found


def read_status(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> Status:
    """Look at the warehouse; asks no device."""
    health = latest_health(warehouse)
    hours = store_hours(fleet.stores, now - DAY, now)
    hourly = reads.hourly(warehouse, fleet.store_ids, now - DAY, now)
    told = hours.join(
        hourly.select("store_id", "hour_start", "completeness", "is_complete"),
        on=["store_id", "hour_start"],
        how="left",
    )
    return Status(
        at=now,
        inspected_at=None if health.is_empty() else health["checked_at"][0],
        stages=health.drop("checked_at").to_dicts(),
        stores=[_store(store_id, told.filter(pl.col("store_id") == store_id), now) for store_id in fleet.store_ids],
        devices=device_status(warehouse).to_dicts(),
    )


def _store(store_id: str, hours: pl.DataFrame, now: dt.datetime) -> StoreStatus:
    ordered = hours.sort("hour_start")
    complete = ordered.filter("is_complete")
    minutes = None if complete.is_empty() else (now - complete["hour_end"][-1]).total_seconds() / 60
    return StoreStatus(
        store_id=store_id, minutes_since_complete=minutes, completeness=ordered["completeness"].to_list()
    )
