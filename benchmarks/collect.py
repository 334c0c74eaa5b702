"""What: the poll of the next hour of a running fleet: every device asked once, replies kept, parsed, judged, written.

A reply holds 24 hours, of which what is new or changed is written. The very first poll, of which every row is new,
stands beside.

Yardstick: the fastest asynchronous client that we know, aiohttp or httpx, whichever is faster here, without any of
that: a connection per device, at the concurrency that is best for it here, bodies read and thrown away. Devices answer
after a fixed time, from a process of their own that shares the two cores with whoever asks. This project asks on a wire
of its own, which does less than these clients do: with it, asking alone is quicker than the yardstick.

Beside it the way it was done before, estimated from a sample: one device after the other, row by row.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial

import aiohttp
import httpx
import psycopg

from benchmarks.device_server import open_many_files, served_devices
from benchmarks.fleet import HOUR, made_fleet
from benchmarks.ground import own_postgres, warehouse_of
from benchmarks.measure import Contender, Ratio, interleaved
from benchmarks.old_way import collect_one_by_one
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.devices.client import Answer, fetch_in_parts
from retail_pipeline.devices.connections import connections_at_once
from retail_pipeline.devices.models import Ask, ClientLimits
from retail_pipeline.devices.requests import report_url
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.steps.asking import plan_asks, wanted_hours
from retail_pipeline.steps.collect import collect
from retail_pipeline.warehouse.connection import Warehouse

_CONCURRENCIES = (4000, 1000, 200)
_SAMPLE, _TRIED = 20, 500
# All made-up devices share one address, which a real fleet's do not.
LIMITS = ClientLimits(per_host=ClientLimits().overall)


def run(sizes: Sizes) -> list[Figure]:
    """A figure per latency, and one for the old way at the first."""
    open_many_files()
    figures = []
    with own_postgres() as postgres:
        for latency in sizes.latencies:
            with served_devices(latency) as base_url:
                figures += _at(latency, sizes, made_fleet(sizes.stores, sizes.devices, base_url), postgres)
    return figures


def _at(latency: float, sizes: Sizes, fleet: Fleet, postgres: PostgresHandle) -> list[Figure]:
    now = dt.datetime.now(dt.UTC)
    asks = asks_of(fleet, now)
    urls = [report_url(ask) for ask in asks]
    client, best = best_client(urls, latency)
    with warehouse_of(fleet, postgres) as (url, warehouse):
        poll = partial(collect_hour, fleet, warehouse, now)
        first = Contender("", poll).seconds()
        timings = interleaved(
            [
                Contender("collect", poll, partial(as_an_hour_ago, url, now)),
                Contender("bare", partial(ask_bare, urls, best, client)),
            ],
            sizes.rounds,
            warm=False,
        )
        size = f"{len(fleet.stores):,} stores x {sizes.devices} devices that answer after {latency:g} s"
        words = f"bare {client} client, {best:,} at once, bodies thrown away"
        target = 2.0 if latency < 1 else 1.1
        asking, writing = _asking_and_writing(fleet, warehouse, url, asks, now)
        alone = f"asking alone takes {asking:.2g} s, to read and write what came {writing:.2g} s"
        limit = f"{alone}; at most {connections_at_once(LIMITS.overall):,} at once"
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
        sample = asks[:: max(1, len(asks) // _SAMPLE)]
        old = Contender("old", lambda: collect_one_by_one(url, sample)).seconds() * len(asks) / len(sample)
        return [figure, _first_poll(figure, first, len(asks) * 24), _old_way(figure, old, len(sample))]


def _first_poll(figure: Figure, seconds: float, rows: int) -> Figure:
    times = seconds / figure.ours
    words = "the poll of the next hour"
    size = f"{figure.size}, {rows:,} rows, all of them new; once"
    return Figure("a fleet's very first poll", size, seconds, words, figure.ours, Ratio(times, times, times))


def _asking_and_writing(
    fleet: Fleet, warehouse: Warehouse, url: str, asks: Sequence[Ask], now: dt.datetime
) -> tuple[float, float]:
    """Seconds of the two halves of a poll, neither beside the other: answers for nobody, and answers that are there."""
    answers: list[Answer | None] = []
    asking = Contender("", lambda: answers.extend(fetch(asks))).seconds()
    write = partial(collect, fleet, warehouse, lambda _: answers, Report.LINES, hours_of(fleet, now), now)
    return asking, Contender("", write, partial(as_an_hour_ago, url, now)).seconds()


def _old_way(figure: Figure, seconds: float, sample: int) -> Figure:
    faster = seconds / figure.ours
    words = f"one after the other, row by row (estimated from {sample} devices)"
    ratio = Ratio(faster, faster, faster)
    what, limit = "times faster than the old way", figure.limit
    return Figure(what, figure.size, figure.ours, words, seconds, ratio, 50, is_floor=True, limit=limit)


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


def best_client(urls: Sequence[str], latency: float) -> tuple[str, int]:
    """The faster client, by a part of the devices, and how many at once are best for it, by all of them."""
    some = urls[:_TRIED]
    client = min(CLIENTS, key=lambda name: Contender("", partial(ask_bare, some, len(some), name)).seconds())
    best, least = len(urls), Contender("", partial(ask_bare, urls, len(urls), client)).seconds()
    for many in _CONCURRENCIES:
        if many < len(urls) and len(urls) / many * latency < least:
            seconds = Contender("", partial(ask_bare, urls, many, client)).seconds()
            best, least = (many, seconds) if seconds < least else (best, least)
    return client, best


def ask_bare(urls: Sequence[str], concurrency: int, client: str = "aiohttp") -> None:
    """Get them all, by one of `CLIENTS`, and keep nothing."""
    asyncio.run(CLIENTS[client](urls, concurrency))


async def _by_aiohttp(urls: Sequence[str], concurrency: int) -> None:
    slots = asyncio.Semaphore(concurrency)

    async def get(session: aiohttp.ClientSession, url: str) -> None:
        async with slots, session.get(url) as reply:
            await reply.read()

    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        for url in urls:
            group.create_task(get(session, url))


async def _by_httpx(urls: Sequence[str], concurrency: int) -> None:
    slots = asyncio.Semaphore(concurrency)

    async def get(session: httpx.AsyncClient, url: str) -> None:
        async with slots:
            await session.get(url)

    # Without keep-alive, or it walks its whole pool at every request; every device is a host of its own.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as session, asyncio.TaskGroup() as group:
        for url in urls:
            group.create_task(get(session, url))


CLIENTS: dict[str, Callable[[Sequence[str], int], Coroutine[None, None, None]]] = {
    "aiohttp": _by_aiohttp,
    "httpx": _by_httpx,
}
"""What is installed: niquests, which was slower than aiohttp when it was tried, is not."""


def as_an_hour_ago(url: str, now: dt.datetime) -> None:
    """Leaves of the counts what stood there before the hour ended that ended last."""
    last = now.replace(minute=0, second=0, microsecond=0) - HOUR
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM retail.raw_sensor_counts WHERE interval_start >= %s", [last])
