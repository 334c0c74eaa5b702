"""Reads stored replies again after a parser was corrected, without asking a device, and corrects what follows.

A store and report at a time, oldest reply first, so that each row ends up as collecting with today's parser would have
left it: figures, completeness, `reply_id` and `collected_at`. What a newer reply outside the range says stands.

A row that its own reply no longer supports is removed. The newest older reply of the range that holds a believable row
takes its place; where there is none, the hour goes back into the ledger of gaps, and the device is asked again for as
long as it remembers: a missing hour is better than a figure that nobody believes. `revisions` keeps the old figures.

Derived rows take `input_version` from `collected_at`, which a replay leaves alone, so the warehouse's judge sees
nothing stale. All days that the replies speak of are therefore derived here, those of unchanged rows too: a replay
that was cut short is completed by the next one.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import polars as pl

from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.models import Fleet, Report, Store
from retail_pipeline.steps.account import complete_hours, hour_coverage
from retail_pipeline.steps.asking import OPEN_HOUR_MINIMUM_AGE, WantedHour
from retail_pipeline.steps.derive import derive_days
from retail_pipeline.steps.poll import Poll, read_answers
from retail_pipeline.steps.reread import KEY, disowned_rows, hours_lost, latest_rows, placed, rows_to_write
from retail_pipeline.steps.summarise import summarise_days
from retail_pipeline.warehouse import gaps, reads, rejected, stored_replies, tables
from retail_pipeline.warehouse.connection import Connection, Warehouse
from retail_pipeline.warehouse.stored_replies import StoredReply

BATCH = 1_000
"""Replies read and written at once: 24,000 hourly rows, 288,000 of five minutes."""

LONGEST_SHIFT = dt.timedelta(days=2)
"""How far from the window that was asked for a wrong parser may have put a row: zones differ by 26 hours."""

Span = tuple[dt.datetime, dt.datetime]


@dataclass
class Replayed:
    """What a replay did, added up as it goes.

    Attributes:
        replies: stored replies that were read again.
        unreadable: of those, the ones that are no report.
        changed_rows: raw rows that are new or stand otherwise than before.
        removed_rows: raw rows that no reply supports any more.
        rejected_rows: rows of the replies that cannot be true.
        hours: UTC hours whose raw rows changed or went, by store.
        days: trading days that were derived again, by store.
        skipped: a sentence for each device whose replies were left alone.
        failed: stores whose days could not be derived, with the reason.
    """

    replies: int = 0
    unreadable: int = 0
    changed_rows: int = 0
    removed_rows: int = 0
    rejected_rows: int = 0
    hours: dict[str, set[dt.datetime]] = field(default_factory=dict)
    days: dict[str, set[dt.date]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def replay(
    fleet: Fleet,
    warehouse: Warehouse,
    start: dt.datetime,
    end: dt.datetime,
    *,
    store_ids: Collection[str],
    now: dt.datetime,
) -> Replayed:
    """Read the replies received in `[start, end)` (UTC) again, write what they say today, and derive their days.

    No `store_ids` means all stores. Devices are those of today's fleet; replies of others are skipped and named.
    """
    replayed = Replayed()
    known = _declared(fleet, stored_replies.replied_devices(warehouse, start, end, store_ids), replayed)
    for (store_id, report), devices in groupby(known, key=lambda one: one[:2]):
        sensor_ids = [sensor_id for _, _, sensor_id in devices]
        store = fleet.store(store_id)
        _replay_report(warehouse, store, sensor_ids, Report(report), received=(start, end), now=now, replayed=replayed)
    for store_id, days in replayed.days.items():
        replayed.failed |= _derive(fleet, warehouse, store_id, days, now)
    return replayed


def _declared(fleet: Fleet, devices: pl.DataFrame, replayed: Replayed) -> list[tuple[str, str, str]]:
    """`store_id`, `report`, `sensor_id` of the devices that today's fleet declares in that store, sorted."""
    declared = {(store.id, device.id) for store in fleet.stores for device in store.sensors}
    known = []
    for row in devices.iter_rows(named=True):
        if (row["store_id"], row["sensor_id"]) in declared:
            known.append((row["store_id"], row["report"], row["sensor_id"]))
        else:
            replayed.skipped.append(
                f"{row['sensor_id']} is not declared in {row['store_id']} any more: "
                f"{row['replies']} of its replies ({row['report']}) are left alone"
            )
    return sorted(known)


def _replay_report(
    warehouse: Warehouse,
    store: Store,
    sensor_ids: Sequence[str],
    report: Report,
    *,
    received: Span,
    now: dt.datetime,
    replayed: Replayed,
) -> None:
    told: list[pl.DataFrame] = []
    for batch in _batches(warehouse, store.id, sensor_ids, report, received):
        poll = _read_again(store, report, batch, now)
        rows = poll.rows.join(poll.reply_ids([one.reply_id for one in batch]), on="reply_index")
        # At a reply, hours less than ten minutes old were not worth keeping; `now` is later than that.
        rows = rows.filter(pl.col("hour_start") + OPEN_HOUR_MINIMUM_AGE <= pl.col("collected_at"))
        told = [latest_rows(pl.concat([*told, rows]))] if told else [latest_rows(rows)]
        _correct(warehouse, store, poll, rows, [one.reply_id for one in batch], told=told[0], replayed=replayed)


