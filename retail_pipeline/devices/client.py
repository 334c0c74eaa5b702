"""Asks a fleet of devices at once: who waits for whom, how long, how often. Never raises for a device."""

import asyncio
import datetime as dt
import gc
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Event
from types import TracebackType
from typing import Self

import httpx
import stamina

from retail_pipeline.devices.auth import Credentials, auth_of
from retail_pipeline.devices.blotting import Forms, blot_body, blot_text, forms_of, secrets_of
from retail_pipeline.devices.connections import connections_at_once
from retail_pipeline.devices.errors import DeviceError, RateLimited, TimedOut
from retail_pipeline.devices.models import Ask, ClientLimits, Failure, Reply
from retail_pipeline.devices.requests import report_url
from retail_pipeline.devices.transport import Exchange
from retail_pipeline.devices.wire import Wire
from retail_pipeline.retries import quiet_retries

Answer = Reply | Failure
OnAnswer = Callable[[Answer], None]

_STARTED_TOGETHER = 16
_USUAL = gc.get_threshold()
_SEARCHED_EVERY = 20_000
"""New objects between two searches for garbage while a fleet is asked."""


class FleetClient:
    """Asks devices, many at once, as an async context manager.

    Asks to one device run one after another, at most `per_host` to one host (many devices sit behind one router; those
    that keep silent do not count), `overall` in total. Only transient errors are tried again, within `total_s` per ask.
    `transport` is for tests.
    """

    def __init__(
        self,
        credentials: Credentials,
        limits: ClientLimits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._limits = limits or ClientLimits()
        self._transport = transport
        self._auth: dict[str, httpx.Auth] = {}
        self._forms: dict[str, Forms] = {}
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}
        self._devices: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._hosts: defaultdict[str | None, asyncio.Semaphore]
        self._hosts = defaultdict(lambda: asyncio.Semaphore(self._limits.per_host))
        self._slots = asyncio.Semaphore(connections_at_once(self._limits.overall))

    async def __aenter__(self) -> Self:
        quiet_retries()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    async def ask(self, ask: Ask) -> Answer:
        """The device's reply, or the failure that stands for it; a device's fault is never raised."""
        device = ask.device
        async with self._devices[device.id], self._place_at(device.url.host), self._slots:
            return await self._answer(ask)

    @asynccontextmanager
    async def _place_at(self, host: str | None) -> AsyncIterator[None]:
        """A place at a host. Whoever is silent for `part_s` there gives it up, so that others are not kept waiting."""
        places, has_left = self._hosts[host], asyncio.Event()

        def leave() -> None:
            if not has_left.is_set():
                has_left.set()
                places.release()

        await places.acquire()
        silent = asyncio.get_running_loop().call_later(self._limits.part_s, leave)
        try:
            yield
        finally:
            silent.cancel()
            leave()

    async def ask_all(self, asks: Sequence[Ask], on_answer: Callable[[int, Answer], None]) -> None:
        """Hands over an answer per ask as it comes, with the ask's position.

        When a device is offline or refuses the credential, or a probe fails, its remaining asks fail alike without
        being sent (`attempts` 0): thirty days of an offline device would cost thirty times the time-outs.
        """
        queues: defaultdict[str, list[int]] = defaultdict(list)
        for index, ask in enumerate(asks):
            queues[ask.device.id].append(index)

        async def ask_device(queue: list[int]) -> None:
            lost: DeviceError | None = None
            for index in queue:
                answer = await self.ask(asks[index]) if lost is None else _not_sent(asks[index], lost)
                if isinstance(answer, Failure) and (answer.error.is_device_wide or answer.ask.is_probe):
                    lost = answer.error
                on_answer(index, answer)

        async with asyncio.TaskGroup() as group:
            for started, queue in enumerate(queues.values(), 1):
                group.create_task(ask_device(queue))
                if started % _STARTED_TOGETHER == 0:
                    # No faster than what is under way is served: else a busy machine takes its own slowness for the
                    # silence of devices.
                    await asyncio.sleep(0)

    async def _answer(self, ask: Ask) -> Answer:
        exchange = Exchange(ask.device.id, report_url(ask), self._limits.max_csv_bytes)
        transport = self._transport_of(ask)  # the first time it takes a while, which is not the device's
        total_s = self._limits.probe_total_s if ask.is_probe else self._limits.total_s
        started = time.perf_counter()
        error: DeviceError | None = None
        try:
            async with asyncio.timeout(total_s):
                await self._attempts(ask, exchange, transport, started + total_s)
        except TimeoutError:
            error = TimedOut(ask.device.id, f"no whole reply within {total_s:g} s", exchange.status)
        except DeviceError as seen:
            error = seen
        latency_ms = (time.perf_counter() - started) * 1000
        return _answer_of(ask, exchange, error, latency_ms, self._forms_of(ask, exchange))

    async def _attempts(
        self, ask: Ask, exchange: Exchange, transport: httpx.AsyncBaseTransport, deadline: float
    ) -> None:
        limits = self._limits
        auth = self._auth_of(ask)
        connect_s = limits.probe_connect_s if ask.is_probe else limits.connect_s
        timeout = httpx.Timeout(limits.read_s, connect=connect_s)
        attempts = 1 if ask.is_probe else limits.attempts
        try:
            await exchange.attempt(transport, auth, timeout)
        except DeviceError as error:
            first = error
        else:
            return
        # What keeps count costs as much as asking does: only those who failed come to it, with their first attempt.
        async for attempt in stamina.retry_context(
            on=_retry_within(deadline), attempts=attempts, timeout=None, wait_initial=0.5, wait_max=5.0
        ):
            with attempt:
                if attempt.num == 1:
                    raise first
                await exchange.attempt(transport, auth, timeout)

    def _transport_of(self, ask: Ask) -> httpx.AsyncBaseTransport:
        """Two at most: one whose names may lead anywhere, for the devices that are allowed to be anywhere."""
        allowed = ask.device.allow_link_local
        if allowed not in self._transports:
            self._transports[allowed] = self._transport or Wire(allow_link_local=allowed)
        return self._transports[allowed]

    def _auth_of(self, ask: Ask) -> httpx.Auth:
        if ask.device.id not in self._auth:
            self._auth[ask.device.id] = auth_of(ask.device, self._credentials)
        return self._auth[ask.device.id]

    def _forms_of(self, ask: Ask, exchange: Exchange) -> Forms:
        """Everything secret that the device may have seen and repeated."""
        name = ask.device.credential
        if name is None:
            return ()
        if name not in self._forms:
            self._forms[name] = forms_of(secrets_of(*(self._credentials(name) or ("", ""))))
        return (*forms_of(exchange.signed), *self._forms[name])


