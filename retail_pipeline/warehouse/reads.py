"""What other parts read of the warehouse, as frames in the types of frames/schemas.py; nothing is computed here."""

import datetime as dt
from collections.abc import Collection, Sequence

import polars as pl

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames import schemas
from retail_pipeline.warehouse.connection import Warehouse


def raw_counts(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Line crossings as reported: a frame of `RAW_SENSOR_COUNTS`, intervals that start in [start, end)."""
    return schemas.conform(_read(warehouse, "raw_counts", store_ids, start, end), schemas.RAW_SENSOR_COUNTS)


def regional_counts(
    warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """Stays as reported: a frame of `REGIONAL_COUNTS`, intervals that start in [start, end)."""
    return schemas.conform(_read(warehouse, "regional_counts", store_ids, start, end), schemas.REGIONAL_COUNTS)


def long_stay_counts(
    warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """Long stays as reported: a frame of `REGIONAL_COUNTS`, intervals that start in [start, end)."""
    return schemas.conform(_read(warehouse, "long_stay_counts", store_ids, start, end), schemas.REGIONAL_COUNTS)


def device_heat(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """The devices' own heat, in no known unit: a frame of `DEVICE_HEAT`, intervals that start in [start, end)."""
    return schemas.conform(_read(warehouse, "device_heat", store_ids, start, end), schemas.DEVICE_HEAT)


def live_counters(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Counters as devices showed them: a frame of `LIVE_COUNTERS`, readings in [start, end)."""
    return schemas.conform(_read(warehouse, "live_counters", store_ids, start, end), schemas.LIVE_COUNTERS)


def counts(
    warehouse: Warehouse, report: Report, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """The rows of a report, intervals that start in [start, end)."""
    read = {
        Report.LINES: raw_counts,
        Report.REGIONS: regional_counts,
        Report.LONG_STAYS: long_stay_counts,
        Report.HEAT: device_heat,
    }
    return read[report](warehouse, store_ids, start, end)


def zones(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Zone occupancy: a frame of `VIRTUAL_REGION_OCCUPANCY`, intervals that start in [start, end)."""
    rows = _read(warehouse, "virtual_region_occupancy", store_ids, start, end)
    return schemas.conform(rows, schemas.VIRTUAL_REGION_OCCUPANCY)


def hourly(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Hourly figures: a frame of `HOURLY_ANALYTICS`, hours that start in [start, end)."""
    return schemas.conform(_read(warehouse, "hourly_analytics", store_ids, start, end), schemas.HOURLY_ANALYTICS)


def zone_hours(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Figures of zones by the hour: a frame of `ZONE_HOURS`, hours that start in [start, end)."""
    return schemas.conform(_read(warehouse, "zone_hours", store_ids, start, end), schemas.ZONE_HOURS)


def zone_flows(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """People between areas by the hour: a frame of `ZONE_FLOWS`, hours that start in [start, end)."""
    return schemas.conform(_read(warehouse, "zone_flows", store_ids, start, end), schemas.ZONE_FLOWS)


def queue_alerts(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Queues that passed a limit: a frame of `QUEUE_ALERTS`, hours that start in [start, end)."""
    return schemas.conform(_read(warehouse, "queue_alerts", store_ids, start, end), schemas.QUEUE_ALERTS)


BY_ZONE = {"zone_hours": zone_hours, "zone_flows": zone_flows, "queue_alerts": queue_alerts}
"""What reads the tables of zones by the hour."""


def hour_history(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Complete hours with measured entries: a frame of `HOUR_HISTORY`, hours that start in [start, end)."""
    return schemas.conform(_read(warehouse, "hour_history", store_ids, start, end), schemas.HOUR_HISTORY)


def day_history(warehouse: Warehouse, store_ids: Sequence[str], days: Collection[dt.date]) -> pl.DataFrame:
    """`store_id`, `trading_day`, `entries`, `completeness` of the days named."""
    return warehouse.read("day_history", {"store_ids": list(store_ids), "days": sorted(days)})


def daily(warehouse: Warehouse, store_ids: Sequence[str], first_day: dt.date, last_day: dt.date) -> pl.DataFrame:
    """Daily figures: a frame of `DAILY_SUMMARIES`, trading days from `first_day` to `last_day`, both included."""
    values = {"store_ids": list(store_ids), "first_day": first_day, "last_day": last_day}
    return schemas.conform(warehouse.read("daily_summaries", values), schemas.DAILY_SUMMARIES)


def lost_hours(warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """`store_id`, `hour_start` of hours that start in [start, end) and will never be recovered further."""
    return _read(warehouse, "lost_hours", store_ids, start, end)


def recovered_hours(
    warehouse: Warehouse, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """`sensor_id`, `hour_start` of line counts that were missed and came after all; hours start in [start, end)."""
    return _read(warehouse, "recovered_hours", store_ids, start, end)


def device_health(warehouse: Warehouse) -> pl.DataFrame:
    """One row per declared device that was ever asked: circuit, consecutive_failures, last_ok_at, last_error ..."""
    return warehouse.read("device_health")


def _read(
    warehouse: Warehouse, name: str, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    return warehouse.read(name, {"store_ids": list(store_ids), "start": start, "end": end})