def _batches(
    warehouse: Warehouse, store_id: str, sensor_ids: Sequence[str], report: Report, received: Span
) -> Iterator[list[StoredReply]]:
    after = 0
    read = partial(stored_replies.read_replies, warehouse, store_id, sensor_ids, report, received)
    while batch := read(after=after, limit=BATCH):
        yield batch
        after = batch[-1].reply_id


def _read_again(store: Store, report: Report, batch: Sequence[StoredReply], now: dt.datetime) -> Poll:
    """The replies, read as a poll of the store would read them."""
    devices = {device.id: device for device in store.sensors}
    answers = [
        Reply(
            ask=Ask(store, devices[one.sensor_id], report, one.window_start, one.window_end),
            url=one.request,
            status=one.status,
            body=one.body,
            received_at=one.received_at,
            latency_ms=one.latency_ms,
            device_clock=one.device_clock or one.received_at + dt.timedelta(seconds=one.last_skew or 0.0),
            attempts=one.attempts,
        )
        for one in batch
    ]
    return read_answers(report, [WantedHour(store, now, ())], answers, {}, frozenset(), now)


def _correct(
    warehouse: Warehouse,
    store: Store,
    poll: Poll,
    rows: pl.DataFrame,
    ids: Sequence[int],
    *,
    told: pl.DataFrame,
    replayed: Replayed,
) -> None:
    """Bring the warehouse in line with one batch, all or nothing; `told` is what all batches so far say last."""
    report = poll.report
    standing = _standing(warehouse, store, poll)
    disowned = placed(store, disowned_rows(standing, rows, ids))
    fallback = told.join(disowned, on=KEY, how="semi").select(rows.columns)
    wanted = rows_to_write(pl.concat([fallback, rows]), standing.join(disowned, on=KEY, how="anti"), report)
    refused = poll.parsed.rejected.join(poll.reply_ids(ids), on="reply_index")
    with warehouse.transaction() as connection:
        stored_replies.remove_disowned(connection, report, disowned)
        changed = tables.write_counts(connection, report, wanted)
        stored_replies.release_rejected(connection, ids, refused)
        rejected.store_rejected(connection, refused)
        _keep_ledger(connection, store, poll, told, disowned)
    removed = disowned.join(changed, on=KEY, how="anti")
    replayed.replies += len(ids)
    replayed.unreadable += len(poll.parsed.failures)
    replayed.changed_rows += changed.height
    replayed.removed_rows += removed.height
    replayed.rejected_rows += refused.height
    _note_touched(replayed, store, rows, pl.concat([part.select(KEY) for part in (changed, removed)]), disowned)


def _standing(warehouse: Warehouse, store: Store, poll: Poll) -> pl.DataFrame:
    """The store's rows where a parser, right or wrong, may have put what these replies hold."""
    read = reads.raw_counts if poll.report is Report.LINES else reads.regional_counts
    first = min(one.ask.start for one in poll.answers) - LONGEST_SHIFT
    return read(warehouse, [store.id], first, max(one.ask.end for one in poll.answers) + LONGEST_SHIFT)


def _keep_ledger(connection: Connection, store: Store, poll: Poll, told: pl.DataFrame, disowned: pl.DataFrame) -> None:
    hours = pl.concat([part.select("sensor_id", "hour_start") for part in (poll.rows, disowned)])
    of_batch = told.join(hours, on=["sensor_id", "hour_start"], how="semi")
    complete = complete_hours(hour_coverage(of_batch), poll.report)
    gaps.mark_recovered(connection, complete, poll.now)
    gaps.open_missing(connection, hours_lost(store, poll.report, disowned, complete, poll.now), poll.now)
    gaps.close_at_birth(connection, poll.parsed.clock_gaps, poll.report, poll.now)


def _note_touched(
    replayed: Replayed, store: Store, rows: pl.DataFrame, touched: pl.DataFrame, disowned: pl.DataFrame
) -> None:
    seen = pl.concat([part.select(*KEY, "partition_hour", "trading_day") for part in (rows, disowned)])
    if not seen.is_empty():
        replayed.days.setdefault(store.id, set()).update(seen["trading_day"])
    if not touched.is_empty():
        hours = seen.join(touched, on=KEY, how="semi")["partition_hour"]
        replayed.hours.setdefault(store.id, set()).update(hours)


def _derive(
    fleet: Fleet, warehouse: Warehouse, store_id: str, days: Collection[dt.date], now: dt.datetime
) -> dict[str, str]:
    run_id = f"replay-{now:%Y%m%dT%H%M%SZ}"
    derived = derive_days(fleet, warehouse, {store_id: days}, now, run_id)
    since = min(day_bounds(fleet.store(store_id), day)[0] for day in days)
    summary = summarise_days(fleet, warehouse, {store_id: days}, now, run_id, due_only=False, since=since)
    return derived.failed | summary.derived.failed
