"""Overviews of organizations as they were made. The pages are made elsewhere."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import psycopg

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import query


class OrganizationPage(NamedTuple):
    """A page, the message that it is sent with, and the version of the summaries that both were made from."""

    organization_id: str
    trading_day: dt.date
    language: str
    html: str
    subject: str
    message: str
    made_at: dt.datetime
    input_version: dt.datetime


def write_overview(connection: psycopg.Connection, page: OrganizationPage, run_id: str) -> None:
    """Keep an overview; a newer one takes its place."""
    connection.execute(query("write_organization_report"), {**page._asdict(), "run_id": run_id})


def read_overview(connection: psycopg.Connection, organization_id: str, day: dt.date) -> str | None:
    """The overview of a day; None where none was made."""
    statement = "SELECT html FROM retail.organization_reports WHERE organization_id = %s AND trading_day = %s"
    row = connection.execute(statement, [organization_id, day]).fetchone()
    return str(row[0]) if row else None


def overviews_made(warehouse: Warehouse, organization_ids: Sequence[str], first_day: dt.date) -> pl.DataFrame:
    """`organization_id`, `trading_day`, `input_version` of the overviews that stand since `first_day`."""
    return warehouse.read("overviews_made", {"organization_ids": list(organization_ids), "first_day": first_day})
