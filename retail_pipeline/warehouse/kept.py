"""Reads stored answers back, a poll at a time: thirty days of a fleet do not fit into memory."""

import datetime as dt
import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import query

_FETCHED = 500


class KeptReply(NamedTuple):
    """A row of `device_replies`; `body` is gzip, `last_skew` what was known of the device's clock before the poll."""

    reply_id: int
    sensor_id: str
    store_id: str
    request: str
    window_start: dt.datetime
    window_end: dt.datetime
    status: int | None
    error_cause: str | None
    error_detail: str | None
    received_at: dt.datetime
    latency_ms: float
    device_clock: dt.datetime | None
    attempts: int
    body: bytes | None
    timezone: str | None
    polled_at: dt.datetime
    last_skew: float | None

    @property
    def was_read(self) -> bool:
        """Whether the answer came whole, so that a parser may judge it; else `error_cause` says what came instead."""
        return self.body is not None and (
            self.error_cause is None or (self.error_cause in {"not_a_report", "malformed"} and self.is_success)
        )

    @property
    def is_success(self) -> bool:
        """Whether the device answered with a status of success."""
        return self.status is not None and 200 <= self.status < 300

    def lies_in(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether all that was asked for lies in the span."""
        return start <= self.window_start and self.window_end <= end

    @property
    def text(self) -> bytes:
        """The body as received; empty where none came.

        Raises:
            ValueError: somebody changed the row; whoever may write `device_replies` restores it from a backup.
        """
        try:
            return b"" if self.body is None else gzip.decompress(self.body)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(
                f"the body of reply {self.reply_id} of {self.sensor_id} can't be unpacked ({error}): restore the row"
                " of device_replies from a backup"
            ) from error


def kept_polls(
    connection: psycopg.Connection, report: Report, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> Iterator[tuple[dt.datetime, list[KeptReply]]]:
    """Each poll whose answers can hold rows of `[start, end)`: when it began, and its answers as they were written."""
    values = {"report": str(report), "store_ids": list(store_ids), "start": start, "end": end}
    with connection.cursor("kept_replies", row_factory=class_row(KeptReply)) as cursor:
        cursor.itersize = _FETCHED
        cursor.execute(query("replies_of_hours"), values)
        for polled_at, answers in groupby(cursor, key=lambda one: one.polled_at):
            yield polled_at, list(answers)


def count_kept(
    warehouse: Warehouse, report: Report, store_ids: Sequence[str], start: dt.datetime, end: dt.datetime
) -> int:
    """How many answers `kept_polls` gives."""
    values = {"report": str(report), "store_ids": list(store_ids), "start": start, "end": end}
    return int(warehouse.read("count_replies_of_hours", values)["replies"][0])
