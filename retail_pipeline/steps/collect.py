"""One poll of the fleet: ask, parse, write, account for every hour.

A partition is delivered when at least one active device of the store reported that hour. Every reply holds 24 hours, so
hours that nobody asked for are filled and corrected on the way (`healed`).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import polars as pl

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.steps.account import Trouble, hour_coverage, shortfall
from retail_pipeline.steps.asking import WantedHour, plan_asks, wanted_hours
from retail_pipeline.steps.keep import Brought, keep
from retail_pipeline.steps.poll import Poll
from retail_pipeline.warehouse import health
from retail_pipeline.warehouse.connection import Connection, Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.locks import device_locks

Fetch = Callable[[Sequence[Ask]], list[Answer]]


@dataclass(frozen=True)
class DeliveredHour:
    """A partition that at least one device reported: rows of this poll, share complete, devices that are missing.

    `quarantined` and `padding` are rows of all replies of the store, refused and dropped.
    """

    store_id: str
    hour: dt.datetime
    rows: int
    completeness: float
    devices_missing: tuple[str, ...]
    quarantined: int
    padding: int


@dataclass(frozen=True)
class FailedHour:
    """A partition for which no device reported anything, with what each of them said."""

    store_id: str
    hour: dt.datetime
    causes: Mapping[str, str]


@dataclass(frozen=True)
class Collected:
    """What one poll did; partitions in none of the lists were skipped: nothing was expected of them."""

    delivered: list[DeliveredHour] = field(default_factory=list)
    failed: list[FailedHour] = field(default_factory=list)
    healed: dict[tuple[dt.datetime, str], int] = field(default_factory=dict)
    asked: int = 0
    answered: int = 0
    changed_rows: int = 0
    rejected_rows: int = 0
    padding_rows: int = 0

    def in_words(self) -> str:
        """One line for the log."""
        return (
            f"{self.answered} of {self.asked} requests answered with a report; {self.changed_rows} rows were new or "
            f"changed, {self.rejected_rows} rejected (see rejected_rows), {self.padding_rows} future rows dropped"
        )


def collect(
    fleet: Fleet,
    warehouse: Warehouse,
    fetch: Fetch,
    report: Report,
    hours: Mapping[str, Sequence[dt.datetime]],
    now: dt.datetime,
) -> Collected:
    """Ask for the given UTC hours of each store, write what came and put what did not come into the ledger.

    A device that another process is asking is left to it (`busy`), unless that process is done when the others have
    answered: neither delivered nor missed. What is written is written whole or not at all, by the transaction that
    holds the devices' locks: a poll that needed a second connection could wait for another one that needs it too. A
    store whose replies can't be kept fails alone.
    """
    wanted = wanted_hours(fleet, report, hours, now)
    if not wanted:
        return Collected()
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, now)
        state = health.read_health(connection)
    devices = {device.id for one in wanted for device in one.store.devices_for(report)}
    asks = plan_asks(report, wanted, state.open_circuits, now)
    with warehouse.transaction() as connection:
        answers, busy = _asked_of_the_free(connection, fetch, asks, devices)
        kept = keep(warehouse, connection, Brought(report, wanted, answers, state.last_skew, busy, now))
    return _joined([_outcome(one.poll, one.changed) for one in kept])


def _asked_of_the_free(
    connection: Connection, fetch: Fetch, asks: Sequence[Ask], devices: AbstractSet[str]
) -> tuple[list[Answer], set[str]]:
    """Answers of the devices that nobody else is asking, and the devices that somebody is still asking at the end."""
    answers: list[Answer] = []
    busy = set(devices)
    for _ in range(2):
        if free := device_locks(connection, busy):
            answers += fetch([ask for ask in asks if ask.device.id in free])
            busy -= free
    return answers, busy


def _joined(parts: Sequence[Collected]) -> Collected:
    return Collected(
        delivered=[hour for part in parts for hour in part.delivered],
        failed=[hour for part in parts for hour in part.failed],
        healed={hour: rows for part in parts for hour, rows in part.healed.items()},
        asked=sum(part.asked for part in parts),
        answered=sum(part.answered for part in parts),
        changed_rows=sum(part.changed_rows for part in parts),
        rejected_rows=sum(part.rejected_rows for part in parts),
        padding_rows=sum(part.padding_rows for part in parts),
    )


def _outcome(poll: Poll, changed: pl.DataFrame) -> Collected:
    reported = poll.rows.partition_by("store_id", "partition_hour", as_dict=True)
    delivered, failed = [], []
    for one in poll.wanted:
        asked = [device.id for device in one.store.devices_for(poll.report) if device.id not in poll.busy]
        rows = reported.get((one.store.id, one.hour))
        if rows is not None:
            delivered.append(_delivered(poll, one, rows, asked))
        elif asked:
            failed.append(FailedHour(one.store.id, one.hour, _causes(one, asked, poll.troubles)))
    wanted = {(one.hour, one.store.id) for one in poll.wanted}
    touched = poll.rows.join(changed, on=["sensor_id", "interval_start"], how="semi")
    return Collected(
        delivered=delivered,
        failed=failed,
        healed={
            (hour, store_id): n
            for hour, store_id, n in touched.group_by("partition_hour", "store_id").len().iter_rows()
            if (hour, store_id) not in wanted
        },
        asked=len(poll.answers),
        answered=poll.came - len(poll.parsed.failures),
        changed_rows=changed.height,
        rejected_rows=poll.parsed.rejected.height,
        padding_rows=sum(poll.parsed.padding.values()),
    )


def _delivered(poll: Poll, one: WantedHour, rows: pl.DataFrame, asked: Sequence[str]) -> DeliveredHour:
    coverage = hour_coverage(rows)
    expected = sum((hour.hour_end - hour.hour_start).total_seconds() / 60 for hour in one.local_hours) * len(asked)
    missing = sorted(set(asked) - set(rows["sensor_id"]))
    share = min(1.0, float(coverage["complete_minutes"].sum()) / expected) if expected else 0.0
    left_out = poll.quarantined[one.store.id], poll.padding[one.store.id]
    return DeliveredHour(one.store.id, one.hour, rows.height, share, tuple(missing), *left_out)


def _causes(one: WantedHour, asked: Sequence[str], troubles: Sequence[Trouble]) -> dict[str, str]:
    causes = (shortfall(sensor_id, one.local_hours[0], None, troubles) for sensor_id in asked)
    return {cause.sensor_id: str(cause) for cause in causes if cause}
