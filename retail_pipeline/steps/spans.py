"""Bounds of frames as plain values, and the hours of chosen days."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import cast

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.local_time import trading_day_hours

StoreDays = Mapping[str, Collection[dt.date]]
"""Trading days by store."""


def bounds(rows: pl.DataFrame, start: str = "hour_start", end: str = "hour_end") -> tuple[dt.datetime, dt.datetime]:
    """Earliest `start` and latest `end` (UTC) of rows, of which there is at least one."""
    return cast("dt.datetime", rows[start].min()), cast("dt.datetime", rows[end].max())


def hours_of_days(stores: Sequence[Store], days: StoreDays) -> pl.DataFrame:
    """The local hours of the days of each store, which has at least one; columns of `STORE_HOURS`."""
    wanted = pl.DataFrame(
        [(store.id, day) for store in stores for day in sorted(days[store.id])],
        schema={"store_id": pl.String(), "trading_day": pl.Date()},
        orient="row",
    )
    hours = trading_day_hours(stores, min(wanted["trading_day"]), max(wanted["trading_day"]))
    return hours.join(wanted, on=["store_id", "trading_day"], how="semi")
