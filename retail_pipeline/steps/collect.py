"""One poll of the fleet: ask, parse, write, account for every hour.

A partition is delivered when at least one active device of the store reported that hour. Every reply holds 24 hours, so
hours that nobody asked for are filled and corrected on the way (`healed`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from retail_pipeline.devices.errors import error_of_cause
from retail_pipeline.devices.models import Ask, Failure
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.steps.account import Trouble, hour_coverage, shortfall
from retail_pipeline.steps.asking import WantedHour, plan_asks, wanted_hours
from retail_pipeline.steps.keep import Brought, keep
from retail_pipeline.steps.poll import Poll
from retail_pipeline.steps.turns import Fetch, Turns
from retail_pipeline.warehouse import health
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet


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
    """All of `collect_in_parts`, together."""
    return joined(list(collect_in_parts(fleet, warehouse, fetch, report, hours, now)))


def collect_in_parts(
    fleet: Fleet,
    warehouse: Warehouse,
    fetch: Fetch,
    report: Report,
    hours: Mapping[str, Sequence[dt.datetime]],
    now: dt.datetime,
) -> Iterator[Collected]:
    """Ask for the given UTC hours of each store, write what came and put what did not come into the ledger.

    Stores that have answered are written while others are asked or keep silent: there is one part, more where devices
    hang or the fleet is large.
    A device that another process is asking is left to it (`busy`), unless that process is done when the others have
    answered: neither delivered nor missed. A part is written whole or not at all, by the transaction that holds the
    devices' locks: a poll that needed a second connection could wait for another one that needs it too. A store whose
    replies can't be kept fails alone.
    """
    wanted = wanted_hours(fleet, report, hours, now)
    if not wanted:
        return
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, now)
        state = health.read_health(connection, now)
    asks = plan_asks(report, wanted, state.open_circuits, now)
    known = [_known(ask, state.just_probed[ask.device.id]) for ask in asks if ask.device.id in state.just_probed]
    turns = Turns(fetch, report, [ask for ask in asks if ask.device.id not in state.just_probed], known)
    part: Collected | None = None
    while wanted:
        with warehouse.transaction() as connection:
            busy = turns.lock(connection, wanted)
            if part:
                yield part
            ready, busy = turns.take(connection, wanted, busy)
            answers = turns.hand_over(ready, busy)
            kept = keep(warehouse, connection, Brought(report, ready, answers, state.last_skew, busy, now))
        done = {one.store.id for one in ready}
        wanted = [one for one in wanted if one.store.id not in done]
        part = joined([_outcome(one.poll, one.changed) for one in kept])
    if part:
        yield part


def _known(ask: Ask, failed: health.FailedProbe) -> Failure:
    """What the device said a moment ago, for an ask that is not sent: one probe a poll is enough."""
    detail = f"{failed.detail} (at {failed.at:%H:%M} UTC; asked once a poll while its circuit is open)"
    return Failure(ask, error_of_cause(failed.cause, ask.device.id, detail), failed.at, 0.0, 0)


def joined(parts: Sequence[Collected]) -> Collected:
    """Several parts as one."""
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
    wanted = {(one.hour, one.store.id) for one in poll.wanted}
    reported = _reported(poll.rows.filter(pl.col("partition_hour").is_in({hour for hour, _ in wanted})))
    delivered, failed = [], []
    for one in poll.wanted:
        asked = [device.id for device in one.store.devices_for(poll.report) if device.id not in poll.busy]
        if came := reported.get((one.store.id, one.hour)):
            delivered.append(_delivered(poll, one, came, asked))
        elif asked:
            failed.append(FailedHour(one.store.id, one.hour, _causes(one, asked, poll.troubles)))
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


class _Reported(NamedTuple):
    """What a partition holds of this poll."""

    rows: int
    complete_minutes: float
    devices: Sequence[str]


def _reported(rows: pl.DataFrame) -> dict[tuple[str, dt.datetime], _Reported]:
    """By store and UTC hour, told of all partitions at once: a poll of a day may touch thousands."""
    by_partition = (
        hour_coverage(rows)
        .group_by("store_id", pl.col("hour_start").dt.truncate("1h").alias("partition_hour"))
        .agg(pl.col("rows", "complete_minutes").sum(), pl.col("sensor_id").unique())
    )
    return {(store_id, start): _Reported(*held) for store_id, start, *held in by_partition.iter_rows()}


def _delivered(poll: Poll, one: WantedHour, came: _Reported, asked: Sequence[str]) -> DeliveredHour:
    expected = sum((hour.hour_end - hour.hour_start).total_seconds() / 60 for hour in one.local_hours) * len(asked)
    missing = sorted(set(asked) - set(came.devices))
    share = min(1.0, came.complete_minutes / expected) if expected else 0.0
    left_out = poll.quarantined[one.store.id], poll.padding[one.store.id]
    return DeliveredHour(one.store.id, one.hour, came.rows, share, tuple(missing), *left_out)


def _causes(one: WantedHour, asked: Sequence[str], troubles: Sequence[Trouble]) -> dict[str, str]:
    causes = (shortfall(sensor_id, one.local_hours[0], None, troubles) for sensor_id in asked)
    return {cause.sensor_id: str(cause) for cause in causes if cause}
