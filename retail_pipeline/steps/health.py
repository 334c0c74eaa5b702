"""How the pipeline is: every check over the last hours of all stores, and the verdict on each stage and store."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames import quality
from retail_pipeline.steps.evidence import Evidence
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse

COLLECTION, PROCESSING, ANALYTICS, DEVICES = "collection", "processing", "analytics", "devices"
STAGES = (COLLECTION, PROCESSING, ANALYTICS, DEVICES)


@dataclass(frozen=True)
class Check:
    """A truth about a table: what it asserts, in words, and how findings to the contrary are found."""

    name: str
    table: str
    stage: str
    asserts: str
    find: Callable[[Evidence], pl.DataFrame]

    @property
    def key(self) -> str:
        """Tells it from a check of that name of another table."""
        return f"{self.table}/{self.name}"


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
        """The worst finding in a sentence: store, hour, what to do, figure and threshold."""
        if self.findings.is_empty():
            return "All stores are as they should be."
        first = self.findings.sort("severity", "hour_start", maintain_order=True).select("store_id", words()).row(0)
        more = f" ({self.findings.height - 1} more)" if self.findings.height > 1 else ""
        return f"{first[0]}, {first[1]}{more}"


def evaluate(fleet: Fleet, warehouse: Warehouse, keys: Collection[str] | None, now: dt.datetime) -> dict[str, Outcome]:
    """Outcomes of the checks with these keys (`table/name`), of all when None: a handful of queries for any fleet."""
    found = Evidence(fleet, warehouse, now)
    return {
        key: Outcome(check.find(found), found.since) for key, check in CHECKS.items() if keys is None or key in keys
    }


def record_health(
    fleet: Fleet, warehouse: Warehouse, outcomes: Mapping[str, Outcome], now: dt.datetime, run_id: str
) -> int:
    """One row per store and stage in `pipeline_health`: the worst finding, in words. Returns the number of rows."""
    found = pl.concat(
        [outcome.findings.with_columns(pl.lit(CHECKS[key].stage).alias("stage")) for key, outcome in outcomes.items()]
    )
    worst = (
        found.sort("severity", "hour_start", maintain_order=True)
        .group_by("store_id", "stage", maintain_order=True)
        .agg(pl.col("severity").first().alias("status"), pl.len().alias("findings"), words().first().alias("advice"))
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


def words() -> pl.Expr:
    """A finding as `2026-11-18 12:00 UTC: what to do (121, limit 120)`; a figure or limit that it lacks is left out."""
    hour = pl.col("hour_start").dt.strftime("%Y-%m-%d %H:%M UTC: ").fill_null("")
    limit = pl.format(", limit {}", _short("threshold")).fill_null("")
    return pl.format("{}{}{}", hour, "advice", pl.format(" ({}{})", _short("figure"), limit).fill_null(""))


def _short(figure: str) -> pl.Expr:
    return pl.col(figure).round(2).cast(pl.String).str.strip_suffix(".0")


def _arrival(report: Report, table: str) -> tuple[Check, ...]:
    """The checks of what devices deliver, the same for both reports."""
    return (
        Check(
            "all_sensors_reported",
            table,
            COLLECTION,
            "Every active sensor has its rows for every hour.",
            lambda found: _reported(found, partial(quality.all_sensors_reported, report=report), report),
        ),
        Check(
            "no_missing_intervals",
            table,
            COLLECTION,
            "Every hour is filled with complete intervals, on days of 23 and 25 hours too.",
            lambda found: _reported(found, partial(quality.no_missing_intervals, report=report), report),
        ),
        Check(
            "no_future_rows",
            table,
            COLLECTION,
            "No stored interval starts after the device's own clock when it was collected.",
            lambda found: quality.no_future_rows(found.counts(report), found.devices),
        ),
        Check(
            "quarantined_rows",
            table,
            COLLECTION,
            "No device sends rows that can't be true.",
            lambda found: quality.quarantined_rows(found.rejected(report), found.stores),
        ),
    )


def _reported(found: Evidence, check: Callable[..., pl.DataFrame], report: Report) -> pl.DataFrame:
    """What is missing of a report, which is nothing where no device is asked for it."""
    if not found.is_asked(report):
        return pl.DataFrame(schema=quality.FINDINGS)
    rows, excused = found.counts(report), found.excused(report)
    return check(rows, found.recent_hours, found.stores, found.now, excused=excused)


CHECKS: dict[str, Check] = {
    check.key: check
    for check in (
        *_arrival(Report.LINES, "raw_sensor_counts"),
        *_arrival(Report.REGIONS, "regional_counts"),
        Check(
            "long_stays_reported",
            "regional_counts",
            COLLECTION,
            "Every device that is asked for long stays told those of every hour.",
            lambda found: _reported(found, quality.long_stays_reported, Report.LONG_STAYS),
        ),
        Check(
            "counts_plausible",
            "raw_sensor_counts",
            COLLECTION,
            "No line counts more in an interval than its site can hold, or 8 times its usual top.",
            lambda found: quality.counts_plausible(found.raw, found.usual, found.hours, found.stores),
        ),
        Check(
            "not_stuck",
            "raw_sensor_counts",
            COLLECTION,
            "No device repeats the same figures for hours, is off, or counts nobody all day.",
            lambda found: quality.not_stuck(found.raw, found.hours, found.stores, found.now, found.off),
        ),
        Check(
            "overdue",
            "raw_sensor_counts",
            COLLECTION,
            "No store waits for an interval for more than 45 minutes of business hours.",
            lambda found: quality.overdue(found.raw, found.stores, found.now, found.excused(Report.LINES)),
        ),
        Check(
            "live_counters_agree",
            "live_counters",
            DEVICES,
            "The counters that a device shows and the rows of its day tell of the same people.",
            lambda found: quality.live_counters_agree(found.live_counters, found.raw, found.stores),
        ),
        Check(
            "device_clock_skew",
            "raw_sensor_counts",
            DEVICES,
            "Every device's clock is within two minutes of UTC.",
            lambda found: quality.device_clock_skew(found.devices, found.stores),
        ),
        Check(
            "counts_in_their_hours",
            "raw_sensor_counts",
            DEVICES,
            "What was counted in the last 48 hours stands in the hours in which it was counted.",
            lambda found: quality.counts_in_their_hours(found.devices, found.stores),
        ),
        Check(
            "zone_mass_balance",
            "virtual_region_occupancy",
            PROCESSING,
            "What leaves one zone enters another: zones gain only what comes through the outer doors.",
            lambda found: quality.zone_mass_balance(found.zones, found.raw, found.stores, found.hours, found.now),
        ),
        Check(
            "zone_hours_conserve_intervals",
            "zone_hours",
            PROCESSING,
            "A zone's hour holds the crossings of its intervals, no more and no fewer.",
            lambda found: quality.zone_hours_conserve_intervals(found.zone_hours, found.zones, found.hours, found.now),
        ),
        Check(
            "flows_make_zone_figures",
            "zone_flows",
            PROCESSING,
            "Who came into a zone by its ways are the zone's entries, who left by them its exits.",
            lambda found: quality.flows_make_zone_figures(found.zone_flows, found.zone_hours, found.now),
        ),
        Check(
            "queues_within_limits",
            "queue_alerts",
            ANALYTICS,
            "No queue was longer, and nobody waited longer, than the store allows.",
            lambda found: quality.queues_within_limits(found.queue_alerts, found.since),
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
        Check(
            "day_starts_when_empty",
            "daily_summaries",
            ANALYTICS,
            "No other day_starts_at would keep occupancy from falling below zero in many more hours.",
            lambda found: quality.day_starts_when_empty(pl.concat([found.past_hours, found.hourly]), found.stores),
        ),
    )
}
