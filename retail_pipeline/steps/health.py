"""How the pipeline is: every check over the last hours of all stores, from one reading of the warehouse."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.calendar import trading_day_of
from retail_pipeline.fleet.models import Fleet, Report, Store
from retail_pipeline.frames import quality
from retail_pipeline.frames.local_time import trading_day_hours
from retail_pipeline.steps.spans import bounds
from retail_pipeline.warehouse import attempts, evidence, reads, tables
from retail_pipeline.warehouse.connection import Warehouse

LOOK_BACK = dt.timedelta(hours=48)
COLLECTION, PROCESSING, ANALYTICS, DEVICES = "collection", "processing", "analytics", "devices"
STAGES = (COLLECTION, PROCESSING, ANALYTICS, DEVICES)
HISTORY = dt.timedelta(weeks=4)


@dataclass(frozen=True)
class Evidence:
    """What the checks look at: whole trading days of every store that cover the last 48 hours, and devices' health.

    `history` and `past_hours` are the raw and hourly rows of the four weeks before; `excused` (`sensor_id`,
    `hour_start`) are hours that can never be had, such as the one that a clock change repeats.
    """

    stores: Sequence[Store]
    now: dt.datetime
    since: dt.datetime
    hours: pl.DataFrame
    raw: pl.DataFrame
    history: pl.DataFrame
    regional: pl.DataFrame
    zones: pl.DataFrame
    hourly: pl.DataFrame
    past_hours: pl.DataFrame
    daily: pl.DataFrame
    devices: pl.DataFrame
    rejected: pl.DataFrame
    excused: pl.DataFrame
    given_up: pl.DataFrame


@dataclass(frozen=True)
class Check:
    """A truth about a table: what it asserts, in words, and how findings to the contrary are found."""

    name: str
    table: str
    stage: str
    asserts: str
    find: Callable[[Evidence], pl.DataFrame]


@dataclass(frozen=True)
class Outcome:
    """Findings of one check; none means that it passed."""

    findings: pl.DataFrame
    since: dt.datetime

    @property
    def has_errors(self) -> bool:
        """Whether any finding is of severity error."""
        return not self.findings.filter(pl.col("severity") == "error").is_empty()

    def in_words(self) -> str:
        """The worst findings in a sentence."""
        if self.findings.is_empty():
            return "All stores are as they should be."
        first = self.findings.sort("severity").row(0, named=True)
        more = f" ({self.findings.height - 1} more)" if self.findings.height > 1 else ""
        return f"{first['store_id']}: {first['advice']}{more}"


def evaluate(fleet: Fleet, warehouse: Warehouse, names: Collection[str] | None, now: dt.datetime) -> dict[str, Outcome]:
    """Outcomes of the named checks, of all when `names` is None: a handful of queries whatever the number of stores."""
    found = gather(fleet, warehouse, now)
    return {
        check.name: Outcome(check.find(found), found.since)
        for check in CHECKS.values()
        if names is None or check.name in names
    }


def gather(fleet: Fleet, warehouse: Warehouse, now: dt.datetime) -> Evidence:
    """Read what the checks look at."""
    since = now.replace(minute=0, second=0, microsecond=0) - LOOK_BACK
    first_day = min((trading_day_of(store, since) for store in fleet.stores), default=since.date())
    last_day = max((trading_day_of(store, now) for store in fleet.stores), default=now.date())
    hours = trading_day_hours(fleet.stores, first_day, last_day)
    start, end = (since, now) if hours.is_empty() else bounds(hours)
    ids = fleet.store_ids
    return Evidence(
        stores=fleet.stores,
        now=now,
        since=since,
        hours=hours,
        raw=reads.raw_counts(warehouse, ids, start, end),
        history=reads.raw_counts(warehouse, ids, start - HISTORY, start),
        regional=reads.regional_counts(warehouse, ids, start, end),
        zones=reads.zones(warehouse, ids, start, end),
        # Stores begin their days at different instants: of what was read, only whole days are judged.
        hourly=reads.hourly(warehouse, ids, start, end).join(hours, on=["store_id", "hour_start"], how="semi"),
        past_hours=reads.hourly(warehouse, ids, start - HISTORY, start),
        daily=reads.daily(warehouse, ids, first_day, last_day),
        devices=reads.device_health(warehouse).rename({"clock_skew_seconds": "skew_seconds"}),
        rejected=evidence.rejected(warehouse, ids, since, now),
        excused=evidence.lost_device_hours(warehouse, ids, start, end),
        given_up=attempts.given_up(warehouse, now),
    )


def record_health(
    fleet: Fleet, warehouse: Warehouse, outcomes: Mapping[str, Outcome], now: dt.datetime, run_id: str
) -> int:
    """One row per store and stage in `pipeline_health`: the worst finding, in words. Returns the number of rows."""
    found = pl.concat(
        [outcome.findings.with_columns(pl.lit(CHECKS[name].stage).alias("stage")) for name, outcome in outcomes.items()]
    )
    worst = (
        found.sort("severity", "hour_start")
        .group_by("store_id", "stage", maintain_order=True)
        .agg(pl.col("severity").first().alias("status"), pl.len().alias("findings"), pl.col("advice").first())
    )
    places = [(store.id, store.organization, stage) for store in fleet.stores for stage in STAGES]
    schema = {"store_id": pl.String(), "organization_id": pl.String(), "stage": pl.String()}
    rows = (
        pl.DataFrame(places, schema=schema, orient="row")
        .join(worst, on=["store_id", "stage"], how="left")
        .with_columns(pl.col("status").fill_null("ok"), pl.col("findings").fill_null(0).cast(pl.Int32))
        .with_columns(pl.lit(now).alias("checked_at"), pl.lit(run_id).alias("run_id"))
        .rename({"advice": "detail"})
    )
    with warehouse.transaction() as connection:
        tables.write_pipeline_health(connection, rows)
    return rows.height


def _reported(found: Evidence, check: Callable[..., pl.DataFrame]) -> pl.DataFrame:
    recent = found.hours.filter(pl.col("hour_start") >= found.since)
    return pl.concat(
        check(rows, recent, found.stores, found.now, excused=found.excused, report=report)
        for report, rows in ((Report.LINES, found.raw), (Report.REGIONS, found.regional))
    )


CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check(
            "all_sensors_reported",
            "raw_sensor_counts",
            COLLECTION,
            "Every active sensor has its rows for every hour.",
            lambda found: _reported(found, quality.all_sensors_reported),
        ),
        Check(
            "no_missing_intervals",
            "raw_sensor_counts",
            COLLECTION,
            "Every hour is filled with complete intervals, on days of 23 and 25 hours too.",
            lambda found: _reported(found, quality.no_missing_intervals),
        ),
        Check(
            "no_future_rows",
            "raw_sensor_counts",
            COLLECTION,
            "No stored interval starts after the device's own clock when it was collected.",
            lambda found: quality.no_future_rows(found.raw, found.devices),
        ),
        Check(
            "counts_plausible",
            "raw_sensor_counts",
            COLLECTION,
            "No line counts more in an interval than its site can hold, or 8 times its usual top.",
            lambda found: quality.counts_plausible(found.raw, found.history, found.hours, found.stores),
        ),
        Check(
            "not_stuck",
            "raw_sensor_counts",
            COLLECTION,
            "No device repeats the same figures for hours.",
            lambda found: quality.not_stuck(found.raw, found.hours, found.stores, found.now),
        ),
        Check(
            "overdue",
            "raw_sensor_counts",
            COLLECTION,
            "No store waits for an interval for more than 45 minutes of business hours.",
            lambda found: quality.overdue(found.raw, found.stores, found.now, found.excused),
        ),
        Check(
            "quarantined_rows",
            "raw_sensor_counts",
            COLLECTION,
            "No device sends rows that can't be true.",
            lambda found: quality.quarantined_rows(found.rejected, found.stores),
        ),
        Check(
            "device_clock_skew",
            "raw_sensor_counts",
            DEVICES,
            "Every device's clock is within two minutes of UTC.",
            lambda found: quality.device_clock_skew(found.devices, found.stores),
        ),
        Check(
            "zone_mass_balance",
            "virtual_region_occupancy",
            PROCESSING,
            "What leaves one zone enters another: zones gain only what comes through the outer doors.",
            lambda found: quality.zone_mass_balance(found.zones, found.raw, found.stores, found.hours, found.now),
        ),
        Check(
            "hourly_conserves_raw",
            "hourly_analytics",
            ANALYTICS,
            "Entrance crossings in the counts are the hour's, and the hours' sum is the day's.",
            lambda found: quality.hourly_conserves_raw(
                found.raw, found.hourly, found.daily, found.stores, found.hours, as_of=found.now
            ),
        ),
        Check(
            "entries_as_usual",
            "hourly_analytics",
            ANALYTICS,
            "No hour is far from the same weekday and hour of the four weeks before.",
            lambda found: quality.entries_as_usual(found.hourly, found.past_hours, found.stores),
        ),
        Check(
            "derivations_succeed",
            "hourly_analytics",
            ANALYTICS,
            "No trading day has failed to be derived or summed up three times in a row.",
            lambda found: quality.derivations_succeed(found.given_up, found.stores),
        ),
        Check(
            "no_ghost_traffic",
            "daily_summaries",
            ANALYTICS,
            "Less than 5 % of a day's entries fall outside business hours.",
            lambda found: quality.no_ghost_traffic(found.daily, found.stores, found.now),
        ),
        Check(
            "enters_balance_exits",
            "daily_summaries",
            ANALYTICS,
            "A day's entries and exits differ by at most 5 %.",
            lambda found: quality.enters_balance_exits(found.daily, found.stores, found.now),
        ),
    )
}
