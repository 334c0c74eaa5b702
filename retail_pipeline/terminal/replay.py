"""`retail-pipeline replay`: stored replies read again with today's parser; no device is asked."""

import datetime as dt
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.replay import Replayed, replay
from retail_pipeline.terminal.run import RunRefused


def run_replay(console: Console, first: dt.datetime, end: dt.datetime | None, store_ids: Sequence[str]) -> int:
    """Replay what was received in `[first, end)` (without a zone: UTC; no end: until now); 0 when all went well.

    Raises:
        RunRefused: the range runs backwards, or a store is unknown.
    """
    now = dt.datetime.now(dt.UTC)
    start, until = _utc(first), _utc(end) if end else now
    fleet = load_declared_fleet()
    if start >= until:
        raise RunRefused(f"--from {start:%Y-%m-%dT%H:%M} is not before --to.")
    if unknown := [one for one in store_ids if not fleet.has_store(one)]:
        raise RunRefused(f"--store {unknown[0]}: the fleet file declares no such store.")
    with open_warehouse() as warehouse:
        replayed = replay(fleet, warehouse, start, until, store_ids=store_ids, now=now)
    print_replayed(console, replayed)
    return 1 if replayed.failed else 0


def print_replayed(console: Console, replayed: Replayed) -> None:
    """What changed, per store and in total, and what was left alone."""
    if replayed.hours:
        table = Table(title="hours that changed")
        table.add_column("store")
        for heading in ("hours", "first (UTC)", "last (UTC)"):
            table.add_column(heading, justify="right")
        for store_id, hours in sorted(replayed.hours.items()):
            table.add_row(store_id, f"{len(hours):,}", *(f"{one:%Y-%m-%d %H:%M}" for one in (min(hours), max(hours))))
        console.print(table)
    days = sum(map(len, replayed.days.values()))
    sentences = [
        f"{replayed.replies:,} stored replies were read again, {replayed.unreadable:,} of them are no report.",
        f"{replayed.changed_rows:,} rows changed, {replayed.removed_rows:,} were removed, {days:,} days derived again.",
        f"{replayed.rejected_rows:,} rows of the replies are refused (see rejected_rows).",
        *(f"Skipped: {one}." for one in replayed.skipped),
        *(f"Failed: {one}" for one in replayed.failed.values()),
    ]
    for sentence in sentences:
        console.print(sentence, markup=False, highlight=False)


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
