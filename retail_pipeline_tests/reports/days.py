"""A trading day for reports, written inline."""

import datetime as dt
from functools import cache
from typing import Any

from retail_pipeline.reports.day import DayReport, HeatCell, ReportAlert, ReportHour, ReportZone, ZoneHour
from retail_pipeline.reports.page import day_page

DAY = dt.date(2026, 11, 20)
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def hour(clock: int, entries: int | None = 10, **told: Any) -> ReportHour:
    """A complete open hour unless told otherwise."""
    known = {
        "hour_start": START + dt.timedelta(hours=clock),
        "is_open": True,
        "has_ended": True,
        "completeness": 1.0,
        "usual": 10.0,
        "occupancy_max": 4,
        "quality": "A",
    }
    return ReportHour(local_hour=clock, entries=entries, **(known | told))


def zone(name: str = "queue", title: str = "Checkout", kind: str = "queue", **told: Any) -> ReportZone:
    """A zone that was counted at 10:00 and 11:00 unless told otherwise; told figures are those of the day."""
    known = {"entries": 21, "completeness": 1.0} | told
    hours = tuple(
        ZoneHour(
            START + dt.timedelta(hours=n),
            n,
            entries=n if known["entries"] else None,
            stays=2 * n if known.get("stays") else None,
            queue_length_max=n - 8 if kind == "queue" else None,
        )
        for n in (10, 11)
    )
    return ReportZone(name, title, kind, **({"hours": hours} | known))


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
        "quality": "A",
        "zones": (zone(queue_length_max=3),),
        "week": (HeatCell(1, 10, 4.0), HeatCell(5, 17, 30.0)),
    }
    return DayReport(hours=hours or tuple(hour(n) for n in range(10, 20)), **(figures | told))


def eventful_day(**told: Any) -> DayReport:
    """A day with something to say of everything: gaps of two causes, an estimate, long queues, stays, a street."""
    counted = [
        hour(n, 10 + n % 7, passers_by=300, capture_rate=0.03 + n / 1000, occupancy_mean=2.0) for n in range(10, 20)
    ]
    counted[2] = hour(12, 3, completeness=0.5, imputed=14.2, quality="C", cause="unreachable")
    counted[3] = hour(13, None, completeness=0.0, quality="X", cause="device_off", occupancy_max=None)
    counted[9] = hour(19, 60, quality="B", passers_by=320, capture_rate=0.16, occupancy_mean=8.5, occupancy_max=19)
    queue = zone(queue_length_max=9, wait_minutes=6.4, stays=44, occupancy_mean=1.25, occupancy_max=9, completeness=0.8)
    window = zone(
        "premium", "Window & <show>", "premium", entries=None, stays=80, occupancy_mean=3.3, is_estimated=True
    )
    known = {
        "passers_by": 2_820,
        "capture_rate": 0.0412,
        "completeness": 0.85,
        "imputed_share": 0.1,
        "quality": "X",
        "occupancy_max": 95,
        "drift": 20,
        "drift_share": 0.17,
        "entries_last_week": 96,
        "change_last_week": 0.25,
        "queue_limit": 2,
        "zones": (queue, window),
        "alerts": (ReportAlert("Checkout", 17, 9, 12.5, 2, 8.0), ReportAlert("Checkout", 18, 4, None, 2, None)),
        "week": tuple(HeatCell(d, h, float(d * h)) for d in range(1, 7) for h in range(10, 20)),
    }
    return day(*counted, **(known | told))


@cache
def eventful_page(language: str = "en") -> str:
    """The page of that day, drawn once for all tests of a process."""
    return day_page(eventful_day(language=language))
