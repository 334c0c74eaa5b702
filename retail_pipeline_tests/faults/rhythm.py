"""A fleet played through days of polls, on the real rhythm: collect, recover, derive, sum up, every half hour."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl

from retail_pipeline.devices.auth import env_credentials
from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.models import Ask, ClientLimits
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.expected import expected_hours, missing_hours, present_hours
from retail_pipeline.frames.local_time import store_hours, with_hours
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.steps.collect import Collected, collect
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.recover import close_lost_gaps, open_gaps, plan_recovery
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import gaps, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.local.simulator.running import SECRET, RunningSimulator

HOUR = dt.timedelta(hours=1)
HALF_HOUR = dt.timedelta(minutes=30)
AFTER_THE_TICK = dt.timedelta(minutes=2, seconds=5)
PATIENT = ClientLimits(per_host=200, probe_connect_s=20.0, probe_total_s=60.0, attempts=1)
"""Every device has an address of its own. No device that answers is given up on, however busy this machine is."""

IMPATIENT = ClientLimits(per_host=200, read_s=0.3, total_s=0.5, probe_total_s=0.3, attempts=1)
"""For devices that hang, or days of it could not be played."""

SHOPS = env_credentials(
    {"RETAIL_CREDENTIAL_SHOPS_USERNAME": SECRET.username, "RETAIL_CREDENTIAL_SHOPS_PASSWORD": SECRET.password}
)
Hours = Mapping[str, Sequence[dt.datetime]]


def ticks(first: dt.datetime, last: dt.datetime) -> Iterator[dt.datetime]:
    """The half hours from `first` to `last`, both included."""
    while first <= last:
        yield first
        first += HALF_HOUR


class FleetDays:
    """A fleet on simulated devices and its warehouse; polls are at the simulated clock, which stands still between."""

    patient, impatient = PATIENT, IMPATIENT

    def __init__(
        self,
        fleet: Fleet,
        simulator: RunningSimulator,
        warehouse: Warehouse,
        begin: dt.datetime,
        ports: Mapping[str, int] | None = None,
    ) -> None:
        self.fleet, self.simulator = pointed_at(fleet, simulator.base_url, ports), simulator
        self.warehouse, self.begin = warehouse, begin
        self.hanging: frozenset[str] = frozenset()
        self.lost: list[str] = []
        self.recoveries = 0
        self._cursor: str | None = None
        with warehouse.transaction() as connection:
            sync_fleet(connection, self.fleet, begin)

    def tick(self, tick: dt.datetime) -> dt.datetime:
        """What happens in the half hour from `tick` on; returns when its poll was."""
        now = tick + AFTER_THE_TICK
        self.simulator.freeze(now.isoformat())
        on_the_hour = tick.minute == 0
        hour = tick - HOUR if on_the_hour else tick.replace(minute=0)
        hours = {store_id: [hour] for store_id in self.fleet.store_ids}
        for report in Report if on_the_hour else (Report.LINES,):
            self.derive(self.collect(hours, now, report), now)
        if on_the_hour:
            self.recover(now)
            if tick.hour % 3 == 0:
                self.summarise(now)
        return now

    def collect(self, hours: Hours, now: dt.datetime, report: Report = Report.LINES) -> Collected:
        """One poll; answers are received when the simulated clock says so."""

        def fetch(asks: Sequence[Ask]) -> list[Answer]:
            return [replace(answer, received_at=now) for answer in self._fetch(asks)]

        return collect(self.fleet, self.warehouse, fetch, report, hours, now)

    def _fetch(self, asks: Sequence[Ask]) -> list[Answer]:
        hanging = [ask for ask in asks if ask.device.id in self.hanging]
        others = [ask for ask in asks if ask.device.id not in self.hanging]
        with ThreadPoolExecutor(max_workers=1) as thread:
            given_up = thread.submit(fetch_all, hanging, SHOPS, self.impatient)
            answers = [*fetch_all(others, SHOPS, self.patient), *given_up.result()]
        by_ask = {(answer.ask.device.id, answer.ask.start): answer for answer in answers}
        return [by_ask[ask.device.id, ask.start] for ask in asks]

    def recover(self, now: dt.datetime, runs: int = 1) -> None:
        """Write down what is missing, give up what is lost, and ask for what is due, as `recover_missed_hours` does."""
        self._cursor = open_gaps(self.fleet, self.warehouse, self._cursor, self.begin, now)
        self.lost += close_lost_gaps(self.warehouse, now)
        span = {"since": self.begin - 31 * 24 * HOUR, "until": now}
        for one in plan_recovery(self.warehouse, now, stores_under_way=frozenset(), runs=runs, **span):
            self.recoveries += 1
            hours = [one.first + n * HOUR for n in range(int((one.last - one.first) / HOUR) + 1)]
            for report in one.reports:
                self.derive(self.collect({one.store_id: hours}, now, report), now)

    def summarise(self, now: dt.datetime) -> None:
        """Days that are due, as at five past."""
        due = due_days(self.fleet, self.warehouse, self.begin, now)
        days = {store_id: {day for name, day in due if name == store_id} for store_id, _ in due}
        summarise_days(self.fleet, self.warehouse, days, now, "a-run", due_only=True, since=self.begin)

    def derive(self, collected: Collected, now: dt.datetime) -> None:
        written = {(one.store_id, one.hour) for one in collected.delivered}
        written |= {(store_id, hour) for hour, store_id in collected.healed}
        hours = {store_id: [hour for name, hour in written if name == store_id] for store_id, _ in written}
        derived = derive_hours(self.fleet, self.warehouse, hours, now, "a-run")
        assert derived.failed == {}

    def counts(self, now: dt.datetime) -> pl.DataFrame:
        """Raw rows of lines since the beginning."""
        return reads.raw_counts(self.warehouse, self.fleet.store_ids, self.begin, now)

    def truth(self, now: dt.datetime) -> pl.DataFrame:
        """What the lines of every device would have counted since the beginning, rows that are over."""
        rows = [
            {"sensor_id": device.id, "store_id": store.id, **row}
            for store in self.fleet.stores
            for device in store.sensors
            for row in self.simulator.truth(device.id, self.begin.isoformat(), now.isoformat())
        ]
        stamps = pl.col("interval_start", "interval_end").str.to_datetime(time_unit="us", time_zone="UTC")
        columns = ["sensor_id", "store_id", "interval_start", "interval_end", *LINE_COUNTS]
        return pl.DataFrame(rows).select(columns).with_columns(stamps, pl.col(LINE_COUNTS).cast(pl.Int32))

    def missing(self, now: dt.datetime, report: Report = Report.LINES) -> pl.DataFrame:
        """Device hours that are not there in full although they ended more than five minutes ago."""
        hours = store_hours(self.fleet.stores, self.begin, now)
        read = reads.raw_counts if report is Report.LINES else reads.regional_counts
        present = present_hours(read(self.warehouse, self.fleet.store_ids, self.begin, now), hours, report)
        expected = expected_hours(self.fleet.stores, hours, now - dt.timedelta(minutes=5))
        return missing_hours(expected.filter(pl.col("report") == report.value), present)

    def ledger(self) -> pl.DataFrame:
        """What is missing and may still come."""
        return gaps.open_gaps(self.warehouse).filter(pl.col("hour_start") >= self.begin)

    def by_hour(self, rows: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
        """Figures per device and local hour, of hours that the rows fill: devices may report in other lengths."""
        placed = with_hours(rows, store_hours(self.fleet.stores, self.begin, now))
        filled = (pl.col("interval_end") - pl.col("interval_start")).sum() == (
            pl.col("hour_end") - pl.col("hour_start")
        ).first()
        hours = placed.group_by("sensor_id", "hour_start").agg(pl.col(LINE_COUNTS).sum(), filled.alias("is_filled"))
        return hours.filter("is_filled").drop("is_filled")


class UnderivedDays(FleetDays):
    """Only collects and recovers on the way."""

    def derive(self, collected: Collected, now: dt.datetime) -> None:
        pass

    def summarise(self, now: dt.datetime) -> None:
        pass
