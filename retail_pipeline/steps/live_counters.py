"""Live counters: every device that shows them is asked once, and stores whose doors all did are told anew.

A reading that does not come is not missed: the next tick asks again, and the rows of the reports hold the people.
So nothing is written into the ledger of gaps, and a device's circuit is left to the polls of its reports.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from retail_pipeline.devices.client import Answer
from retail_pipeline.devices.clock import SECOND, clock_skew, device_now
from retail_pipeline.devices.counters import counting_since, parse_counters
from retail_pipeline.devices.errors import DeviceError
from retail_pipeline.devices.models import Ask, Failure, Reply, Shown
from retail_pipeline.fleet.calendar import day_bounds, trading_day_of
from retail_pipeline.fleet.models import Fleet, Store
from retail_pipeline.frames.live_counters import AT_MIDNIGHT, beside_rows, live_occupancy
from retail_pipeline.frames.schemas import LIVE_COUNTERS, SNAPSHOTS, UTC_TIME
from retail_pipeline.steps.turns import Fetch
from retail_pipeline.warehouse import health, reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.locks import device_locks
from retail_pipeline.warehouse.replies import store_replies

DAY_AND_MORE = dt.timedelta(hours=50)
"""A device's day and a store's trading day, each at its longest."""


@dataclass(frozen=True)
class LiveReading:
    """What one tick brought: `readings` (`LIVE_COUNTERS`), `told` (`SNAPSHOTS`), and per device why it told nothing."""

    readings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LIVE_COUNTERS))
    told: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SNAPSHOTS))
    silent: Mapping[str, str] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)

    def in_words(self) -> str:
        """One line for the log."""
        return (
            f"{self.readings.height} devices showed their counters, {len(self.silent)} did not; "
            f"who is inside is known of {self.told.height} stores"
        )


def asks_of_counters(fleet: Fleet, now: dt.datetime) -> list[Ask]:
    """One cheap ask per active device that shows counters: what does not answer at once is asked five minutes later."""
    return [
        Ask(store, device, Shown.COUNTERS, now, now + SECOND, is_probe=True)
        for store in fleet.stores
        for device in store.active_devices
        if device.shows_counters
    ]


def read_live_counters(fleet: Fleet, warehouse: Warehouse, fetch: Fetch, now: dt.datetime) -> LiveReading:
    """Ask, keep the replies and what they say, and write who is inside the stores that can be told.

    Devices that have ceased to answer are left to the polls, which probe them; those that another process is asking
    are left to it.
    """
    asks = asks_of_counters(fleet, now)
    if not asks:
        return LiveReading()
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, now)
        state = health.read_health(connection, now)
    with warehouse.transaction() as connection:
        free = device_locks(connection, {ask.device.id for ask in asks} - state.open_circuits)
        answers = [one for one in fetch([ask for ask in asks if ask.device.id in free]) if one]
        skews = {at: clock_skew(answer) for at, answer in enumerate(answers) if isinstance(answer, Reply)}
        ids = store_replies(connection, answers, skews, now)
        readings, silent = _read(answers, ids, state.last_skew)
        tables.write_live_counters(connection, readings)
    for ask in asks:
        if ask.device.id not in free:
            ceased = ask.device.id in state.open_circuits
            silent[ask.device.id] = "has ceased to answer" if ceased else "is being asked for its reports"
    told, untold = _tell(fleet, warehouse, readings, now)
    return LiveReading(readings, told, silent, untold)


def _read(
    answers: Sequence[Answer], ids: Sequence[int], last_skews: Mapping[str, float]
) -> tuple[pl.DataFrame, dict[str, str]]:
    rows, silent = [], {}
    for answer, reply_id in zip(answers, ids, strict=True):
        store, device = answer.ask.store, answer.ask.device
        try:
            if isinstance(answer, Failure):
                raise answer.error
            counters = parse_counters(answer)
        except DeviceError as error:
            silent[device.id] = f"did not show its counters: {error.cause}: {error.detail}"
            continue
        shown_at = device_now(answer, last_skews.get(device.id))
        since = counting_since(shown_at, answer.ask.zone)
        identity = (device.id, store.id, store.organization)
        rows.append((*identity, answer.received_at, shown_at, since, *counters, reply_id))
    return pl.DataFrame(rows, schema=LIVE_COUNTERS, orient="row"), silent


def _tell(
    fleet: Fleet, warehouse: Warehouse, readings: pl.DataFrame, now: dt.datetime
) -> tuple[pl.DataFrame, dict[str, str]]:
    live = {device.id for store in fleet.stores for device in store.active_devices if device.live}
    readings = readings.filter(pl.col("sensor_id").is_in(live))
    stores = [fleet.store(store_id) for store_id in readings["store_id"].unique().sort()]
    if not stores:
        return pl.DataFrame(schema=SNAPSHOTS), {}
    ids, span = [store.id for store in stores], (now - DAY_AND_MORE, now + dt.timedelta(hours=1))
    raw, seen = reads.raw_counts(warehouse, ids, *span), reads.live_counters(warehouse, ids, *span)
    bounds = beside_rows(seen, raw).join(readings, on=["sensor_id", "observed_at"], how="semi")
    told, untold = live_occupancy(bounds, raw, stores, _day_starts(stores, now))
    with warehouse.transaction() as connection:
        tables.write_snapshots(connection, told)
    around_midnight = readings.filter(pl.col("counting_since").is_null())["sensor_id"]
    return told, dict.fromkeys(around_midnight, AT_MIDNIGHT) | dict(untold.rows())


def _day_starts(stores: Sequence[Store], now: dt.datetime) -> pl.DataFrame:
    rows = [(store.id, day_bounds(store, trading_day_of(store, now))[0]) for store in stores]
    return pl.DataFrame(rows, schema={"store_id": pl.String(), "day_start": UTC_TIME}, orient="row")