def fetch_all(
    asks: Sequence[Ask],
    credentials: Credentials,
    limits: ClientLimits | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    on_answer: OnAnswer | None = None,
) -> list[Answer]:
    """One answer per ask, in the same order; `on_answer` sees each as it comes.

    For callers without an event loop; inside of one, it runs in a thread of its own.
    """
    answers: dict[int, Answer] = {}

    def keep(index: int, answer: Answer) -> None:
        answers[index] = answer
        if on_answer:
            on_answer(answer)

    _fetch_each(asks, credentials, limits, transport, keep)
    return [answers[index] for index in range(len(asks))]


def fetch_in_parts(
    asks: Sequence[Ask],
    credentials: Credentials,
    limits: ClientLimits | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Iterator[Answer | None]:
    """`fetch_all`, in parts as they come: None after `part_answers` of them, and every `part_s` seconds.

    Whoever reads it can put away what is there: a device that hangs keeps nobody's answer waiting, and a large fleet is
    written while it is asked. Handed over one by one, answers would take both threads from their work each time.
    """
    limits = limits or ClientLimits()
    came: SimpleQueue[Answer] = SimpleQueue()
    is_due = Event()

    def put(_: int, answer: Answer) -> None:
        came.put(answer)
        if came.qsize() >= limits.part_answers:
            is_due.set()

    with ThreadPoolExecutor(max_workers=1) as thread:
        asking = thread.submit(_fetch_each, asks, credentials, limits, transport, put)
        asking.add_done_callback(lambda _: is_due.set())
        until = time.monotonic() + limits.part_s
        while True:
            if is_due.wait(max(0.0, until - time.monotonic())):
                is_due.clear()
            else:
                until += limits.part_s
            is_over = asking.done()
            yield from (came.get() for _ in range(min(came.qsize(), limits.part_answers)))
            if is_over and came.empty():
                asking.result()
                return
            if is_over or came.qsize() >= limits.part_answers:
                is_due.set()
            yield None


def _fetch_each(
    asks: Sequence[Ask],
    credentials: Credentials,
    limits: ClientLimits | None,
    transport: httpx.AsyncBaseTransport | None,
    on_answer: Callable[[int, Answer], None],
) -> None:
    async def fetch() -> None:
        async with FleetClient(credentials, limits, transport) as client:
            await client.ask_all(asks, on_answer)

    with _rarely_searched():
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(fetch())
            return
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, fetch()).result()


@contextmanager
def _rarely_searched() -> Iterator[None]:
    """Keep the garbage collector from what is there already: fleet, graph and plan, of which nothing can be garbage.

    It searched them again and again while thousands of short-lived objects come and go: 40 % of the time of asking.
    Most of those go by themselves, and a tenth of the time went into looking at them young.
    """
    gc.freeze()
    gc.set_threshold(_SEARCHED_EVERY, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
        gc.unfreeze()


def _retry_within(deadline: float) -> Callable[[Exception], bool | float]:
    """Which errors are tried again, and after how long: a `Retry-After` only when it ends before the deadline."""

    def retry(error: Exception) -> bool | float:
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after if time.perf_counter() + error.retry_after < deadline else False
        return isinstance(error, DeviceError) and error.is_transient

    return retry


def _answer_of(ask: Ask, exchange: Exchange, error: DeviceError | None, latency_ms: float, secret: Forms) -> Answer:
    now, attempts = dt.datetime.now(dt.UTC), exchange.attempts
    body, blots = (None, 0) if exchange.body is None else blot_body(exchange.body, secret, ask.report)
    if error is not None:
        error = error.said_with(partial(blot_text, forms=secret))
        return Failure(ask, error, now, latency_ms, attempts, exchange.status, body, blots)
    status = exchange.status or 200
    return Reply(ask, exchange.url, status, body or b"", now, latency_ms, exchange.device_clock, attempts, blots)


def _not_sent(ask: Ask, error: DeviceError) -> Failure:
    return Failure(ask, error, dt.datetime.now(dt.UTC), 0.0, 0)
