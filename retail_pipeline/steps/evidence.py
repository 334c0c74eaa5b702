"""What the checks look at: each table is read when the first of them asks for it, once for all stores."""

import datetime as dt
from functools import cached_property

import polars as pl

from retail_pipeline.fleet.calendar import trading_day_of
from retail_pipeline.fleet.models import Fleet, Report, Store
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.spans import bounds
from retail_pipeline.warehouse import attempts, evidence, reads
from retail_pipeline.warehouse.connection import Warehouse

LOOK_BACK = dt.timedelta(hours=48)
HISTORY = dt.timedelta(weeks=4)


class Evidence:
    """Whole trading days of every store that cover the last 48 hours, and what tells good from bad in them.

    A query a table, whatever the number of stores; what no check of a run looks at is not read.
    """

    def __init__(self, fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> None:
        self.stores: tuple[Store, ...] = fleet.stores
        self.now, self.since = now, now.replace(minute=0, second=0, microsecond=0) - LOOK_BACK
        self._warehouse, self._ids = warehouse, fleet.store_ids
        self._first_day = min((trading_day_of(store, self.since) for store in fleet.stores), default=self.since.date())
        self._last_day = max((trading_day_of(store, now) for store in fleet.stores), default=now.date())

    @cached_property
    def hours(self) -> pl.DataFrame:
        """The local hours of those days."""
        return trading_day_hours(self.stores, self._first_day, self._last_day)

    @cached_property
    def recent_hours(self) -> pl.DataFrame:
        """Those of the last 48 hours."""
        return self.hours.filter(pl.col("hour_start") >= self.since)

    @cached_property
    def _span(self) -> tuple[dt.datetime, dt.datetime]:
        return (self.since, self.now) if self.hours.is_empty() else bounds(self.hours)

    @cached_property
    def _weeks_before(self) -> tuple[dt.datetime, dt.datetime]:
        return self._span[0] - HISTORY, self._span[0]

    @cached_property
    def raw(self) -> pl.DataFrame:
        """Line crossings as reported."""
        return reads.raw_counts(self._warehouse, self._ids, *self._span)

    @cached_property
    def regional(self) -> pl.DataFrame:
        """Stays as reported."""
        return reads.regional_counts(self._warehouse, self._ids, *self._span)

    @cached_property
    def long_stays(self) -> pl.DataFrame:
        """Long stays as reported."""
        return reads.long_stay_counts(self._warehouse, self._ids, *self._span)

    def counts(self, report: Report) -> pl.DataFrame:
        """The rows of a report."""
        if report is Report.LINES:
            return self.raw
        return self.regional if report is Report.REGIONS else self.long_stays

    def is_asked(self, report: Report) -> bool:
        """Whether any device is asked for it."""
        return any(store.devices_for(report) for store in self.stores)

    @cached_property
    def usual(self) -> pl.DataFrame:
        """The p99 of each device's figures in the four weeks before."""
        return evidence.usual_counts(self._warehouse, self._ids, *self._weeks_before)

    @cached_property
    def live_counters(self) -> pl.DataFrame:
        """Counters that devices showed since the first of those days began everywhere."""
        return reads.live_counters(self._warehouse, self._ids, self.since, self.now)

    @cached_property
    def zones(self) -> pl.DataFrame:
        """Zone occupancy."""
        return reads.zones(self._warehouse, self._ids, *self._span)

    @cached_property
    def zone_hours(self) -> pl.DataFrame:
        """Figures of zones by the hour."""
        return self._whole_days(reads.zone_hours(self._warehouse, self._ids, *self._span))

    @cached_property
    def zone_flows(self) -> pl.DataFrame:
        """People between areas by the hour."""
        return self._whole_days(reads.zone_flows(self._warehouse, self._ids, *self._span))

    @cached_property
    def queue_alerts(self) -> pl.DataFrame:
        """Hours in which a queue passed the store's limits."""
        return reads.queue_alerts(self._warehouse, self._ids, *self._span)

    def _whole_days(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Stores begin their days at different instants, and only whole days are judged."""
        return rows.join(self.hours, on=["store_id", "hour_start"], how="semi")

    @cached_property
    def hourly(self) -> pl.DataFrame:
        """Hourly figures."""
        return self._whole_days(self._hours_of_weeks)

    @cached_property
    def past_hours(self) -> pl.DataFrame:
        """Hourly figures of the four weeks before."""
        return self._hours_of_weeks.filter(pl.col("hour_start") < self._span[0])

    @cached_property
    def _hours_of_weeks(self) -> pl.DataFrame:
        return reads.hourly(self._warehouse, self._ids, self._weeks_before[0], self._span[1])

    @cached_property
    def daily(self) -> pl.DataFrame:
        """Daily figures."""
        return reads.daily(self._warehouse, self._ids, self._first_day, self._last_day)

    @cached_property
    def devices(self) -> pl.DataFrame:
        """Each device's clock, `skew_seconds` ahead of UTC, and what it and its rows did in the last 48 hours."""
        return evidence.device_clocks(self._warehouse, self.since)

    @cached_property
    def given_up(self) -> pl.DataFrame:
        """Days whose derivation or summary waits because it failed three times in a row."""
        return attempts.given_up(self._warehouse, self.now)

    @cached_property
    def _rejected(self) -> pl.DataFrame:
        return evidence.rejected(self._warehouse, self._ids, self.since, self.now)

    def rejected(self, report: Report) -> pl.DataFrame:
        """Rows in quarantine that came within the last 48 hours."""
        return self._rejected.filter(report=str(report))

    @cached_property
    def _lost(self) -> pl.DataFrame:
        return evidence.lost_device_hours(self._warehouse, self._ids, *self._span)

    def excused(self, report: Report) -> pl.DataFrame:
        """`sensor_id`, `hour_start` of hours that nobody owes, such as one that a clock change repeats."""
        return self._lost.filter(report=str(report)).select("sensor_id", "hour_start")

    @property
    def off(self) -> pl.DataFrame:
        """`sensor_id`, `hour_start` of hours in which the derivation found a device switched off."""
        return self._lost.filter(report=str(Report.LINES), cause="device_off").select("sensor_id", "hour_start")
