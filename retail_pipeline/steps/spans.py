"""Bounds of frames as plain values, and the hours of chosen days."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import cast

import polars as pl

from retail_pipeline.fleet.calendar import trading_day_of
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.warehouse.attempts import StoreDay

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


def days_after(
    fleet: Fleet, days: Iterable[StoreDay], ago: Collection[dt.timedelta], now: dt.datetime
) -> set[StoreDay]:
    """The days that look back at one of `days` from so long after, as far as they have begun."""
    later = {(store_id, day + distance) for store_id, day in days for distance in ago}
    today = {store_id: trading_day_of(fleet.store(store_id), now) for store_id, _ in later}
    return {(store_id, day) for store_id, day in later if day <= today[store_id]}


def by_store(days: Iterable[StoreDay]) -> dict[str, set[dt.date]]:
    """The days of each store."""
    stores: dict[str, set[dt.date]] = {}
    for store_id, day in days:
        stores.setdefault(store_id, set()).add(day)
    return stores
