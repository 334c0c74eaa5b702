"""What follows for zones when a store's trading day is derived: their hours, the ways between them, queues, snapshots.

Written in the transaction of the derivation, so that no reader finds hours that their zones contradict.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.declared import devices
from retail_pipeline.frames.flows import zone_flows
from retail_pipeline.frames.queues import queue_alerts
from retail_pipeline.frames.snapshots import counted_snapshots
from retail_pipeline.frames.zone_hours import zone_hours
from retail_pipeline.steps.spans import bounds
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Connection, Warehouse


@dataclass(frozen=True)
class DayFigures:
    """Whole trading days of stores: measured line counts, stays, what was just derived of them, and `answered`."""

    stores: Sequence[Store]
    hours: pl.DataFrame
    counts: pl.DataFrame
    regional: pl.DataFrame
    long_stays: pl.DataFrame
    zones: pl.DataFrame
    hourly: pl.DataFrame
    answered: pl.DataFrame


@dataclass(frozen=True)
class Written:
    """Rows of a table, and the keys of those that were new, changed or removed."""

    rows: pl.DataFrame
    changed: pl.DataFrame


def write_zone_tables(
    connection: Connection, warehouse: Warehouse, day: DayFigures, slices: pl.DataFrame, now: dt.datetime, run_id: str
) -> dict[str, Written]:
    """Derive and write `zone_hours`, `zone_flows` and `queue_alerts`, and the snapshots of a day that `now` lies in."""
    by_run = pl.lit(run_id).alias("run_id")
    ids, span = [store.id for store in day.stores], bounds(day.hours)
    written = {}
    for table, rows in _derived(day).items():
        standing = reads.BY_ZONE[table](warehouse, ids, *span)
        changed = tables.write_by_zone(connection, table, rows.with_columns(by_run), slices, standing)
        written[table] = Written(rows, changed)
    today = slices.filter(pl.col("start") <= now, pl.col("end") > now).select("store_id", "start")
    hourly, zones = _since(today, day.hourly, day.zones)
    tables.write_snapshots(connection, counted_snapshots(hourly, zones, day.answered))
    return written


def answered(warehouse: Warehouse, stores: Sequence[Store]) -> pl.DataFrame:
    """`store_id`, `answered_at`: when the device heard longest ago gave its last report; NULL: one never did."""
    asked = devices(stores).join(reads.device_health(warehouse), on="sensor_id", how="left")
    is_silent = pl.col("last_ok_at").is_null().any()
    return asked.group_by("store_id").agg(pl.when(~is_silent).then(pl.col("last_ok_at").min()).alias("answered_at"))


def _derived(day: DayFigures) -> Mapping[str, pl.DataFrame]:
    flows = zone_flows(day.counts, day.stores, day.hours)
    by_hour = zone_hours(day.zones, flows, day.regional, day.hourly, day.stores, day.hours, long_stays=day.long_stays)
    return {"zone_hours": by_hour, "zone_flows": flows, "queue_alerts": queue_alerts(by_hour, day.stores)}


def _since(today: pl.DataFrame, hourly: pl.DataFrame, zones: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of today: a snapshot tells of now, an older day that is derived again has nothing to add."""
    return (
        hourly.join(today, on="store_id").filter(pl.col("hour_start") >= pl.col("start")),
        zones.join(today, on="store_id").filter(pl.col("interval_start") >= pl.col("start")),
    )
