"""The trading day in which a question lies: what was counted in it, and the figures that this comes to now."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.drift import corrected_occupancy
from retail_pipeline.frames.flows import zone_flows
from retail_pipeline.frames.hourly import entrance_intervals
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.numbered import numbered, placed
from retail_pipeline.frames.zone_hours import zone_hours
from retail_pipeline.steps.figures import DayCounts, figures_of_days
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse


@dataclass(frozen=True)
class TradingDay:
    """A trading day of a store.

    Attributes:
        hours: its local hours (`STORE_HOURS`).
        counts: its counts, and the figures that they come to now.
        intervals: `entrance_intervals` of the day with `corrected`.
        regional, long_stays: stays and long ones as reported.
        heat: values of the devices' own heat as reported.
        zones, flows: `zone_hours` and `zone_flows` as they would be derived now.
        stored: `hourly_analytics` of the day, as it stands.
        past_days: the days a week and 52 weeks before.
        lost: `store_id`, `hour_start` of hours whose gap is closed as lost.
    """

    hours: pl.DataFrame
    counts: DayCounts
    intervals: pl.DataFrame
    regional: pl.DataFrame
    long_stays: pl.DataFrame
    heat: pl.DataFrame
    zones: pl.DataFrame
    flows: pl.DataFrame
    stored: pl.DataFrame
    past_days: pl.DataFrame
    lost: pl.DataFrame


def read_trading_day(warehouse: Warehouse, store: Store, day: dt.date, now: dt.datetime) -> TradingDay:
    """The day as the warehouse has it, and derived anew."""
    asked = [store.id], *day_bounds(store, day)
    hours = trading_day_hours([store], day, day)
    counts = figures_of_days(warehouse, [store], hours, now, whole_past=True)
    regional, long_stays = reads.regional_counts(warehouse, *asked), reads.long_stay_counts(warehouse, *asked)
    stays, longer = (measured(rows, counts.off.hours, hours) for rows in (regional, long_stays))
    flows = zone_flows(counts.present, [store], hours)
    return TradingDay(
        hours=hours,
        counts=counts,
        intervals=_intervals(counts, store, hours),
        regional=regional,
        long_stays=long_stays,
        heat=reads.device_heat(warehouse, *asked),
        zones=zone_hours(counts.zones, flows, stays, counts.hourly, [store], hours, long_stays=longer),
        flows=flows,
        stored=reads.hourly(warehouse, *asked),
        past_days=reads.day_history(warehouse, [store.id], {day - LAST_WEEK, day - LAST_YEAR}),
        lost=reads.lost_hours(warehouse, *asked),
    )


def _intervals(counts: DayCounts, store: Store, hours: pl.DataFrame) -> pl.DataFrame:
    known = numbered(hours)
    return (
        entrance_intervals(placed(counts.present, known), [store], known)
        .with_columns(corrected_occupancy("area_day").alias("corrected"))
        .join(known.lazy().select("hour", "hour_start"), on="hour", maintain_order="left")
        .collect()
    )
