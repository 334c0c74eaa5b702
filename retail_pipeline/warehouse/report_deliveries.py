"""Which pages were sent to whom, and which wait. Sending itself, and what is to be sent, are decided elsewhere.

Pages of stores and overviews of organizations stand in a table each, and are treated alike.
"""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import polars as pl
import psycopg

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import columns_of, query


class Kind(StrEnum):
    """What a page is: the report of a store's day, or the overview of an organization's. Its owner is either."""

    REPORT = "report"
    OVERVIEW = "overview"


class _Queries(NamedTuple):
    """Of one kind."""

    pages: str
    deliveries: str
    want: tuple[str, ...]
    forget: str
    take: str
    fail: str


_QUERIES = {
    Kind.REPORT: _Queries(
        pages="report_pages",
        deliveries="report_deliveries",
        want=("want_report_deliveries_again", "want_report_deliveries"),
        forget="forget_report_deliveries",
        take="take_report_delivery",
        fail="fail_report_delivery",
    ),
    Kind.OVERVIEW: _Queries(
        pages="overview_pages",
        deliveries="overview_deliveries",
        want=("want_overview_deliveries",),
        forget="forget_overview_deliveries",
        take="take_overview_delivery",
        fail="fail_overview_delivery",
    ),
}
WANTED = pl.Schema(
    {
        "owner_id": pl.String(),
        "organization_id": pl.String(),
        "trading_day": pl.Date(),
        "recipient": pl.String(),
        "receiver": pl.String(),
        "page_version": pl.Datetime("us", "UTC"),
    }
)
"""What `want` takes."""


class PageOf(NamedTuple):
    """The key of a delivery within its kind."""

    owner_id: str
    trading_day: dt.date
    receiver: str


def pages(warehouse: Warehouse, kind: Kind, owner_ids: Sequence[str], first_day: dt.date) -> pl.DataFrame:
    """`owner_id`, `trading_day`, `language`, `subject`, `message`, `input_version` of pages that can be sent."""
    return warehouse.read(_QUERIES[kind].pages, {"owner_ids": list(owner_ids), "first_day": first_day})


def deliveries(warehouse: Warehouse, kind: Kind, owner_ids: Sequence[str], first_day: dt.date) -> pl.DataFrame:
    """What was sent (`sent_at`) or waits, with `attempts`, `next_attempt` and the version that was taken."""
    return warehouse.read(_QUERIES[kind].deliveries, {"owner_ids": list(owner_ids), "first_day": first_day})


def waiting(
    warehouse: Warehouse, store_ids: Sequence[str], not_before: dt.datetime, organization_ids: Sequence[str] = ()
) -> pl.DataFrame:
    """`recipient`, `pages`, `since`, `attempts`, `next_attempt`, `problem` of recipients that have not taken all."""
    owners = {"store_ids": list(store_ids), "organization_ids": list(organization_ids)}
    return warehouse.read("waiting_reports", {**owners, "not_before": not_before})


def want(connection: psycopg.Connection, kind: Kind, wanted: pl.DataFrame, now: dt.datetime) -> None:
    """Write down what is to be sent (`WANTED`); a report anew where an earlier version of it was."""
    values = {**columns_of(wanted, tuple(WANTED)), "now": now}
    for name in _QUERIES[kind].want:
        connection.execute(query(name), values)


def forget(connection: psycopg.Connection, kind: Kind, owner_ids: Sequence[str], named: pl.DataFrame) -> None:
    """Forget what waits for receivers other than those `named` (`owner_id`, `receiver`)."""
    values = {**columns_of(named, ("owner_id", "receiver")), "owner_ids": list(owner_ids)}
    connection.execute(query(_QUERIES[kind].forget), values)


def take(
    connection: psycopg.Connection, kind: Kind, page: PageOf, input_version: dt.datetime, now: dt.datetime
) -> bool:
    """Write down that a page was taken; False when it had been. Send before the commit."""
    values = {**page._asdict(), "input_version": input_version, "now": now}
    return connection.execute(query(_QUERIES[kind].take), values).fetchone() is not None


def fail(connection: psycopg.Connection, kind: Kind, page: PageOf, problem: str, next_attempt: dt.datetime) -> None:
    """Write down that it was not taken, and when it is tried again."""
    values = {**page._asdict(), "problem": problem, "next_attempt": next_attempt}
    connection.execute(query(_QUERIES[kind].fail), values)
