"""Who is told what, and when: each receiver once, not too often, again later when it does not answer."""

import datetime as dt
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Protocol

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.alerts.faults import Fault
from retail_pipeline.steps.alerts.words import Incident, Message, messages, without_secrets
from retail_pipeline.warehouse import incidents
from retail_pipeline.warehouse.connection import Warehouse

MESSAGES_AN_HOUR = 10
GIVEN_UP_AFTER = dt.timedelta(hours=24)
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(hours=1)
BUDGET_S = 30.0
"""No message is begun later in a tick: Dagster gives a tick a minute, and a receiver may take ten seconds."""

HOUR = dt.timedelta(hours=1)


class Addressee(Protocol):
    """Somebody to whom something is sent; `key` is not the address, which is a secret."""

    @property
    def key(self) -> str:
        """The same for the same address, in every process."""

    @property
    def name(self) -> str:
        """What kind of service it is, for the log."""


class Receiver(Addressee, Protocol):
    """Somebody who is told."""

    def send(self, title: str, body: str, *, is_over: bool) -> bool:
        """Whether it took the message. Never raises."""


def wait_after(failures: int) -> dt.timedelta:
    """How long a receiver is left alone that had failed so often before it failed now: longer each time, to an hour."""
    return min(FIRST_WAIT * int(2 ** min(failures, 10)), LONGEST_WAIT)


class Acquaintance(BaseModel):
    """What is remembered of a receiver: since when it is known, what it took in the last hour, and its failures."""

    model_config = ConfigDict(frozen=True)
    since: AwareDatetime
    sent: tuple[AwareDatetime, ...] = ()
    failures: int = 0
    again_at: AwareDatetime | None = None

    def in_the_last_hour(self, now: dt.datetime) -> tuple[dt.datetime, ...]:
        """When it took messages, as far as the limit counts them."""
        return tuple(at for at in self.sent if at > now - HOUR)

    def took(self, now: dt.datetime) -> "Acquaintance":
        """It took a message."""
        sent = (*self.in_the_last_hour(now), now)
        return self.model_copy(update={"sent": sent, "failures": 0, "again_at": None})

    def failed(self, now: dt.datetime) -> "Acquaintance":
        """It took none: it is asked again later, and later each time."""
        again_at = now + wait_after(self.failures)
        return self.model_copy(update={"failures": self.failures + 1, "again_at": again_at})


class Memory(BaseModel):
    """What a tick leaves to the next one. Who was told of what stands in the warehouse; losing this repeats nothing."""

    model_config = ConfigDict(frozen=True)
    receivers: dict[str, Acquaintance] = {}
    standing_still_since: AwareDatetime | None = None
    standstill_told_to: tuple[str, ...] = ()


def note_faults(
    warehouse: Warehouse, location: str, faults: Sequence[Fault], secrets: Collection[str], now: dt.datetime
) -> None:
    """Open an incident for every new fault and close those that are over; their words are cleaned of secrets here."""
    cleaned = [{**asdict(one), "kind": str(one.kind), "detail": without_secrets(one.detail, secrets)} for one in faults]
    rows = pl.DataFrame(cleaned, schema=incidents.FAULTS).unique(["kind", "subject"], keep="first")
    with warehouse.transaction() as connection:
        incidents.record(connection, location, rows, now)


def tell(
    warehouse: Warehouse, location: str, fleet: Fleet, receivers: Sequence[Receiver], memory: Memory, now: dt.datetime
) -> tuple[Memory, list[str]]:
    """Tell each receiver what it has not been told; what is remembered now, and a sentence per receiver.

    A receiver that does not answer keeps nobody else waiting. What it misses is kept for a day.
    """
    known = {one.key: memory.receivers.get(one.key) or Acquaintance(since=now) for one in receivers}
    deadline = time.monotonic() + BUDGET_S
    said = []
    for receiver in sorted(receivers, key=lambda one: known[one.key].failures):
        known[receiver.key], words = _tell_one(warehouse, location, fleet, receiver, known[receiver.key], now, deadline)
        said.append(f"{receiver.name}: {words}")
    return memory.model_copy(update={"receivers": known}), said


def _tell_one(
    warehouse: Warehouse,
    location: str,
    fleet: Fleet,
    receiver: Receiver,
    known: Acquaintance,
    now: dt.datetime,
    deadline: float,
) -> tuple[Acquaintance, str]:
    due = _due(warehouse, location, fleet, receiver, known, now)
    if due and known.again_at and now < known.again_at:
        return known, f"does not answer, is asked again at {known.again_at:%H:%M:%S} UTC"
    sent = 0
    for message in due:
        if len(known.in_the_last_hour(now)) >= MESSAGES_AN_HOUR or time.monotonic() > deadline:
            return known, f"{sent} messages sent, {len(due) - sent} wait: at most {MESSAGES_AN_HOUR} an hour"
        if not _delivered(warehouse, receiver, message, now):
            known = known.failed(now)
            return known, f"does not answer, {len(due) - sent} messages wait"
        known, sent = known.took(now), sent + 1
    return known, f"{sent} messages sent" if sent else "nothing new"


def _due(
    warehouse: Warehouse, location: str, fleet: Fleet, receiver: Receiver, known: Acquaintance, now: dt.datetime
) -> list[Message]:
    rows = incidents.untold(warehouse, location, receiver.key, now - GIVEN_UP_AFTER, known.since)
    return messages([Incident(**row) for row in rows.iter_rows(named=True)], fleet, location)


def _delivered(warehouse: Warehouse, receiver: Receiver, message: Message, now: dt.datetime) -> bool:
    """Write down that it was told, send, commit: a crash in between repeats a message rather than losing it."""
    with warehouse.transaction() as connection:
        told = incidents.tell(connection, message.incident_ids, receiver.key, now, is_over=message.is_over)
        is_taken = not told or receiver.send(message.title, message.body, is_over=message.is_over)
        if not is_taken:
            connection.rollback()
    return is_taken
