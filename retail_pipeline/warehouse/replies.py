"""Keeps every answer of a device as the parser reads it: gzip, with the digest of what is kept.

That is as it came, but for a credential that the device repeated: it is blotted out before anybody sees the answer.
"""

import datetime as dt
import gzip
import hashlib
from collections.abc import Mapping, Sequence

import psycopg

from retail_pipeline.devices.models import Failure, Reply
from retail_pipeline.devices.requests import report_url
from retail_pipeline.warehouse.queries import query

_NO_SKEW: Mapping[int, float | None] = {}


def store_replies(
    connection: psycopg.Connection,
    answers: Sequence[Reply | Failure],
    skew: Mapping[int, float | None] = _NO_SKEW,
    polled_at: dt.datetime | None = None,
) -> list[int]:
    """Store the answers; their reply ids, in the order given.

    `skew`: seconds that the device's clock is ahead of UTC, by position in `answers`; absent or None: unknown.
    `polled_at`: when the poll began, which a replay needs to read the answers alike.
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
        _row(answer) | {"reply_id": reply_id, "clock_skew_seconds": skew.get(position), "polled_at": polled_at}
        for position, (reply_id, answer) in enumerate(zip(ids, answers, strict=True))
    ]
    with connection.cursor() as cursor:
        cursor.executemany(query("insert_reply"), rows)
    return ids


def _row(answer: Reply | Failure) -> dict[str, object]:
    ask = answer.ask
    return _outcome(answer) | {
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


def _outcome(answer: Reply | Failure) -> dict[str, object]:
    if isinstance(answer, Reply):
        return {
            "request": answer.url,
            "error_cause": None,
            "error_detail": None,
            "device_clock": answer.device_clock,
        }
    return {
        "request": report_url(answer.ask),
        "error_cause": answer.error.cause,
        "error_detail": answer.error.detail,
        "device_clock": None,
    }
