"""Reports of trading days as they were made, and what they show beside the figures. The pages are made elsewhere."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import psycopg

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import query


class StoreReport(NamedTuple):
    """A page, the message that it is sent with, and the version of the summary that both were made from."""

    store_id: str
    organization_id: str
    trading_day: dt.date
    language: str
    html: str
    subject: str
    message: str
    made_at: dt.datetime
    input_version: dt.datetime


def write_report(connection: psycopg.Connection, report: StoreReport, run_id: str) -> None:
    """Keep a report; a newer one takes its place."""
    connection.execute(query("write_store_report"), {**report._asdict(), "run_id": run_id})


def read_report(connection: psycopg.Connection, store_id: str, day: dt.date) -> str | None:
    """The page of a day; None where none was made."""
    statement = "SELECT html FROM retail.store_reports WHERE store_id = %s AND trading_day = %s"
    row = connection.execute(statement, [store_id, day]).fetchone()
    return str(row[0]) if row else None


def reports_made(warehouse: Warehouse, store_ids: Sequence[str], first_day: dt.date) -> pl.DataFrame:
    """`store_id`, `trading_day`, `input_version` of the reports that stand since `first_day`."""
    return warehouse.read("reports_made", {"store_ids": list(store_ids), "first_day": first_day})


def heat_map_of(warehouse: Warehouse, store_id: str) -> pl.DataFrame:
    """`weekday`, `local_hour`, `entries` of a store as a whole."""
    return warehouse.read("heat_map_of_store", {"store_id": store_id})


def gap_causes(warehouse: Warehouse, store_id: str, start: dt.datetime, end: dt.datetime) -> dict[dt.datetime, str]:
    """The cause of each hour's gap that still stands, by the start of the hour."""
    rows = warehouse.read("gap_causes", {"store_id": store_id, "start": start, "end": end})
    return dict(rows.iter_rows())
