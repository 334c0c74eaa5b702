"""What the pipeline takes as stores become more: measured up to a thousand, beyond that computed from the slope.

An hour's work is what a running pipeline does in an hour, on a day that is collected already: one poll with its
writing, the derivation of the day so far, which is nearly over, the sums and every check, with four devices a store
that answer at once.
Dagster's events are those of `event_volume.py`, measured up to a hundred stores, beyond that so many times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import psycopg

from benchmarks.device_server import open_many_files, served_devices
from benchmarks.event_volume import Volume, a_day
from benchmarks.measure import Contender, alone, peak_memory_mb
from benchmarks.pipeline import pipeline
from benchmarks.sizes import Sizes

COMPUTED = 10_000
MOST_WITH_DAGSTER = 100
BETWEEN_POLLS_S = 1800.0
MEMORY_MB = 8192.0


@dataclass(frozen=True)
class Size:
    """What so many stores take; `is_computed`: from the slope of the two sizes before.

    Seconds an hour, most memory of the process in MB, MB a day in the warehouse, events and their MB a day in Dagster's
    log.
    """

    stores: int
    seconds: float
    memory: float
    warehouse: float
    events: float
    log: float
    is_computed: bool = False


def run(sizes: Sizes) -> list[Size]:
    """The measured sizes, and ten times the largest."""
    told: list[Size] = []
    with served_devices(0.0) as base_url:
        for stores in sizes.scaling:
            found = cast("list[float]", alone(f"{__name__}:measure", stores, sizes.devices, base_url))
            told.append(_size(stores, found))
    told = [one if one.events else _with_events(one, told) for one in told]
    return [*told, beyond(told[-2], told[-1], COMPUTED)]


def measure(stores: int, devices: int, base_url: str) -> list[float]:
    """One size, in a process of its own; events only where Dagster takes no longer than the rest."""
    open_many_files()
    with pipeline(stores, devices, base_url, 1) as line:
        line.empty()
        before = _bytes(line.url, "pg_database_size(current_database())")
        line.without_dagster()
        line.settle()
        warehouse = (_bytes(line.url, "pg_database_size(current_database())") - before) / 1e6
        seconds = Contender("", line.without_dagster).seconds()
        memory = peak_memory_mb()
        events, log = a_day(line) if stores <= MOST_WITH_DAGSTER else Volume(0.0, 0.0)
        return [seconds, memory, warehouse, events, log / 1e6]


def _size(stores: int, figures: Sequence[float], *, is_computed: bool = False) -> Size:
    seconds, memory, warehouse, events, log = figures
    return Size(stores, seconds, memory, warehouse, events, log, is_computed)


def beyond(smaller: Size, larger: Size, stores: int) -> Size:
    """What `stores` would take, had every further store the cost of those between the two sizes."""

    def line(figure: str) -> float:
        low, high = float(getattr(smaller, figure)), float(getattr(larger, figure))
        return high + (high - low) / (larger.stores - smaller.stores) * (stores - larger.stores)

    figures = [line(name) for name in ("seconds", "memory", "warehouse", "events", "log")]
    return _size(stores, figures, is_computed=True)


def _with_events(size: Size, told: Sequence[Size]) -> Size:
    """Each partition has its events: those of the largest size with Dagster, so many times."""
    known = [one for one in told if one.events][-1]
    share = size.stores / known.stores
    return Size(size.stores, size.seconds, size.memory, size.warehouse, known.events * share, known.log * share)


def table(told: Sequence[Size]) -> str:
    """The sizes as Markdown, and where one machine ends."""
    rows = [
        "| stores | an hour's work, s | most memory, MB | warehouse, MB a day | events a day | their log, MB a day |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {one.stores:,}{' (computed)' if one.is_computed else ''} | {one.seconds:,.1f} | {one.memory:,.0f} |"
        f" {one.warehouse:,.1f} | {one.events:,.0f} | {one.log:,.1f} |"
        for one in told
    ]
    return "\n".join([*rows, "", where_it_ends(told)])


def where_it_ends(told: Sequence[Size]) -> str:
    """The number of stores at which an hour's work fills the time between two polls, and that which fills 8 GB."""
    larger, computed = told[-2], told[-1]

    def until(figure: str, limit: float) -> str:
        low, high = float(getattr(larger, figure)), float(getattr(computed, figure))
        slope = (high - low) / (computed.stores - larger.stores)
        return f"{larger.stores + (limit - low) / slope:,.0f}" if slope > 0 else "any number of"

    return (
        f"At these slopes an hour's work fills the half hour between two polls at {until('seconds', BETWEEN_POLLS_S)} "
        f"stores, and 8 GB of memory at {until('memory', MEMORY_MB)} stores, on a machine like this one."
    )


def _bytes(url: str, what: str) -> float:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT {what}".encode()).fetchone()
    return float(row[0]) if row else 0.0
