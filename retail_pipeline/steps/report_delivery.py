"""Pages sent to the recipients of their stores: each once, whatever restarts; who is down is asked again later."""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.steps.alerts.telling import GIVEN_UP_AFTER, HOUR, Addressee, wait_after
from retail_pipeline.steps.due_pages import LOOK_BACK, latest_day
from retail_pipeline.warehouse import report_deliveries as kept
from retail_pipeline.warehouse.attempts import StoreDay
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.report_deliveries import PageOf
from retail_pipeline.warehouse.store_reports import read_report

PAGES_AN_HOUR = 120
"""To one receiver: the mornings of a hundred stores in one zone go to one mailbox, and some services refuse more."""

BUDGET_S = 300.0
"""No page is begun later in a run; the next quarter of an hour goes on."""


class PageReceiver(Addressee, Protocol):
    """Somebody who is sent pages."""

    def send_page(self, title: str, body: str, html: str, file_name: str) -> str | None:
        """None when it took the page, else why not, without the address. Never raises."""


Recipients = Mapping[str, Sequence[PageReceiver]]
"""The receivers of each recipient that the fleet file names."""


@dataclass(frozen=True)
class Wanted:
    """A page that a receiver should have and has not."""

    store: Store
    recipient: str
    receiver: PageReceiver
    page: Mapping[str, Any]
    standing: Mapping[str, Any] | None

    @property
    def key(self) -> PageOf:
        """The key of its row."""
        return PageOf(self.store.id, self.page["trading_day"], self.receiver.key)

    @property
    def is_waiting(self) -> bool:
        """Whether its row says so already."""
        return self.standing is not None and self.standing["sent_at"] is None

    @property
    def was_taken_before(self) -> bool:
        """Whether the receiver has an earlier page of the day."""
        return self.standing is not None and self.standing["input_version"] is not None


def due_deliveries(fleet: Fleet, warehouse: Warehouse, recipients: Recipients, now: dt.datetime) -> list[StoreDay]:
    """The days whose pages somebody should be sent at `now`."""
    wanted, standing = _wanted(fleet, warehouse, recipients, now)
    asleep = _asleep(standing, now)
    return sorted({(one.store.id, one.key.trading_day) for one in wanted if one.receiver.key not in asleep})


def send_reports(fleet: Fleet, warehouse: Warehouse, recipients: Recipients, now: dt.datetime) -> list[str]:
    """Send what is due, and say of each page that was tried what became of it.

    The page of the last day is sent once to each receiver of its store; one of a day that changed again only where the
    store says `resend_reports`. A receiver that does not take one keeps nobody else waiting.
    """
    wanted, standing = _wanted(fleet, warehouse, recipients, now)
    _write_down(fleet, warehouse, recipients, wanted, now)
    resting, room = _asleep(standing, now), _room(standing, now)
    deadline, said = time.monotonic() + BUDGET_S, []
    for one in wanted:
        key = one.receiver.key
        if key in resting or room.get(key, PAGES_AN_HOUR) <= 0 or time.monotonic() > deadline:
            continue
        problem = _deliver(warehouse, one, now)
        room[key] = room.get(key, PAGES_AN_HOUR) - 1
        if problem:
            resting.add(key)
        said.append(_sentence(one, problem))
    return said


def _wanted(
    fleet: Fleet, warehouse: Warehouse, recipients: Recipients, now: dt.datetime
) -> tuple[list[Wanted], list[dict[str, Any]]]:
    """What is wanted, oldest day first, and every delivery of the last days."""
    store_ids, since = _subscribed(fleet), (now - LOOK_BACK).date()
    if not store_ids:
        return [], []
    standing = kept.deliveries(warehouse, store_ids, since).rows(named=True)
    by_key = {PageOf(row["store_id"], row["trading_day"], row["receiver"]): row for row in standing}
    found = [
        one
        for page in kept.pages(warehouse, store_ids, since).iter_rows(named=True)
        for one in _of_page(fleet.store(page["store_id"]), page, recipients, by_key)
        if _is_wanted(one, now)
    ]
    return sorted(found, key=lambda one: one.page["trading_day"]), standing


