"""Keeping what a poll brought: all stores at once, one by one where that fails.

A store whose replies can't be read or stored fails alone, with the cause `store_failed`: the device did its part, and
its reply is kept for a replay.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import polars as pl

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.models import Failure
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.account import Trouble, complete_hours, hour_coverage, missed_hours
from retail_pipeline.steps.asking import WantedHour
from retail_pipeline.steps.poll import Poll, read_answers
from retail_pipeline.warehouse import gaps, health, rejected, replies, tables
from retail_pipeline.warehouse.connection import Connection, Warehouse
from retail_pipeline.warehouse.errors import SchemaOutdated, WarehouseBusy, WarehouseError, WarehouseUnreachable

NOTHING = pl.DataFrame(schema={"sensor_id": pl.String(), "interval_start": pl.Datetime("us", "UTC")})
STORE_FAILED = "store_failed"


@dataclass(frozen=True)
class Brought:
    """What was wanted and what was answered, not read yet."""

    report: Report
    wanted: Sequence[WantedHour]
    answers: Sequence[Answer]
    last_skews: Mapping[str, float]
    busy: AbstractSet[str]
    now: dt.datetime

    @property
    def by_store(self) -> list["Brought"]:
        """The same, store by store."""
        store_ids = {one.store.id for one in self.wanted}
        return [
            replace(
                self,
                wanted=[one for one in self.wanted if one.store.id == store_id],
                answers=[answer for answer in self.answers if answer.ask.store.id == store_id],
            )
            for store_id in sorted(store_ids)
        ]


@dataclass(frozen=True)
class Kept:
    """A poll that is in the warehouse, and the keys (sensor_id, interval_start) of raw rows that changed."""

    poll: Poll
    changed: pl.DataFrame


def keep(warehouse: Warehouse, connection: Connection, brought: Brought) -> list[Kept]:
    """Read and write what came, in the caller's transaction; each part is written whole or not at all.

    Raises:
        WarehouseError: the warehouse as a whole can't be used; whoever runs it acts, and nothing of the rest is kept.
    """
    try:
        poll = read_answers(
            brought.report, brought.wanted, brought.answers, brought.last_skews, brought.busy, brought.now
        )
        return [_written(warehouse, connection, poll)]
    except (WarehouseUnreachable, WarehouseBusy, SchemaOutdated):
        raise
    except (pl.exceptions.PolarsError, WarehouseError, ValueError, LookupError) as error:
        parts = brought.by_store
        if len(parts) == 1:
            return [_written(warehouse, connection, _unkept(brought, error))]
    return [kept for part in parts for kept in keep(warehouse, connection, part)]


def _written(warehouse: Warehouse, connection: Connection, poll: Poll) -> Kept:
    with warehouse.part(connection):
        return Kept(poll, _write(connection, poll))


def _unkept(brought: Brought, error: Exception) -> Poll:
    """The poll of a store without its rows: every hour that its devices answered for is missing, and why."""
    troubles = [_trouble(answer, error) for answer in brought.answers]
    nothing = read_answers(brought.report, (), (), {}, brought.busy, brought.now)
    return replace(nothing, wanted=brought.wanted, answers=brought.answers, troubles=troubles)


def _trouble(answer: Answer, error: Exception) -> Trouble:
    ask = answer.ask
    if isinstance(answer, Failure):
        return Trouble(ask.device.id, ask.start, ask.end, answer.error.cause, answer.error.detail)
    detail = f"the device answered, but its reply could not be kept: {error}"
    return Trouble(ask.device.id, ask.start, ask.end, STORE_FAILED, detail)


def _write(connection: Connection, poll: Poll) -> pl.DataFrame:
    """Replies, rows, quarantine, health and ledger, all or nothing; returns the keys of raw rows that changed."""
    ids = replies.store_replies(connection, poll.answers, poll.skews, poll.now, poll.unread)
    of_reply = poll.reply_ids(ids)
    changed = NOTHING
    if not poll.rows.is_empty():
        changed = tables.write_counts(connection, poll.report, poll.rows.join(of_reply, on="reply_index"))
    rejected.store_rejected(connection, poll.parsed.rejected.join(of_reply, on="reply_index"))
    health.record_answers(connection, poll.device_answers())
    coverage = hour_coverage(poll.rows)
    gaps.mark_recovered(connection, complete_hours(coverage, poll.report), poll.now)
    asks = [answer.ask for answer in poll.answers]
    missed = missed_hours(poll.wanted, asks, coverage, poll.troubles, poll.clocks, poll.now)
    gaps.record_failures(connection, missed, poll.now)
    gaps.close_at_birth(connection, poll.swallowed, poll.report, poll.now)
    return changed
