"""A trading day for reports, written inline."""

import datetime as dt
from typing import Any

from retail_pipeline.reports.day import DayReport, HeatCell, ReportHour, ReportZone

DAY = dt.date(2026, 11, 20)
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def hour(clock: int, entries: int | None = 10, **told: Any) -> ReportHour:
    """A complete open hour unless told otherwise."""
    known = {"is_open": True, "has_ended": True, "completeness": 1.0, "usual": 10.0, "occupancy_max": 4}
    return ReportHour(START + dt.timedelta(hours=clock), clock, entries=entries, **(known | told))


def day(*hours: ReportHour, **told: Any) -> DayReport:
    """A whole day of a shop in Lisbon unless told otherwise."""
    figures = {
        "store_id": "shop-1",
        "store_name": "Shop & <Son>",
        "organization_name": "Acme",
        "timezone": "Europe/Lisbon",
        "language": "en",
        "trading_day": DAY,
        "made_at": START + dt.timedelta(days=1, hours=8),
        "input_version": START + dt.timedelta(days=1),
        "is_complete": True,
        "completeness": 1.0,
        "entries": 120,
        "exits": 118,
        "passers_by": None,
        "capture_rate": None,
        "average_hourly_entries": 12.0,
        "peak_hour": 17,
        "peak_hour_entries": 30,
        "occupancy_max": 9,
        "capacity": 100,
        "drift": 2,
        "drift_share": 2 / 120,
        "entries_last_week": None,
        "change_last_week": None,
        "zones": (ReportZone("queue", "Checkout", "queue", entries=40, occupancy_max=5),),
        "week": (HeatCell(1, 10, 4.0), HeatCell(5, 17, 30.0)),
    }
    return DayReport(hours=hours or tuple(hour(n) for n in range(10, 20)), **(figures | told))
