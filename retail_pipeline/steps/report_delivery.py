"""Pages sent to recipients of stores and organizations: each once, whatever restarts; who is down is asked later."""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.alerts.telling import GIVEN_UP_AFTER, HOUR, Addressee, wait_after
from retail_pipeline.steps.due_pages import LOOK_BACK, latest_day, latest_overview_day, stores_of
from retail_pipeline.warehouse import report_deliveries as kept
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.organization_reports import read_overview
from retail_pipeline.warehouse.report_deliveries import Kind, PageOf
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
class Owner:
    """A store, or an organization: whose pages they are, who is sent them, and the last day that has one."""

    kind: Kind
    id: str
    organization_id: str
    recipients: tuple[str, ...]
    latest_day: dt.date
    is_sent_again: bool = False

    def __str__(self) -> str:
        return self.id if self.kind is Kind.REPORT else f"overview of {self.id}"


@dataclass(frozen=True)
class Wanted:
    """A page that a receiver should have and has not."""

    owner: Owner
    recipient: str
    receiver: PageReceiver
    page: Mapping[str, Any]
    standing: Mapping[str, Any] | None

    @property
    def key(self) -> PageOf:
        """The key of its row."""
        return PageOf(self.owner.id, self.page["trading_day"], self.receiver.key)

    @property
    def is_waiting(self) -> bool:
        """Whether its row says so already."""
        return self.standing is not None and self.standing["sent_at"] is None

    @property
    def was_taken_before(self) -> bool:
        """Whether the receiver has an earlier page of the day."""
        return self.standing is not None and self.standing["input_version"] is not None


def due_deliveries(
    fleet: Fleet, warehouse: Warehouse, recipients: Recipients, now: dt.datetime, kind: Kind = Kind.REPORT
) -> list[tuple[str, dt.date]]:
    """The days whose pages somebody should be sent at `now`, each with the store or organization."""
    owners = _owners(fleet, kind, now)
    standing = _standing(fleet, warehouse, now)
    asleep = _asleep(standing, now)
    wanted = _wanted(warehouse, kind, owners, recipients, standing, now)
    return sorted({(one.owner.id, one.key.trading_day) for one in wanted if one.receiver.key not in asleep})


def send_reports(
    fleet: Fleet, warehouse: Warehouse, recipients: Recipients, now: dt.datetime, kind: Kind = Kind.REPORT
) -> list[str]:
    """Send what is due, and say of each page that was tried what became of it.

    The page of the last day is sent once to each receiver of its store or organization; one of a day that changed again
    only where a store says `resend_reports`. A receiver that does not take one keeps nobody else waiting.
    """
    owners, standing = _owners(fleet, kind, now), _standing(fleet, warehouse, now)
    wanted = _wanted(warehouse, kind, owners, recipients, standing, now)
    _write_down(warehouse, kind, owners, recipients, wanted, now)
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


def receivers_of(names: Iterable[str], recipients: Recipients) -> Iterator[tuple[str, PageReceiver]]:
    """The receivers of these recipients, each once and under the first of its names."""
    seen: set[str] = set()
    for recipient in names:
        for receiver in recipients.get(recipient, ()):
            if receiver.key not in seen:
                seen.add(receiver.key)
                yield recipient, receiver


def _owners(fleet: Fleet, kind: Kind, now: dt.datetime) -> list[Owner]:
    """Also those who name no recipients any more: what waits for them is forgotten."""
    if kind is Kind.REPORT:
        return [
            Owner(kind, one.id, one.organization, one.recipients, latest_day(one, now), one.resend_reports)
            for one in fleet.stores
        ]
    return [
        Owner(kind, one.id, one.id, one.recipients, latest_overview_day(stores, now))
        for one in fleet.organizations
        if (stores := stores_of(fleet, one))
    ]


