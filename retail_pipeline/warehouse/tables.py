"""The tables that collecting and deriving fill: their keys, and which change makes a row worth writing.

How a merge works is in write.py; who fills a row is no business of this module.
"""

from collections.abc import Sequence

import polars as pl
import psycopg

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames import schemas
from retail_pipeline.frames.spans import SPAN_END, SPAN_START, is_within
from retail_pipeline.warehouse.queries import columns_of, query
from retail_pipeline.warehouse.statements import Target
from retail_pipeline.warehouse.write import merge, one_row_per_key, prune

_ORIGIN = ("store_id", "organization_id", "reply_id", "collected_at", "run_id")
_NO_FIGURES = (
    *("hour_end", "local_date", "local_hour", "trading_day", "day_start", "day_end", "interval_end", "zone_kind"),
    *("is_business_hour", "business_share", "open_hours", "hours_expected", "hours_lost"),
    *("is_complete", "input_version"),
)
# What people were told of hours and days that need not be complete, or that others have a say in: estimates,
# comparisons, letters. It begins as NULL, which is no news, and what it was is kept once it was told.
_TOLD = (
    *("entries_imputed", "exits_imputed", "imputation_method", "imputation_wape", "index_vs_normal", "quality"),
    *("occupancy_mean_corrected", "entries_last_week", "change_last_week", "entries_52_weeks_ago", "change_52_weeks"),
)
# A share of the day so far changes with every hour of it; theirs is kept.
_RELATIVE = ("traffic_share",)


def _counts(table: str, schema: pl.Schema) -> Target:
    """A device that is asked again says the same: only figures, bounds and completeness make a row worth writing."""
    key = ("sensor_id", "interval_start")
    return _target(table, schema, key, newer_than="collected_at")


def _target(table: str, schema: pl.Schema, key: tuple[str, ...], newer_than: str | None = None) -> Target:
    compare = tuple(name for name in schema if name not in key + _ORIGIN)
    told = tuple(name for name in compare if name in _TOLD)
    revise = tuple(name for name in compare if name not in _NO_FIGURES + _RELATIVE + _TOLD)
    return Target(table, key, compare, newer_than, revise, told)


COUNTS = {
    Report.LINES: (_counts("raw_sensor_counts", schemas.RAW_SENSOR_COUNTS), schemas.RAW_SENSOR_COUNTS),
    Report.REGIONS: (_counts("regional_counts", schemas.REGIONAL_COUNTS), schemas.REGIONAL_COUNTS),
    Report.LONG_STAYS: (_counts("long_stay_counts", schemas.REGIONAL_COUNTS), schemas.REGIONAL_COUNTS),
    Report.HEAT: (_counts("device_heat", schemas.DEVICE_HEAT), schemas.DEVICE_HEAT),
}
ZONES = _target("virtual_region_occupancy", schemas.VIRTUAL_REGION_OCCUPANCY, ("store_id", "zone", "interval_start"))
HOURS = _target("hourly_analytics", schemas.HOURLY_ANALYTICS, ("store_id", "hour_start"))
_BY_ZONE_KEYS = {
    "zone_hours": ("store_id", "zone", "hour_start"),
    "zone_flows": ("store_id", "hour_start", "from_area", "to_area"),
    "queue_alerts": ("store_id", "zone", "hour_start"),
}
BY_ZONE = {table: _target(table, schemas.BY_ZONE[table], key) for table, key in _BY_ZONE_KEYS.items()}
DAYS = _target("daily_summaries", schemas.DAILY_SUMMARIES, ("store_id", "trading_day"))

LIVE_COUNTERS = _target("live_counters", schemas.LIVE_COUNTERS, ("sensor_id", "observed_at"))._replace(revise=())
STAFFING = _target("staffing_hours", schemas.STAFFING_HOURS, ("store_id", "local_date", "local_hour"))._replace(
    revise=()
)
HEAT_MAPS = _target("heat_maps", schemas.HEAT_MAPS, ("store_id", "zone", "weekday", "local_hour"))._replace(revise=())


def write_counts(connection: psycopg.Connection, report: Report, rows: pl.DataFrame) -> pl.DataFrame:
    """Write rows of device reports; keys (sensor_id, interval_start) of those that were new or changed.

    Needs the columns of the report's schema (`COUNTS`); others are ignored. An older reply never replaces a
    newer one. Rows of the same device that overlap a newer one with other bounds are removed.
    """
    target, schema = COUNTS[report]
    return merge(connection, target, schemas.conform(rows, schema), replaces_overlaps=True)


