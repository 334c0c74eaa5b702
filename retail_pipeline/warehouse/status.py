"""What the monitor reads: one query a subject, whatever the number of stores. What it means is decided elsewhere."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.warehouse.connection import Warehouse


def latest_inspections(warehouse: Warehouse, store_ids: Sequence[str], stages: Sequence[str]) -> pl.DataFrame:
    """One row per store and stage that was ever inspected: status, findings, detail, checked_at, run_id, failing_since.

    `failing_since` is the first of the errors that the latest one stands in a row with; NULL where that is no error.
    """
    return warehouse.read("latest_inspections", {"store_ids": list(store_ids), "stages": list(stages)})


def device_states(warehouse: Warehouse, store_ids: Sequence[str]) -> pl.DataFrame:
    """One row per declared device: circuit, last_ok_at, last_error, clock_skew_seconds, newest_complete_at ...

    `last_error` is a cause of the ledger and its words, without the device's name.
    """
    states = warehouse.read("device_states", {"store_ids": list(store_ids)})
    return states.with_columns(pl.col("last_error").str.strip_prefix(pl.col("sensor_id") + ": "))


def gap_summary(warehouse: Warehouse, store_ids: Sequence[str]) -> pl.DataFrame:
    """Open gaps per device, report and cause: hours, first_hour, nearest_deadline; nearest deadline first."""
    return warehouse.read("gap_summary", {"store_ids": list(store_ids)})


def hour_completeness(
    warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """store_id, hour_start, completeness (0..1) of the hours that start in [start, end) and have a row."""
    return warehouse.read("hour_completeness", {"store_ids": list(store_ids), "start": start, "end": end})


def current_incidents(warehouse: Warehouse, store_ids: Sequence[str]) -> pl.DataFrame:
    """Open incidents of these stores and of the whole pipeline, oldest first; none where no alerts are configured."""
    return warehouse.read("current_incidents", {"store_ids": list(store_ids)})
