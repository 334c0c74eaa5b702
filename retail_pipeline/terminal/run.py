"""`retail-pipeline run`: collect, derive and sum up in this process, through the Dagster assets."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import day_rectangle, hour_rectangle
from retail_pipeline.automation.stores import add_stores, ordered_stores
from retail_pipeline.definitions import build_defs, current_partitions
from retail_pipeline.fleet.calendar import trading_day_of
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.recent_runs import LOCATION
from retail_pipeline.settings import read_settings
from retail_pipeline.terminal.span import RunRefusedError, as_utc, whole_hour
from retail_pipeline.terminal.summary import print_summary

HOUR = dt.timedelta(hours=1)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The terminal shows progress and a table; the events are in Dagster."""


@dataclass(frozen=True)
class Range:
    """UTC hours `first` to `last`, both included, of some stores."""

    first: dt.datetime
    last: dt.datetime
    stores: tuple[str, ...]

    @property
    def hours(self) -> int:
        """How many hours."""
        return int((self.last.timestamp() - self.first.timestamp()) / 3600) + 1


def run_pipeline(
    console: Console,
    *,
    hours: int | None,
    first: dt.datetime | None,
    end: dt.datetime | None,
    store_ids: Sequence[str],
) -> int:
    """Do the main job for a range; returns 0 when everything asked for was delivered, else 1.

    Raises:
        RunRefusedError: the options contradict each other or name an unknown store.
    """
    now = dt.datetime.now(dt.UTC)
    fleet = load_declared_fleet()
    partitions = current_partitions(now)
    wanted, clipped = clip(chosen_range(fleet, hours, first, end, store_ids, now), partitions.start, now)
    if clipped:
        console.print(clipped)
    with retail_instance() as instance:
        add_stores(instance, partitions, fleet)
        ordered = [one for one in ordered_stores(instance, partitions) if one in wanted.stores]
        problems = _run_all(console, instance, fleet, wanted, _blocks(ordered, ordered_stores(instance, partitions)))
    print_summary(console, fleet, wanted.first, wanted.last + HOUR, wanted.stores)
    for problem in problems:
        Console(stderr=True).print(problem, style="red", markup=False, highlight=False)
    return 1 if problems else 0


def chosen_range(
    fleet: Fleet,
    hours: int | None,
    first: dt.datetime | None,
    end: dt.datetime | None,
    store_ids: Sequence[str],
    now: dt.datetime,
) -> Range:
    """The hours and stores that the options name."""
    if hours is not None and (first or end):
        raise RunRefusedError("--hours and --from/--to exclude each other.")
    if hours is not None and hours < 1:
        raise RunRefusedError(f"--hours is at least 1, not {hours}.")
    if unknown := [one for one in store_ids if not fleet.has_store(one)]:
        raise RunRefusedError(f"--store {unknown[0]}: the fleet file declares no such store.")
    last = whole_hour(as_utc(end) - dt.timedelta(microseconds=1) if end else now)
    start = whole_hour(as_utc(first)) if first else last - (hours or 24) * HOUR + HOUR
    if start > last:
        raise RunRefusedError(f"--from {start:%Y-%m-%dT%H:%M} is not before --to.")
    return Range(start, last, tuple(store_ids) or fleet.store_ids)


def clip(wanted: Range, start: dt.datetime, now: dt.datetime) -> tuple[Range, str | None]:
    """The part of the range that has partitions, and a sentence where that is less.

    Raises:
        RunRefusedError: nothing is left of it.
    """
    first, last = max(wanted.first, start), min(wanted.last, whole_hour(now))
    if first > last:
        raise RunRefusedError(
            f"--from/--to lie outside the horizon, which runs from {start:%Y-%m-%d %H:%M} UTC to now: devices do not "
            "remember longer. RETAIL_HORIZON_DAYS changes it."
        )
    kept = Range(first, last, wanted.stores)
    if kept == wanted:
        return kept, None
    return kept, f"Clipped to the horizon: {first:%Y-%m-%d %H:%M} to {last + HOUR:%Y-%m-%d %H:%M} UTC."


def _run_all(
    console: Console, instance: dg.DagsterInstance, fleet: Fleet, wanted: Range, blocks: Sequence[Sequence[str]]
) -> list[str]:
    problems: list[str] = []
    with _progress(console) as progress:
        definitions = build_defs()
        steps = list(_steps(fleet, wanted, blocks))
        done = progress.add_task("collect and compute", total=len(steps))
        for job, tags in steps:
            progress.update(done, description=job)
            problems += _run_job(definitions, instance, job, tags)
            progress.advance(done)
        progress.update(done, description="done")
    return problems


def _steps(fleet: Fleet, wanted: Range, blocks: Sequence[Sequence[str]]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for job in (jobs.COLLECT_SENSORS, jobs.CALCULATE_REGIONS):
        for block in blocks:
            yield job, hour_rectangle(wanted.first, wanted.last, block)
    for block in blocks:
        stores = [fleet.store(one) for one in block]
        first = min(trading_day_of(store, wanted.first) for store in stores)
        last = max(trading_day_of(store, wanted.last) for store in stores)
        yield jobs.AGGREGATE, day_rectangle(first, last, block)


def _run_job(definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, tags: Mapping[str, str]) -> list[str]:
    location = read_settings().location
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        tags={**tags, LOCATION: location} if location else tags,
        raise_on_error=False,
        run_config=QUIET,
    )
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    return [
        (data.user_failure_data.description if data.user_failure_data else None) or data.error_display_string
        for data in failures
    ]


def _blocks(wanted: Sequence[str], ordered: Sequence[str]) -> list[list[str]]:
    """Wanted stores that stand side by side in Dagster's order: each block is one rectangle."""
    blocks: list[list[str]] = []
    previous = None
    for index, store_id in enumerate(ordered):
        if store_id in wanted:
            if previous == index - 1 and blocks:
                blocks[-1].append(store_id)
            else:
                blocks.append([store_id])
            previous = index
    return blocks


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"), TimeElapsedColumn())
    return Progress(*columns, console=console)
