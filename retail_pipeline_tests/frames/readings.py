"""Readings of live counters written inline."""

import datetime as dt
from typing import Any

import polars as pl

from retail_pipeline.frames.schemas import LIVE_COUNTERS
from retail_pipeline_tests.frames.rows import DAY
from retail_pipeline_tests.shops import utc

MIDNIGHT = utc(f"{DAY} 00:00")


def reading(
    at: str,
    in_count: int,
    out_count: int = 0,
    *,
    since: dt.datetime | None = MIDNIGHT,
    skew_seconds: float = 0,
    sensor: str = "shop-1-door",
    store: str = "shop-1",
) -> dict[str, Any]:
    """One row of `live_counters`, read at a time (UTC) of the day of these tests."""
    observed_at = utc(f"{DAY} {at}" if len(at) <= 8 else at)
    return {
        "sensor_id": sensor,
        "store_id": store,
        "organization_id": "acme",
        "observed_at": observed_at,
        "shown_at": observed_at + dt.timedelta(seconds=skew_seconds),
        "counting_since": since,
        "in_count": in_count,
        "out_count": out_count,
        "reply_id": 1,
    }


def readings(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of `live_counters`."""
    return pl.DataFrame(rows, schema=LIVE_COUNTERS)
