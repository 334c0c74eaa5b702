"""What stored counts of whole trading days come to now; writing it is derive.py's, telling it explain's."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.imputation import LOOK_BACK
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline.steps.spans import bounds
from retail_pipeline.steps.switched_off import SwitchedOff, judge_switched_off
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse


@dataclass(frozen=True)
class DayCounts:
    """Trading days of stores, from the counts to the figures of their hours.

    Attributes:
        placed: the raw rows with their local hours.
        off: in which hours a device was switched off.
        present: the raw rows that count for zones: those of devices that were on.
        past: complete hours of the weeks before (`HOUR_HISTORY`).
        zones: a frame of `VIRTUAL_REGION_OCCUPANCY`.
        hourly: a frame of `HOURLY_ANALYTICS`.
    """

    placed: pl.DataFrame
    off: SwitchedOff
    present: pl.DataFrame
    past: pl.DataFrame
    zones: pl.DataFrame
    hourly: pl.DataFrame


def figures_of_days(warehouse: Warehouse, stores: Sequence[Store], hours: pl.DataFrame, now: dt.datetime) -> DayCounts:
    """The figures of whole trading days, whose `hours` these are, out of what the warehouse holds of them."""
    ids = [store.id for store in stores]
    start, end = bounds(hours)
    raw = reads.raw_counts(warehouse, ids, start, end)
    placed = with_hours(raw, hours)
    counted = placed.select(raw.columns)
    off = judge_switched_off(warehouse, stores, counted, hours)
    past = reads.hour_history(warehouse, ids, start - LOOK_BACK - dt.timedelta(days=1), end)
    late = reads.recovered_hours(warehouse, ids, start, end)
    present = measured(counted, off.hours, hours)
    hourly = hourly_analytics(counted, stores, hours, now, off.hours, past=past, recovered=late)
    zones = virtual_region_occupancy(present, stores, hours)
    return DayCounts(placed, off, present, past, zones, _with_history(hourly, off))


def _with_history(hourly: pl.DataFrame, off: SwitchedOff) -> pl.DataFrame:
    """Weeks before that had a say are inputs too: when they change the verdict, the day's summary is due."""
    newest = pl.max_horizontal("input_version", "history_version")
    return (
        hourly.join(off.versions, on=["store_id", "trading_day"], how="left", maintain_order="left")
        .with_columns(newest.alias("input_version"))
        .drop("history_version")
    )
