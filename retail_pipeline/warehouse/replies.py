"""Keeps every answer of a device as the parser reads it: gzip, with the digest of what is kept.

That is as it came, but for a credential that the device repeated: it is blotted out before anybody sees the answer.
"""

import datetime as dt
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import psycopg
from psycopg.types.array import ListBinaryDumper

from retail_pipeline.devices.errors import DeviceError
from retail_pipeline.devices.models import Failure, Reply
from retail_pipeline.devices.requests import report_url
from retail_pipeline.warehouse.queries import query

_NO_SKEW: Mapping[int, float | None] = MappingProxyType({})
_NONE_UNREAD: Mapping[int, DeviceError] = MappingProxyType({})


def store_replies(
    connection: psycopg.Connection,
    answers: Sequence[Reply | Failure],
    skew: Mapping[int, float | None] = _NO_SKEW,
    polled_at: dt.datetime | None = None,
    unread: Mapping[int, DeviceError] = _NONE_UNREAD,
) -> list[int]:
    """Store the answers; their reply ids, in the order given.

    `skew`: seconds that the device's clock is ahead of UTC, by position in `answers`; absent or None: unknown.
    `polled_at`: when the poll began, which a replay needs to read the answers alike. `unread`: replies that turned out
    to be no report, by position.
    """
    if not answers:
        return []
    ids = [
        reply_id
        for (reply_id,) in connection.execute(
            "SELECT nextval(pg_get_serial_sequence('retail.device_replies', 'reply_id'))::bigint"
            " FROM generate_series(1, %s)",
            [len(answers)],
        )
    ]
    rows = [
        _row(answer, unread.get(position))
        | {"reply_id": reply_id, "clock_skew_seconds": skew.get(position), "polled_at": polled_at}
        for position, (reply_id, answer) in enumerate(zip(ids, answers, strict=True))
    ]
    with connection.cursor() as cursor:
        cursor.adapters.register_dumper(list, ListBinaryDumper)  # as text, thousands of bodies would all be escaped
        cursor.execute(query("insert_replies"), {name: [row[name] for row in rows] for name in rows[0]})
    return ids


def _row(answer: Reply | Failure, unread: DeviceError | None) -> dict[str, object]:
    ask = answer.ask
    return _outcome(answer, unread) | {
        "sensor_id": ask.device.id,
        "store_id": ask.store.id,
        "organization_id": ask.store.organization,
        "report": str(ask.report),
        "window_start": ask.start,
        "window_end": ask.end,
        "status": answer.status,
        "received_at": answer.received_at,
        "latency_ms": answer.latency_ms,
        "attempts": answer.attempts,
        "blots": answer.blots,
        "timezone": ask.zone.key,
        "sha256": None if answer.body is None else hashlib.sha256(answer.body).hexdigest(),
        # Without a time in its header, the same body gives the same bytes.
        "body": None if answer.body is None else gzip.compress(answer.body, mtime=0),
    }


def _outcome(answer: Reply | Failure, unread: DeviceError | None) -> dict[str, object]:
    error = answer.error if isinstance(answer, Failure) else unread
    return {
        "request": answer.url if isinstance(answer, Reply) else report_url(answer.ask),
        "error_cause": error and error.cause,
        "error_detail": error and error.detail,
        "device_clock": answer.device_clock if isinstance(answer, Reply) else None,
    }
