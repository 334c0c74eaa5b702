"""Data-quality checks as pure functions, frame in and findings out; asset checks wrap them, none of them lives here."""

from retail_pipeline.frames.quality.arrival import all_sensors_reported, long_stays_reported, no_missing_intervals
from retail_pipeline.frames.quality.clocks import counts_in_their_hours, device_clock_skew, no_future_rows
from retail_pipeline.frames.quality.conservation import hourly_conserves_raw, zone_mass_balance
from retail_pipeline.frames.quality.counters import live_counters_agree
from retail_pipeline.frames.quality.day_start import day_starts_when_empty
from retail_pipeline.frames.quality.derivations import derivations_succeed
from retail_pipeline.frames.quality.findings import FINDINGS, Severity
from retail_pipeline.frames.quality.overdue import overdue, overdue_minutes
from retail_pipeline.frames.quality.plausible import counts_plausible
from retail_pipeline.frames.quality.quarantine import quarantined_rows
from retail_pipeline.frames.quality.stuck import not_stuck
from retail_pipeline.frames.quality.traffic import enters_balance_exits, no_ghost_traffic
from retail_pipeline.frames.quality.unusual import entries_as_usual
from retail_pipeline.frames.quality.zones import (
    flows_make_zone_figures,
    queues_within_limits,
    zone_hours_conserve_intervals,
)

__all__ = [
    "FINDINGS",
    "Severity",
    "all_sensors_reported",
    "counts_in_their_hours",
    "counts_plausible",
    "day_starts_when_empty",
    "derivations_succeed",
    "device_clock_skew",
    "enters_balance_exits",
    "entries_as_usual",
    "flows_make_zone_figures",
    "hourly_conserves_raw",
    "live_counters_agree",
    "long_stays_reported",
    "no_future_rows",
    "no_ghost_traffic",
    "no_missing_intervals",
    "not_stuck",
    "overdue",
    "overdue_minutes",
    "quarantined_rows",
    "queues_within_limits",
    "zone_hours_conserve_intervals",
    "zone_mass_balance",
]
