"""Replay: stored replies read again after a parser was mended, without asking a device.

An hour's counts become what collecting them with today's parser would have left: every stored reply that can hold a row
of the hours is read, poll by poll in their order, into a table aside, which is then settled against the real one. What
is derived from counts that changed becomes stale in the same transaction, and is derived by the usual steps.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import partial

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds, trading_day_of
from retail_pipeline.fleet.models import Fleet, Report, Store
from retail_pipeline.frames.declared import devices, is_live
from retail_pipeline.frames.local_time import store_hours, with_hours
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.steps.account import MISSED_HOURS, SETTLING, complete_hours, hour_coverage
from retail_pipeline.steps.derive import Derived, derive_days, each_alone_where_all_fail
from retail_pipeline.steps.poll import Poll
from retail_pipeline.steps.stored import read_kept
from retail_pipeline.steps.summarise import Summary, summarise_days
from retail_pipeline.warehouse import gaps, judge, rebuild, rejected
from retail_pipeline.warehouse.attempts import StoreDay
from retail_pipeline.warehouse.connection import Connection, Warehouse
from retail_pipeline.warehouse.kept import KeptReply, count_kept, kept_polls
from retail_pipeline.warehouse.locks import wait_for_devices

SLICE = dt.timedelta(days=7)
"""One transaction: an interrupted replay leaves whole slices, and a poll never waits long."""

HOUR = dt.timedelta(hours=1)
OnReplies = Callable[[int], None]
Span = tuple[dt.datetime, dt.datetime]
_DAYS = {"store_id": pl.String(), "trading_day": pl.Date(), "start": UTC_TIME, "end": UTC_TIME}


@dataclass(frozen=True)
class Replay:
    """What is read again: replies of stores for hours that start in `[start, end)` (UTC)."""

    stores: tuple[str, ...]
    reports: tuple[Report, ...]
    start: dt.datetime
    end: dt.datetime
    declared_zones: bool = False
    dry_run: bool = False

    @property
    def slices(self) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The span in parts of a transaction each."""
        start = self.start
        while start < self.end:
            yield start, min(start + SLICE, self.end)
            start += SLICE


