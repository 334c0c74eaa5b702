"""What the checks need to know beside the tables themselves: what was refused, and what nobody can have any more."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.warehouse.connection import Warehouse


def rejected(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Rows in quarantine first seen in [start, end): `store_id`, `sensor_id`, `report`, `reason`, `seen_at`."""
    return warehouse.read("recent_rejected_rows", {"store_ids": list(store_ids), "start": start, "end": end})


def lost_device_hours(
    warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """`sensor_id`, `report`, `hour_start`, `cause` of hours in [start, end) that nobody owes.

    Their gap is closed as lost, or nobody has asked for them (`not_asked`), because they lie before the device was
    declared: the ledger will, but a pipeline that began today is not unhealthy for want of yesterday. Such hours begin
    every quarter of an hour, because zones differ by that.
    """
    spans = warehouse.read("lost_device_hours", {"store_ids": list(store_ids), "start": start, "end": end})
    hours = pl.datetime_ranges("hour_start", "last_start", "15m").alias("hour_start")
    return (
        spans.filter(pl.col("hour_start") <= pl.col("last_start"))
        .select("sensor_id", "report", hours, "cause")
        .explode("hour_start")
    )


def usual_counts(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """The p99 of every figure, and the number of `days` with counts: one row per `sensor_id`, over [start, end)."""
    return warehouse.read("usual_counts", {"store_ids": list(store_ids), "start": start, "end": end})


def device_clocks(warehouse: Warehouse, since: dt.datetime) -> pl.DataFrame:
    """One row per declared device that was ever asked: what its clock and its rows did since then.

    Columns: store_id, sensor_id, last_ok_at, skew_seconds (ahead of UTC, NULL: unknown), worst_skew_seconds and
    worst_skew_at of a reply since, changed_intervals (after they were complete) and first_changed, where one starts.
    """
    return warehouse.read("device_clocks", {"since": since})
