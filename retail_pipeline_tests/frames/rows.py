"""Raw rows written inline, and what the frames make of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.frames.schemas import HOUR_HISTORY, LINE_COUNTS, LINE_NUMBERS, RAW_SENSOR_COUNTS
from retail_pipeline_tests.shops import utc

DAY = dt.date(2026, 7, 18)
LATER = utc("2027-01-01 00:00")
COLLECTED = utc("2026-07-19 06:00")


def row(
    start: str | dt.datetime,
    lines: Mapping[int, tuple[int, int]] | None = None,
    *,
    sensor: str = "shop-1-door",
    store: str = "shop-1",
    minutes: int = 60,
    is_complete: bool = True,
    collected_at: dt.datetime = COLLECTED,
) -> dict[str, Any]:
    """One row of `raw_sensor_counts`; `lines` maps a line to its (IN, OUT), all others are zero.

    A start without a date is a time in UTC on the day of these tests.
    """
    if isinstance(start, str):
        start = utc(f"{DAY} {start}" if len(start) <= 5 else start)
    counts = lines or {}
    flat = [people for line in LINE_NUMBERS for people in counts.get(line, (0, 0))]
    return {
        "sensor_id": sensor,
        "store_id": store,
        "organization_id": "acme",
        "interval_start": start,
        "interval_end": start + dt.timedelta(minutes=minutes),
        **dict(zip(LINE_COUNTS, flat, strict=True)),
        "total_in": sum(flat[::2]),
        "total_out": sum(flat[1::2]),
        "is_complete": is_complete,
        "reply_id": 1,
        "collected_at": collected_at,
    }


def raw(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of `raw_sensor_counts`."""
    return pl.DataFrame(rows, schema=RAW_SENSOR_COUNTS)


def whole_day(
    store: Store, sensor: str | None = None, lines: Mapping[int, tuple[int, int]] | None = None, day: dt.date = DAY
) -> list[dict[str, Any]]:
    """A complete row for every hour of a trading day, all with the same counts."""
    return [
        row(start, lines, sensor=sensor or store.sensors[0].id, store=store.id)
        for start in hours_of(store, day)["hour_start"]
    ]


def hours_of(store: Store | Sequence[Store], first: dt.date = DAY, last: dt.date | None = None) -> pl.DataFrame:
    """The local hours of whole trading days of one or more stores."""
    return trading_day_hours([store] if isinstance(store, Store) else store, first, last or first)


def hourly_of(store: Store, rows: pl.DataFrame, as_of: dt.datetime = LATER, day: dt.date = DAY) -> pl.DataFrame:
    """`hourly_analytics` of one store's day."""
    return hourly_analytics(rows, [store], hours_of(store, day), as_of)


def weeks_before(*weeks: tuple[int, int] | None, hour: int = 10, day: dt.date = DAY) -> pl.DataFrame:
    """Complete open hours (entries, exits) one week before a day in UTC, two weeks before, and so on; None: missing."""
    days = [(day - dt.timedelta(weeks=n), people) for n, people in enumerate(weeks, 1) if people]
    rows = [("shop-1", utc(f"{before} {hour:02}:00"), before, hour, before, 1.0, *people) for before, people in days]
    return pl.DataFrame(rows, schema=HOUR_HISTORY, orient="row")
