"""Replies as they were stored, read again, and the undoing of rows that they no longer stand for. No parsing here."""

import datetime as dt
import gzip
from collections.abc import Collection
from typing import NamedTuple

import polars as pl
import psycopg
from psycopg import sql

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import columns_of, query
from retail_pipeline.warehouse.statements import removal
from retail_pipeline.warehouse.tables import COUNTS

_REJECTED = ("reply_id", "row_number", "reason")


class StoredReply(NamedTuple):
    """A reply with a status of success, its body as received.

    `last_skew`: seconds by which the device's clock was ahead of UTC when last known before this reply; None: never.
    """

    reply_id: int
    sensor_id: str
    request: str
    window_start: dt.datetime
    window_end: dt.datetime
    status: int
    received_at: dt.datetime
    latency_ms: float
    device_clock: dt.datetime | None
    attempts: int
    body: bytes
    last_skew: float | None


def replied_devices(
    warehouse: Warehouse, start: dt.datetime, end: dt.datetime, store_ids: Collection[str]
) -> pl.DataFrame:
    """`store_id`, `sensor_id`, `report`, `replies`: who answered in [start, end); no `store_ids` means all stores."""
    return warehouse.read("replied_devices", {"start": start, "end": end, "store_ids": list(store_ids)})


def read_replies(
    warehouse: Warehouse,
    store_id: str,
    sensor_ids: Collection[str],
    report: Report,
    received: tuple[dt.datetime, dt.datetime],
    *,
    after: int,
    limit: int,
) -> list[StoredReply]:
    """The next replies of a store's devices received in [start, end), oldest first, beyond the reply id `after`."""
    values: dict[str, object] = {
        "store_id": store_id,
        "sensor_ids": list(sensor_ids),
        "report": report.value,
        "start": received[0],
        "end": received[1],
        "after": after,
        "batch_rows": limit,
    }
    rows = warehouse.read("stored_replies", values).iter_rows(named=True)
    return [StoredReply(**{**row, "body": gzip.decompress(row["body"])}) for row in rows]


def remove_disowned(connection: psycopg.Connection, report: Report, disowned: pl.DataFrame) -> int:
    """Remove rows (sensor_id, interval_start, reply_id) unless another reply has changed them since; how many went.

    The figures of complete ones are kept in `revisions`.
    """
    if disowned.is_empty():
        return 0
    target, _ = COUNTS[report]
    doomed = sql.SQL(
        "SELECT standing.* FROM {} AS standing INNER JOIN"
        " unnest(%(sensor_id)s::text[], %(interval_start)s::timestamptz[], %(reply_id)s::bigint[])"
        " AS disowned (sensor_id, interval_start, reply_id)"
        " USING (sensor_id, interval_start, reply_id)"
    ).format(target.name)
    values = columns_of(disowned, ("sensor_id", "interval_start", "reply_id"))
    return len(connection.execute(removal(target, doomed), values).fetchall())


def release_rejected(connection: psycopg.Connection, reply_ids: Collection[int], rejected: pl.DataFrame) -> int:
    """Take out of quarantine what the replies no longer hold; `rejected` (reply_id, row_number, reason) stays in it."""
    values = {"reply_ids": list(reply_ids), **columns_of(rejected, _REJECTED)}
    return connection.execute(query("release_rejected_rows"), values).rowcount
