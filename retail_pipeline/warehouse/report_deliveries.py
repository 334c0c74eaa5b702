"""Which pages were sent to whom, and which wait. Sending itself, and what is to be sent, are decided elsewhere."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import psycopg

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import columns_of, query

WANTED = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "trading_day": pl.Date(),
        "recipient": pl.String(),
        "receiver": pl.String(),
        "page_version": pl.Datetime("us", "UTC"),
    }
)
"""What `want` takes."""


class PageOf(NamedTuple):
    """The key of a delivery."""

    store_id: str
    trading_day: dt.date
    receiver: str


def pages(warehouse: Warehouse, store_ids: Sequence[str], first_day: dt.date) -> pl.DataFrame:
    """`store_id`, `trading_day`, `language`, `subject`, `message`, `input_version` of pages that can be sent."""
    return warehouse.read("report_pages", {"store_ids": list(store_ids), "first_day": first_day})


def deliveries(warehouse: Warehouse, store_ids: Sequence[str], first_day: dt.date) -> pl.DataFrame:
    """What was sent (`sent_at`) or waits, with `attempts`, `next_attempt` and the version that was taken."""
    return warehouse.read("report_deliveries", {"store_ids": list(store_ids), "first_day": first_day})


def waiting(warehouse: Warehouse, store_ids: Sequence[str], not_before: dt.datetime) -> pl.DataFrame:
    """`recipient`, `pages`, `since`, `attempts`, `next_attempt`, `problem` of recipients that have not taken all."""
    return warehouse.read("waiting_reports", {"store_ids": list(store_ids), "not_before": not_before})


def want(connection: psycopg.Connection, wanted: pl.DataFrame, now: dt.datetime) -> None:
    """Write down what is to be sent (`WANTED`), anew where an earlier version of the page was."""
    values = {**columns_of(wanted, tuple(WANTED)), "now": now}
    connection.execute(query("want_report_deliveries_again"), values)
    connection.execute(query("want_report_deliveries"), values)


def forget(connection: psycopg.Connection, store_ids: Sequence[str], named: pl.DataFrame) -> None:
    """Forget what waits for receivers other than those `named` (`store_id`, `receiver`)."""
    values = {**columns_of(named, ("store_id", "receiver")), "store_ids": list(store_ids)}
    connection.execute(query("forget_report_deliveries"), values)


def take(connection: psycopg.Connection, page: PageOf, input_version: dt.datetime, now: dt.datetime) -> bool:
    """Write down that a page was taken; False when it had been. Send before the commit."""
    values = {**page._asdict(), "input_version": input_version, "now": now}
    return connection.execute(query("take_report_delivery"), values).fetchone() is not None


def fail(connection: psycopg.Connection, page: PageOf, problem: str, next_attempt: dt.datetime) -> None:
    """Write down that it was not taken, and when it is tried again."""
    values = {**page._asdict(), "problem": problem, "next_attempt": next_attempt}
    connection.execute(query("fail_report_delivery"), values)
