"""`retail-pipeline replay`: stored replies read again by today's parser, and everything that follows from them."""

import datetime as dt
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.replay import Replay, Replayed, count_replies, derive_replayed, replay_counts
from retail_pipeline.terminal.span import RunRefusedError, hours_between
from retail_pipeline.warehouse.connection import Warehouse


def replay_stored(
    console: Console,
    *,
    first: dt.datetime,
    end: dt.datetime | None,
    store_ids: Sequence[str],
    report: Report | None,
    declared_zones: bool,
    dry_run: bool,
) -> int:
    """Replay a span; 0 when all of it was read and derived, 1 when a store could not be replayed or derived.

    Raises:
        RunRefusedError: the options contradict each other or name an unknown store.
    """
    now = dt.datetime.now(dt.UTC)
    fleet = load_declared_fleet()
    if unknown := [one for one in store_ids if not fleet.has_store(one)]:
        raise RunRefusedError(f"--store {unknown[0]}: the fleet file declares no such store.")
    reports = (report,) if report else tuple(Report)
    stores = tuple(store_ids) or fleet.store_ids
    replay = Replay(stores, reports, *hours_between(first, end, now), declared_zones, dry_run)
    with open_warehouse() as warehouse:
        done = _read(console, fleet, warehouse, replay, now)
        problems = [words for one in done.values() for words in one.failed.values()]
        if not problems and not sum(one.replies for one in done.values()):
            console.print("No stored reply can hold rows of these hours: nothing was changed.")
            return 0
        _print(console, replay, done)
        problems += [] if dry_run else _derive(console, fleet, warehouse, done, now)
    for problem in problems:
        Console(stderr=True).print(problem, style="red", markup=False, highlight=False)
    return 1 if problems else 0


def _read(
    console: Console, fleet: Fleet, warehouse: Warehouse, replay: Replay, now: dt.datetime
) -> dict[Report, Replayed]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("replies read", total=count_replies(warehouse, replay))
        return replay_counts(fleet, warehouse, replay, now, lambda replies: progress.advance(task, replies))


def _derive(
    console: Console, fleet: Fleet, warehouse: Warehouse, done: Mapping[Report, Replayed], now: dt.datetime
) -> list[str]:
    days = {day for one in done.values() for day in one.days}
    derived, summary = derive_replayed(fleet, warehouse, days, now, f"replay {now:%Y-%m-%dT%H:%M:%SZ}")
    hours = len(derived.hours.also_changed)
    console.print(f"{hours} hours derived otherwise, {len(summary.days)} days summed up again.")
    return list((derived.failed | summary.derived.failed | summary.failed).values())


def _print(console: Console, replay: Replay, done: Mapping[Report, Replayed]) -> None:
    span = f"{replay.start:%Y-%m-%d %H:%M} to {replay.end:%Y-%m-%d %H:%M} UTC"
    table = Table(title=f"{span}{', nothing kept (--dry-run)' if replay.dry_run else ''}")
    table.add_column("")
    for report in done:
        table.add_column(str(report), justify="right")
    for words, field in (
        ("replies read", "replies"),
        ("of them no report", "not_reports"),
        ("rows new or changed", "written"),
        ("rows removed", "removed"),
        ("rows newly rejected", "newly_rejected"),
        ("rejected rows judged otherwise", "judged_otherwise"),
        ("gaps recovered", "gaps_recovered"),
        ("gaps opened", "gaps_opened"),
    ):
        table.add_row(words, *(f"{getattr(one, field):,}" for one in done.values()))
    console.print(table)