def write_zones(
    connection: psycopg.Connection, rows: pl.DataFrame, slices: pl.DataFrame, standing: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Write zone occupancy with `run_id`; keys (store_id, zone, interval_start) of rows new, changed or removed.

    `slices` (store_id, start, end) is what was derived whole: rows there that are not in `rows` are removed.
    `standing`: see `_write_slices`.
    """
    return _write_slices(connection, ZONES, rows, slices, "interval_start", standing)


def write_hourly(
    connection: psycopg.Connection, rows: pl.DataFrame, slices: pl.DataFrame, standing: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Write hourly figures with `run_id`; keys (store_id, hour_start) of rows new, changed or removed.

    `slices` (store_id, start, end) is what was derived whole: rows there that are not in `rows` are removed.
    `standing`: see `_write_slices`.
    """
    return _write_slices(connection, HOURS, rows, slices, "hour_start", standing)


def write_by_zone(
    connection: psycopg.Connection,
    table: str,
    rows: pl.DataFrame,
    slices: pl.DataFrame,
    standing: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Write a table of `BY_ZONE` with `run_id`; keys of rows new, changed or removed.

    `slices` (store_id, start, end) is what was derived whole: rows there that are not in `rows` are removed.
    `standing`: see `_write_slices`.
    """
    return _write_slices(connection, BY_ZONE[table], rows, slices, "hour_start", standing)


def write_snapshots(connection: psycopg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Write a frame of `SNAPSHOTS`; keys (store_id, zone, observed_at) of rows new or changed."""
    compare = ("occupancy", "is_provisional", "source")
    return merge(connection, Target("zone_occupancy_snapshots", ("store_id", "zone", "observed_at"), compare), rows)


def write_live_counters(connection: psycopg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Write a frame of `LIVE_COUNTERS`; keys (sensor_id, observed_at) of rows new or changed."""
    return merge(connection, LIVE_COUNTERS, rows)


def write_daily(connection: psycopg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Write daily figures with `run_id`; keys (store_id, trading_day) of rows new or changed."""
    return merge(connection, DAYS, rows)


def write_staffing(connection: psycopg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Write expected hours with `run_id`; keys of rows new or changed. Days that have begun keep what was expected."""
    return merge(connection, STAFFING, rows)


def write_heat_maps(connection: psycopg.Connection, rows: pl.DataFrame, store_ids: Sequence[str]) -> pl.DataFrame:
    """Write the heat maps of these stores with `run_id`, whole; keys of rows new or changed."""
    cells = {**columns_of(rows, HEAT_MAPS.key), "store_ids": list(store_ids)}
    connection.execute(query("delete_heat_map_cells"), cells)
    return merge(connection, HEAT_MAPS, rows)


def write_pipeline_health(connection: psycopg.Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Write an inspection: checked_at, stage, store_id, organization_id, status, findings, detail, run_id."""
    target = Target("pipeline_health", ("store_id", "stage", "checked_at"), ("status", "findings", "detail", "run_id"))
    return merge(connection, target, rows)


def _write_slices(
    connection: psycopg.Connection,
    target: Target,
    rows: pl.DataFrame,
    slices: pl.DataFrame,
    start_column: str,
    standing: pl.DataFrame | None,
) -> pl.DataFrame:
    """Make the slices hold the rows.

    `standing` is what the table holds around there, read while nobody but the caller may derive it: what stands as it
    should, most of a day, is not sent once more. Without it all rows are, for the server to compare.
    """
    rows = one_row_per_key(target, rows)
    if standing is None:
        removed = prune(connection, target, rows, slices, start_column=start_column)
        return pl.concat([removed, merge(connection, target, rows)]).sort(target.key)
    spans = slices.rename({"start": SPAN_START, "end": SPAN_END})
    held = standing.filter(is_within(standing, spans, "store_id", start_column))
    removed = held.join(rows, on=target.key, how="anti").select(target.key)
    if not removed.is_empty():
        removed = prune(connection, target, rows, slices, start_column=start_column)
    news = rows.join(held, on=[*target.key, *target.compare], how="anti", nulls_equal=True)
    return pl.concat([removed, merge(connection, target, news)]).sort(target.key)
