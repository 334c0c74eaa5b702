"""Where figures of a store came from: its gaps, replies, revisions and declarations. Their meaning is not said here."""

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple, cast

import polars as pl

from retail_pipeline.warehouse.connection import Warehouse


class Period(NamedTuple):
    """`[start, end)` of a store in UTC, and the trading day that it is, or lies in."""

    store_id: str
    start: dt.datetime
    end: dt.datetime
    trading_day: dt.date


def first_known_hour(warehouse: Warehouse, store_id: str) -> dt.datetime | None:
    """Start of the first hour with figures or a gap; None: nothing is known yet."""
    return cast("dt.datetime | None", warehouse.read("first_known_hour", {"store_id": store_id})["first_hour"][0])


def gaps_of(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    """The ledger of the hours of a period, recovered and lost ones too, in order of time."""
    return warehouse.read("gaps_of_store", period._asdict())


def replies_named(warehouse: Warehouse, reply_ids: Collection[int]) -> pl.DataFrame:
    """Stored answers without their bodies; `bytes` is the length of the body as kept (gzip)."""
    return warehouse.read("replies_named", {"reply_ids": sorted(reply_ids)})


def revisions_of(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    """What figures of the period's hours and of its trading day were before, and counts of its intervals; in order.

    `row_start` is the start of the hour or interval, NULL for a trading day.
    """
    return warehouse.read("revisions_of_period", period._asdict())


def lines_declared(warehouse: Warehouse, store_id: str) -> pl.DataFrame:
    """Every declaration of the store's lines: `sensor_id`, `line`, `role`, `is_inverted`, `valid_from`, `valid_to`."""
    return warehouse.read("lines_declared", {"store_id": store_id})


def run_of(warehouse: Warehouse, table: str, period: Period, zone: str | None) -> str | None:
    """The run that last changed the row of `table` that begins with the period; None where there is no row."""
    runs = warehouse.read("runs_of_figures", period._asdict())
    found = runs.filter(pl.col("table_name") == table, pl.col("zone").eq_missing(pl.lit(zone, pl.String())))
    return cast("str", found["run_id"][0]) if found.height else None


def sales_of(warehouse: Warehouse, period: Period, *, is_day: bool) -> dict[str, object] | None:
    """Entries, sales and what they come to, of the hour or of the trading day; None where either is unknown."""
    rows = warehouse.read("conversion_day" if is_day else "conversion_hour", period._asdict())
    return rows.row(0, named=True) if rows.height else None
