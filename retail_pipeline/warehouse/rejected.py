"""The quarantine: rows of replies that cannot be true, each kept once, with the reason."""

import datetime as dt
from collections.abc import Collection

import polars as pl
import psycopg

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse.queries import columns_of, query

REFUSED = {"sensor_id": pl.String(), "row": pl.String(), "reason": pl.String()}
_COLUMNS = ("reply_id", "sensor_id", "report", "row_number", "row", "reason", "collected_at")


def store_rejected(connection: psycopg.Connection, rejected: pl.DataFrame) -> int:
    """Keep what the parser refused; how many rows had not been seen before.

    Needs reply_id, sensor_id, report, row_number, row (as received), reason, collected_at.
    """
    if rejected.is_empty():
        return 0
    return connection.execute(query("insert_rejected_rows"), columns_of(rejected, _COLUMNS)).rowcount


def resolve_rejected(
    connection: psycopg.Connection,
    report: Report,
    reply_ids: Collection[int],
    refused: pl.DataFrame,
    now: dt.datetime,
) -> int:
    """Say of the rows refused in these replies what a new reading of all of them says; how many changed.

    `refused` (sensor_id, row, reason) is everything that the new reading refuses. A row that it takes stays, with
    `resolved_at` and a resolution; one that is refused again stands as before.
    """
    values = columns_of(refused, ("sensor_id", "row", "reason"))
    values |= {"report": str(report), "reply_ids": sorted(reply_ids), "now": now}
    return connection.execute(query("resolve_rejected_rows"), values).rowcount