def _of_page(
    store: Store, page: Mapping[str, Any], recipients: Recipients, standing: Mapping[PageOf, dict[str, Any]]
) -> Iterator[Wanted]:
    for recipient, receiver in receivers_of(store, recipients):
        yield Wanted(
            store, recipient, receiver, page, standing.get(PageOf(store.id, page["trading_day"], receiver.key))
        )


def _is_wanted(one: Wanted, now: dt.datetime) -> bool:
    row = one.standing
    if row is None:
        return bool(one.page["trading_day"] == latest_day(one.store, now))
    if row["sent_at"] is None:
        return bool(row["wanted_at"] > now - GIVEN_UP_AFTER)
    return bool(one.store.resend_reports and row["input_version"] < one.page["input_version"])


def _write_down(
    fleet: Fleet, warehouse: Warehouse, recipients: Recipients, wanted: Iterable[Wanted], now: dt.datetime
) -> None:
    """Before anything is sent, so that what waits is known whatever happens; receivers that are gone are forgotten."""
    new = [
        (
            *(one.store.id, one.store.organization, one.page["trading_day"]),
            *(one.recipient, one.receiver.key, one.page["input_version"]),
        )
        for one in wanted
        if not one.is_waiting
    ]
    named = [(store.id, receiver.key) for store in fleet.stores for _, receiver in receivers_of(store, recipients)]
    schema = {"store_id": pl.String(), "receiver": pl.String()}
    with warehouse.transaction() as connection:
        kept.forget(connection, fleet.store_ids, pl.DataFrame(named, schema=schema, orient="row"))
        kept.want(connection, pl.DataFrame(new, schema=kept.WANTED, orient="row"), now)


def _deliver(warehouse: Warehouse, one: Wanted, now: dt.datetime) -> str | None:
    """Write down that it was taken, send, commit: a crash in between repeats a page rather than losing it."""
    with warehouse.transaction() as connection:
        if not kept.take(connection, one.key, one.page["input_version"], now):
            return None
        html = read_report(connection, one.store.id, one.key.trading_day) or ""
        title = one.page["subject"]
        if one.was_taken_before:
            from retail_pipeline.reports.message import corrected  # noqa: PLC0415 - charts load slowly

            title = corrected(title, one.page["language"])
        file_name = f"{one.store.id}-{one.key.trading_day}.html"
        problem = one.receiver.send_page(title, one.page["message"], html, file_name)
        if problem:
            connection.rollback()
    if problem:
        failures = one.standing["attempts"] if one.standing and one.is_waiting else 0
        with warehouse.transaction() as connection:
            kept.fail(connection, one.key, problem, now + wait_after(failures))
    return problem


def receivers_of(store: Store, recipients: Recipients) -> Iterator[tuple[str, PageReceiver]]:
    """The receivers of a store, each once and under the first of its names."""
    seen: set[str] = set()
    for recipient in store.recipients:
        for receiver in recipients.get(recipient, ()):
            if receiver.key not in seen:
                seen.add(receiver.key)
                yield recipient, receiver


def _subscribed(fleet: Fleet) -> list[str]:
    return [store.id for store in fleet.stores if store.recipients]


def _asleep(standing: Iterable[Mapping[str, Any]], now: dt.datetime) -> set[str]:
    """Receivers that failed a short while ago."""
    return {row["receiver"] for row in standing if row["next_attempt"] and row["next_attempt"] > now}


def _room(standing: Iterable[Mapping[str, Any]], now: dt.datetime) -> dict[str, int]:
    """How many pages each receiver may still be sent within the hour."""
    room: dict[str, int] = {}
    for row in standing:
        if row["sent_at"] and row["sent_at"] > now - HOUR:
            room[row["receiver"]] = room.get(row["receiver"], PAGES_AN_HOUR) - 1
    return room


def _sentence(one: Wanted, problem: str | None) -> str:
    what = f"{one.store.id}, {one.key.trading_day} to {one.recipient}, {one.receiver.name}"
    return f"{what}: {problem}" if problem else f"{what}: sent"
