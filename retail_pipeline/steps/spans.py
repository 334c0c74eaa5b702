"""Bounds of frames as plain values."""

import datetime as dt
from typing import cast

import polars as pl


def bounds(rows: pl.DataFrame, start: str = "hour_start", end: str = "hour_end") -> tuple[dt.datetime, dt.datetime]:
    """Earliest `start` and latest `end` (UTC) of rows, of which there is at least one."""
    return cast("dt.datetime", rows[start].min()), cast("dt.datetime", rows[end].max())