@dataclass
class Replayed:
    """What a replay did to one report; the same numbers with `dry_run`, where nothing is kept."""

    replies: int = 0
    not_reports: int = 0
    written: int = 0
    removed: int = 0
    newly_rejected: int = 0
    judged_otherwise: int = 0
    gaps_recovered: int = 0
    gaps_opened: int = 0
    days: set[StoreDay] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    """Stores whose replies could not be read or written, with the reason; they stand as before."""

    def add(self, other: "Replayed") -> None:
        """Take in what was done to another part."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.days |= other.days
        self.failed |= other.failed


_NUMBERS = [one.name for one in fields(Replayed) if one.name not in {"days", "failed"}]


@dataclass
class _Read:
    """What the replies of a slice said beside their rows; `finished_ids` are those whose every row is settled."""

    reply_ids: set[int] = field(default_factory=set)
    finished_ids: set[int] = field(default_factory=set)
    stores_of: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rejected: list[pl.DataFrame] = field(default_factory=list)
    swallowed: list[pl.DataFrame] = field(default_factory=list)


def count_replies(warehouse: Warehouse, replay: Replay) -> int:
    """How many replies will be read, those on the border of two slices twice."""
    return sum(
        count_kept(warehouse, report, replay.stores, *span) for report in replay.reports for span in replay.slices
    )


def replay_counts(
    fleet: Fleet, warehouse: Warehouse, replay: Replay, now: dt.datetime, on_replies: OnReplies
) -> dict[Report, Replayed]:
    """Rebuild the counts of the span, slice by slice, and mark as stale what is derived of them."""
    stores = [fleet.store(store_id) for store_id in replay.stores]
    done = {report: Replayed() for report in replay.reports}
    for span in replay.slices:
        for report in replay.reports:
            work = partial(_replay_slice, warehouse, replay, report, span, now, on_replies)
            parts, failed = each_alone_where_all_fail(stores, work)
            for part in parts:
                done[report].add(part)
            done[report].failed |= failed
    return done


def derive_replayed(
    fleet: Fleet, warehouse: Warehouse, days: set[StoreDay], now: dt.datetime, run_id: str
) -> tuple[Derived, Summary]:
    """The hours of days whose counts changed, and their summaries, by the steps that every run takes."""
    by_store: defaultdict[str, set[dt.date]] = defaultdict(set)
    for store_id, day in days:
        by_store[store_id].add(day)
    if not by_store:
        return Derived(), Summary()
    derived = derive_days(fleet, warehouse, by_store, now, run_id)
    since = min(day_bounds(fleet.store(store_id), day)[0] for store_id, day in days)
    return derived, summarise_days(fleet, warehouse, by_store, now, run_id, due_only=False, since=since)


def _replay_slice(
    warehouse: Warehouse,
    replay: Replay,
    report: Report,
    span: Span,
    now: dt.datetime,
    on_replies: OnReplies,
    stores: Sequence[Store],
) -> Replayed:
    """One transaction: polls are read into the table aside, then everything is settled while no poll runs."""
    read, done = _Read(), Replayed()
    store_ids = [store.id for store in stores]
    with warehouse.transaction() as connection:
        rebuild.begin_rebuild(connection, report)
        for polled_at, kept in kept_polls(connection, report, store_ids, *span):
            poll = read_kept(stores, report, polled_at, kept, declared_zones=replay.declared_zones)
            _rebuild_poll(connection, poll, kept, read, done)
            read.finished_ids |= {one.reply_id for one in kept if one.lies_in(replay.start, span[1])}
            on_replies(len(kept))
        wait_for_devices(connection, read.stores_of)
        written, removed = rebuild.settle_counts(connection, report, store_ids, span, read.reply_ids)
        done.written, done.removed = written.height, removed.height
        _settle_rejected(connection, report, read, now, done)
        changed = pl.concat([written, removed])
        _settle_gaps(connection, stores, report, span, changed, read, now, done)
        done.days = _outdate(connection, stores, changed, read)
        if replay.dry_run:
            connection.rollback()
    return done


def _rebuild_poll(connection: Connection, poll: Poll, kept: Sequence[KeptReply], read: _Read, done: Replayed) -> None:
    of_reply = poll.reply_ids([one.reply_id for one in kept])
    if not poll.rows.is_empty():
        rebuild.rebuild_counts(connection, poll.report, poll.rows.join(of_reply, on="reply_index"))
    read.reply_ids |= set(of_reply["reply_id"])
    for one in kept:
        read.stores_of[one.sensor_id].add(one.store_id)
    if not poll.parsed.rejected.is_empty():
        read.rejected.append(poll.parsed.rejected.join(of_reply, on="reply_index"))
    read.swallowed.append(poll.swallowed)
    done.replies += len(kept)
    done.not_reports += len(poll.troubles)


def _settle_rejected(connection: Connection, report: Report, read: _Read, now: dt.datetime, done: Replayed) -> None:
    """Rows that are refused now are kept, rows that are refused no longer say so.

    Only of replies that lie in the span as a whole: of others, some rows were not settled.
    """
    refused = pl.concat(read.rejected) if read.rejected else pl.DataFrame(schema=rejected.REFUSED)
    done.newly_rejected += rejected.store_rejected(connection, refused)
    done.judged_otherwise += rejected.resolve_rejected(connection, report, read.finished_ids, refused, now)


def _settle_gaps(
    connection: Connection,
    stores: Sequence[Store],
    report: Report,
    span: Span,
    changed: pl.DataFrame,
    read: _Read,
    now: dt.datetime,
    done: Replayed,
) -> None:
    """Gaps whose hours are complete now are recovered; hours that were complete and are no more are asked for again.

    Attempts and causes of other gaps are the history of asking, which a replay does not touch.
    """
    hours = store_hours(stores, *span)
    rows = rebuild.standing_rows(connection, report, [store.id for store in stores], span[0], span[1] + HOUR)
    placed = with_hours(rows, hours)
    complete = complete_hours(hour_coverage(placed), report)
    done.gaps_recovered += gaps.mark_recovered(connection, complete, now)
    for swallowed in read.swallowed:
        inside = swallowed.filter(pl.col("hour_start").is_between(*span, closed="left"))
        gaps.close_at_birth(connection, inside, report, now)
    touched = with_hours(changed.join(devices(stores, report), on="sensor_id"), hours)
    done.gaps_opened += gaps.open_missing(connection, _reopened(touched, complete, placed, report, now), now)


def _reopened(
    touched: pl.DataFrame, complete: pl.DataFrame, placed: pl.DataFrame, report: Report, now: dt.datetime
) -> pl.DataFrame:
    """Ledger rows for hours that the replay touched, that nobody would ask for again, and that are not complete."""
    hour = ["sensor_id", "hour_start"]
    asked = placed.group_by(hour).agg(pl.col("collected_at").max())
    over = pl.col("hour_end") + SETTLING
    return (
        touched.unique(hour)
        .join(complete, on=hour, how="anti")
        .join(asked, on=hour, how="left")
        .filter(is_live(), over <= now, pl.col("collected_at").is_null() | (pl.col("collected_at") >= over))
        .with_columns(
            pl.lit(report.value).alias("report"),
            pl.lit("malformed").alias("cause"),
            pl.lit("read again, the stored replies hold no whole hour").alias("detail"),
            (pl.col("hour_end") + pl.duration(days="retention_days")).alias("deadline"),
        )
        .select(*MISSED_HOURS)
    )


def _outdate(connection: Connection, stores: Sequence[Store], changed: pl.DataFrame, read: _Read) -> set[StoreDay]:
    of_id = {store.id: store for store in stores}
    days = {
        (store_id, trading_day_of(of_id[store_id], start))
        for sensor_id, start in changed.iter_rows()
        for store_id in read.stores_of[sensor_id]
    }
    bounds = [(*one, *day_bounds(of_id[one[0]], one[1])) for one in sorted(days)]
    judge.outdate_days(connection, pl.DataFrame(bounds, schema=_DAYS, orient="row"))
    return days
