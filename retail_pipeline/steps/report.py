"""Reports of trading days: what stands in them, and keeping them. Draws pictures, which is slow to load."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds, open_spans
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.usual import is_whole_hour, usual_hours
from retail_pipeline.frames.zone_days import zone_days
from retail_pipeline.reports.day import DayReport, HeatCell, ReportAlert, ReportHour, ReportZone, ZoneHour
from retail_pipeline.reports.message import message, subject
from retail_pipeline.reports.page import day_page
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.attempts import StoreDay
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.store_reports import StoreReport, gap_causes, heat_map_of, write_report

_HISTORY = dt.timedelta(weeks=4)
_OF_THE_DAY = (
    *("is_complete", "completeness", "entries", "exits", "passers_by", "capture_rate", "average_hourly_entries"),
    *("peak_hour", "peak_hour_entries", "occupancy_max", "drift", "drift_share", "entries_last_week", "input_version"),
    *("quality", "imputed_share"),
)
_OF_THE_HOUR = (
    *("hour_start", "local_hour", "entries", "passers_by", "capture_rate", "occupancy_mean", "occupancy_max"),
    "quality",
)
_OF_THE_ZONE_HOUR = ("hour_start", "local_hour", "entries", "stays", "queue_length_max", "wait_minutes")


def make_report(fleet: Fleet, warehouse: Warehouse, store_id: str, day: dt.date, now: dt.datetime) -> DayReport | None:
    """Everything that the report shows; None where nothing of the day was measured, or the shop was closed."""
    store = fleet.store(store_id)
    summary = reads.daily(warehouse, [store_id], day, day)
    if summary.is_empty() or not open_spans(store, day):
        return None
    start, end = day_bounds(store, day)
    hourly = reads.hourly(warehouse, [store_id], start - _HISTORY, end)
    names = {one.id: one.name for one in fleet.organizations}
    return DayReport(
        store_id=store.id,
        store_name=store.name,
        organization_name=names[store.organization],
        timezone=store.timezone,
        language=store.language,
        trading_day=day,
        made_at=now,
        capacity=store.capacity,
        queue_limit=store.queue_alert.length if store.queue_alert else None,
        **_of_summary(summary.row(0, named=True)),
        hours=_hours(store, day, hourly, gap_causes(warehouse, store_id, start, end), now),
        zones=_zones(store, day, reads.zone_hours(warehouse, [store_id], start, end)),
        alerts=_alerts(store, reads.queue_alerts(warehouse, [store_id], start, end)),
        week=tuple(HeatCell(*row) for row in heat_map_of(warehouse, store_id).iter_rows()),
    )


def keep_reports(
    fleet: Fleet, warehouse: Warehouse, wanted: Iterable[StoreDay], now: dt.datetime, run_id: str
) -> dict[StoreDay, DayReport]:
    """Make and keep the reports of these days; days without one are left out."""
    made: dict[StoreDay, DayReport] = {}
    for store_id, day in wanted:
        report = make_report(fleet, warehouse, store_id, day, now) if fleet.has_store(store_id) else None
        if report is None:
            continue
        organization = fleet.store(store_id).organization
        kept = StoreReport(
            store_id,
            organization,
            day,
            report.language,
            day_page(report),
            subject(report),
            message(report),
            now,
            report.input_version,
        )
        with warehouse.transaction() as connection:
            write_report(connection, kept, run_id)
        made[store_id, day] = report
    return made


def _of_summary(day: Mapping[str, Any]) -> dict[str, Any]:
    change = day["change_last_week"]
    return {name: day[name] for name in _OF_THE_DAY} | {"change_last_week": None if change is None else change / 100}


def _hours(
    store: Store, day: dt.date, hourly: pl.DataFrame, causes: Mapping[dt.datetime, str], now: dt.datetime
) -> tuple[ReportHour, ...]:
    hours = trading_day_hours([store], day, day)
    usual = usual_hours(hours, hourly.filter("is_complete", is_whole_hour()), "entries", 4)
    told = hours.join(hourly, on=["store_id", "hour_start"], how="left", suffix="_told").join(
        usual, on=["store_id", "local_date", "local_hour"], how="left"
    )
    return tuple(
        ReportHour(
            is_open=row["business_share"] > 0,
            has_ended=row["hour_end"] <= now,
            completeness=row["completeness"] or 0.0,
            imputed=row["entries_imputed"],
            usual=row["usual"] if row["usual_weeks"] and row["usual_weeks"] >= 2 else None,
            cause=causes.get(row["hour_start"]),
            **{name: row[name] for name in _OF_THE_HOUR},
        )
        for row in told.sort("hour_start").iter_rows(named=True)
    )


def _zones(store: Store, day: dt.date, zone_hours: pl.DataFrame) -> tuple[ReportZone, ...]:
    """The zones that anything is known of, in the order of the fleet file."""
    summed_up = zone_days(zone_hours, trading_day_hours([store], day, day)).drop("store_id", "trading_day")
    by_zone = {row["zone"]: row for row in summed_up.iter_rows(named=True)}
    whole = zone_hours.filter("is_complete").select("zone", *_OF_THE_ZONE_HOUR)
    return tuple(
        ReportZone(
            name=zone.name,
            kind=str(zone.kind),
            hours=tuple(ZoneHour(*row[1:]) for row in whole.filter(pl.col("zone") == name).iter_rows()),
            **by_zone[name],
        )
        for name, zone in store.zones.items()
        if name in by_zone
    )


def _alerts(store: Store, found: pl.DataFrame) -> tuple[ReportAlert, ...]:
    """With the limits that were passed, which `threshold` writes as the fleet file does: `length: 6, minutes: 8`."""
    alerts = []
    for row in found.sort("hour_start", "zone").iter_rows(named=True):
        limits = dict(part.split(": ") for part in row["threshold"].split(", "))
        name = store.zones[row["zone"]].name if row["zone"] in store.zones else row["zone"]
        longest, slowest = (float(limits[key]) if key in limits else None for key in ("length", "minutes"))
        figures = row["local_hour"], row["queue_length_max"], row["wait_minutes"]
        alerts.append(ReportAlert(name, *figures, None if longest is None else int(longest), slowest))
    return tuple(alerts)
