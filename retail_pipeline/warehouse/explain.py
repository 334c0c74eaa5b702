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

    `row_start` is the start of the hour or interval, NULL for a trading day; `place` the zone, or `from:to` of a way.
    """
    return warehouse.read("revisions_of_period", period._asdict())


def lines_declared(warehouse: Warehouse, store_id: str) -> pl.DataFrame:
    """Every declaration of the store's lines: `sensor_id`, `line`, `role`, `is_inverted`, `valid_from`, `valid_to`."""
    return warehouse.read("lines_declared", {"store_id": store_id})


def run_of(warehouse: Warehouse, table: str, period: Period, place: str | None) -> str | None:
    """The run that last changed the row of `table` that begins with the period; None where there is no row.

    `place` is a zone, or `from:to` of a way between areas.
    """
    runs = warehouse.read("runs_of_figures", period._asdict())
    found = runs.filter(pl.col("table_name") == table, pl.col("place").eq_missing(pl.lit(place, pl.String())))
    return cast("str", found["run_id"][0]) if found.height else None


def staffing_hour(warehouse: Warehouse, store_id: str, local_date: dt.date, local_hour: int) -> pl.DataFrame:
    """What is expected of a local hour, with `run_id`; empty where nothing is."""
    return warehouse.read("staffing_hour", {"store_id": store_id, "local_date": local_date, "local_hour": local_hour})


def heat_map_cell(warehouse: Warehouse, store_id: str, zone: str, weekday: int, local_hour: int) -> pl.DataFrame:
    """A cell of the heat map of a zone (`*`: the store), with `run_id`; empty where nothing is known of it."""
    cell = {"store_id": store_id, "zone": zone, "weekday": weekday, "local_hour": local_hour}
    return warehouse.read("heat_map_cell", cell)


def sales_of(warehouse: Warehouse, period: Period, *, is_day: bool) -> dict[str, object] | None:
    """Entries, sales and what they come to, of the hour or of the trading day; None where either is unknown."""
    rows = warehouse.read("conversion_day" if is_day else "conversion_hour", period._asdict())
    return rows.row(0, named=True) if rows.height else None
