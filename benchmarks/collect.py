"""What: an hour of the whole fleet: every device asked once for its 24 hours; replies kept, parsed, judged, written.

Yardstick: the fastest asynchronous client that we know (aiohttp) without any of that: a connection per device, at the
concurrency that is best for it here, bodies read and thrown away. Devices answer after a fixed time, from a process of
their own that shares the two cores with whoever asks.

Beside it the way it was done before, estimated from a sample: one device after the other, row by row.
"""

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial

import aiohttp
import psycopg

from benchmarks.device_server import open_many_files, served_devices
from benchmarks.fleet import HOUR, made_fleet
from benchmarks.ground import own_postgres, warehouse_of
from benchmarks.measure import Contender, Ratio, interleaved
from benchmarks.old_way import collect_one_by_one
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.devices.client import Answer, fetch_in_parts
from retail_pipeline.devices.models import Ask, ClientLimits
from retail_pipeline.devices.requests import report_url
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.steps.asking import plan_asks, wanted_hours
from retail_pipeline.steps.collect import collect
from retail_pipeline.warehouse.connection import Warehouse

_CONCURRENCIES = (200, 1000, 4000)
_SAMPLE = 20
# All made-up devices share one address, which a real fleet's do not.
LIMITS = ClientLimits(per_host=ClientLimits().overall)


def run(sizes: Sizes) -> list[Figure]:
    """A figure per latency, and one for the old way at the first."""
    open_many_files()
    figures = []
    with own_postgres() as postgres:
        for latency in sizes.latencies:
            with served_devices(latency) as base_url:
                stores = sizes.stores if latency < 1 or sizes.name == "full" else sizes.stores // 4
                figures += _at(latency, sizes, made_fleet(stores, sizes.devices, base_url), postgres)
    return figures


def _at(latency: float, sizes: Sizes, fleet: Fleet, postgres: PostgresHandle) -> list[Figure]:
    now = dt.datetime.now(dt.UTC)
    asks = asks_of(fleet, now)
    urls = [report_url(ask) for ask in asks]
    best = min(_CONCURRENCIES, key=lambda many: Contender("", partial(ask_bare, urls, many)).seconds())
    with warehouse_of(fleet, postgres) as (url, warehouse):
        empty = partial(emptied, url)
        timings = interleaved(
            [
                Contender("collect", partial(collect_hour, fleet, warehouse, now), empty),
                Contender("bare", partial(ask_bare, urls, best)),
            ],
            sizes.rounds,
            warm=False,
        )
        size = f"{len(fleet.stores):,} stores x {sizes.devices} devices that answer after {latency:g} s"
        words = f"bare aiohttp client, {best:,} at once, bodies thrown away"
        target = 2.0 if latency < 1 else 1.1
        asked = f"asking alone, with time-outs, retries and signing in, takes {_asking(asks):.2g} s"
        limit = f"{asked}; at most {LIMITS.overall} at once, or a busy machine takes its own slowness for silence"
        figure = Figure.of(
            timings,
            "collect a fleet-hour",
            size,
            ours="collect",
            yardsticks=["bare"],
            yardstick=words,
            target=target,
            limit=limit,
        )
        if latency != sizes.latencies[0]:
            return [figure]
        empty()
        sample = asks[:: max(1, len(asks) // _SAMPLE)]
        old = Contender("old", lambda: collect_one_by_one(url, sample)).seconds() * len(asks) / len(sample)
        return [figure, _old_way(figure, old, len(sample))]


def _asking(asks: Sequence[Ask]) -> float:
    return Contender("", lambda: list(fetch(asks))).seconds()


def _old_way(figure: Figure, seconds: float, sample: int) -> Figure:
    faster = seconds / figure.ours
    words = f"one after the other, row by row (estimated from {sample} devices)"
    ratio = Ratio(faster, faster, faster)
    return Figure("times faster than the old way", figure.size, figure.ours, words, seconds, ratio, 50, is_floor=True)


def asks_of(fleet: Fleet, now: dt.datetime) -> list[Ask]:
    """What the poll of the hour that ended last asks."""
    return plan_asks(Report.LINES, wanted_hours(fleet, Report.LINES, hours_of(fleet, now), now), frozenset(), now)


def hours_of(fleet: Fleet, now: dt.datetime) -> dict[str, list[dt.datetime]]:
    """The hour that ended last, of every store."""
    return {store_id: [now.replace(minute=0, second=0, microsecond=0) - HOUR] for store_id in fleet.store_ids}


def collect_hour(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> None:
    """The poll as a run makes it.

    Raises:
        RuntimeError: a device did not deliver; the figure would be of less work.
    """
    collected = collect(fleet, warehouse, fetch, Report.LINES, hours_of(fleet, now), now)
    if collected.failed or collected.answered != collected.asked:
        raise RuntimeError(f"{collected.asked - collected.answered} of {collected.asked} devices did not answer")


def fetch(asks: Sequence[Ask]) -> Iterator[Answer | None]:
    """As `SensorApis` does, without credentials."""
    return fetch_in_parts(asks, lambda _: None, LIMITS)


def ask_bare(urls: Sequence[str], concurrency: int) -> None:
    """Get them all and keep nothing."""

    async def get_all() -> None:
        slots = asyncio.Semaphore(concurrency)

        async def get(session: aiohttp.ClientSession, url: str) -> None:
            async with slots, session.get(url) as reply:
                await reply.read()

        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(get(session, url))

    asyncio.run(get_all())


def emptied(url: str) -> None:
    """Leaves no count, reply or gap in the warehouse."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE retail.raw_sensor_counts, retail.device_replies, retail.collection_gaps CASCADE")