def _standing(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> list[dict[str, Any]]:
    """Every delivery of the last days, of both kinds: a receiver is spared for what it was sent of either."""
    subscribed = {
        Kind.REPORT: [one.id for one in fleet.stores if one.recipients],
        Kind.OVERVIEW: [one.id for one in fleet.organizations if one.recipients],
    }
    return [
        {**row, "kind": kind}
        for kind, ids in subscribed.items()
        if ids
        for row in kept.deliveries(warehouse, kind, ids, (now - LOOK_BACK).date()).iter_rows(named=True)
    ]


def _wanted(
    warehouse: Warehouse,
    kind: Kind,
    owners: Iterable[Owner],
    recipients: Recipients,
    standing: Iterable[Mapping[str, Any]],
    now: dt.datetime,
) -> list[Wanted]:
    """What is wanted, oldest day first."""
    subscribed = {one.id: one for one in owners if one.recipients}
    if not subscribed:
        return []
    by_key = {
        PageOf(row["owner_id"], row["trading_day"], row["receiver"]): row for row in standing if row["kind"] == kind
    }
    found = [
        one
        for page in kept.pages(warehouse, kind, [*subscribed], (now - LOOK_BACK).date()).iter_rows(named=True)
        for one in _of_page(subscribed[page["owner_id"]], page, recipients, by_key)
        if _is_wanted(one, now)
    ]
    return sorted(found, key=lambda one: one.page["trading_day"])


def _of_page(
    owner: Owner, page: Mapping[str, Any], recipients: Recipients, standing: Mapping[PageOf, Mapping[str, Any]]
) -> Iterator[Wanted]:
    for recipient, receiver in receivers_of(owner.recipients, recipients):
        key = PageOf(owner.id, page["trading_day"], receiver.key)
        yield Wanted(owner, recipient, receiver, page, standing.get(key))


def _is_wanted(one: Wanted, now: dt.datetime) -> bool:
    row = one.standing
    if row is None:
        return bool(one.page["trading_day"] == one.owner.latest_day)
    if row["sent_at"] is None:
        return bool(row["wanted_at"] > now - GIVEN_UP_AFTER)
    return bool(one.owner.is_sent_again and row["input_version"] < one.page["input_version"])


def _write_down(
    warehouse: Warehouse,
    kind: Kind,
    owners: Sequence[Owner],
    recipients: Recipients,
    wanted: Iterable[Wanted],
    now: dt.datetime,
) -> None:
    """Before anything is sent, so that what waits is known whatever happens; receivers that are gone are forgotten."""
    new = [
        (
            *(one.owner.id, one.owner.organization_id, one.page["trading_day"]),
            *(one.recipient, one.receiver.key, one.page["input_version"]),
        )
        for one in wanted
        if not one.is_waiting
    ]
    named = [(one.id, receiver.key) for one in owners for _, receiver in receivers_of(one.recipients, recipients)]
    schema = {"owner_id": pl.String(), "receiver": pl.String()}
    with warehouse.transaction() as connection:
        kept.forget(connection, kind, [one.id for one in owners], pl.DataFrame(named, schema=schema, orient="row"))
        kept.want(connection, kind, pl.DataFrame(new, schema=kept.WANTED, orient="row"), now)


def _deliver(warehouse: Warehouse, one: Wanted, now: dt.datetime) -> str | None:
    """Write down that it was taken, send, commit: a crash in between repeats a page rather than losing it."""
    kind, owner = one.owner.kind, one.owner
    with warehouse.transaction() as connection:
        if not kept.take(connection, kind, one.key, one.page["input_version"], now):
            return None
        read = read_report if kind is Kind.REPORT else read_overview
        html = read(connection, owner.id, one.key.trading_day) or ""
        file_name = f"{owner.id}-{one.key.trading_day}.html"
        problem = one.receiver.send_page(_title(one), one.page["message"], html, file_name)
        if problem:
            connection.rollback()
    if problem:
        failures = one.standing["attempts"] if one.standing and one.is_waiting else 0
        with warehouse.transaction() as connection:
            kept.fail(connection, kind, one.key, problem, now + wait_after(failures))
    return problem


def _title(one: Wanted) -> str:
    if not one.was_taken_before:
        return str(one.page["subject"])
    from retail_pipeline.reports.message import corrected  # noqa: PLC0415 - charts load slowly

    return corrected(one.page["subject"], one.page["language"])


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
    what = f"{one.owner}, {one.key.trading_day} to {one.recipient}, {one.receiver.name}"
    return f"{what}: {problem}" if problem else f"{what}: sent"
