"""What is derived of zones must agree with itself; and a queue that passed its limit is worth a word."""

import datetime as dt

import polars as pl

from retail_pipeline.frames.coverage import SETTLED_AFTER
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.quality.findings import Severity, findings

_ZONE_HOUR = ("store_id", "zone", "hour_start")
_ADVICE = "derive the store's day again; if the difference stays, the derivation itself is wrong"


def zone_hours_conserve_intervals(
    zone_hours: pl.DataFrame, zones: pl.DataFrame, hours: pl.DataFrame, as_of: dt.datetime
) -> pl.DataFrame:
    """Findings (error): a zone's hour has other entries or exits than its intervals.

    `zones` are rows of `virtual_region_occupancy` over the same whole trading days as `zone_hours`. Hours collected
    within the last 40 minutes may be derived at this moment and are not judged. `figure` is the number of people by
    which they differ.
    """
    counted = (
        with_hours(zones, hours)
        .group_by(_ZONE_HOUR)
        .agg(pl.col("entries", "exits").cast(pl.Int64).sum(), pl.col("input_version").max())
    )
    return _apart(zone_hours.drop_nulls("entries"), counted, "zone_hours_conserve_intervals", as_of)


def flows_make_zone_figures(zone_flows: pl.DataFrame, zone_hours: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    """Findings (error): people who came into a zone, or left it, by its ways are not the zone's entries and exits.

    Both are of the same hours; those collected within the last 40 minutes are not judged. `figure` as above.
    """
    into = _by_ways(zone_flows, "to_area", "entries")
    out = _by_ways(zone_flows, "from_area", "exits").drop("input_version")
    declared = zone_hours.select("store_id", "zone").unique()
    by_ways = into.join(out, on=_ZONE_HOUR).join(declared, on=["store_id", "zone"], how="semi")
    return _apart(zone_hours.drop_nulls("entries"), by_ways, "flows_make_zone_figures", as_of)


def queues_within_limits(queue_alerts: pl.DataFrame, since: dt.datetime) -> pl.DataFrame:
    """Findings (warn): hours since then in which a queue passed a limit of its store; `figure` is its length."""
    told = queue_alerts.filter(pl.col("hour_start") >= since).with_columns(
        pl.col("queue_length_max").alias("figure"),
        pl.lit(None, pl.Float64).alias("threshold"),
        pl.format(
            "the queue {} passed {}: open a till; queue_alert in the fleet file sets the limit", "zone", "threshold"
        ).alias("advice"),
    )
    return findings(told, "queues_within_limits", Severity.WARN)


def _by_ways(zone_flows: pl.DataFrame, end: str, people: str) -> pl.DataFrame:
    by_zone = zone_flows.group_by("store_id", pl.col(end).alias("zone"), "hour_start")
    return by_zone.agg(pl.col("people").sum().alias(people), pl.col("input_version").max())


def _apart(told: pl.DataFrame, counted: pl.DataFrame, check: str, as_of: dt.datetime) -> pl.DataFrame:
    both = told.select(*_ZONE_HOUR, "entries", "exits", "input_version").join(
        counted, on=_ZONE_HOUR, how="full", coalesce=True, suffix="_counted"
    )
    newest = pl.max_horizontal("input_version", "input_version_counted")
    differences = [
        (pl.col(name).fill_null(0) - pl.col(f"{name}_counted").fill_null(0)).abs() for name in ("entries", "exits")
    ]
    apart = both.with_columns(pl.sum_horizontal(differences).alias("figure")).filter(
        pl.col("figure") > 0, newest <= as_of - SETTLED_AFTER
    )
    advice = pl.format("zone {}: " + _ADVICE, "zone").alias("advice")
    return findings(apart.with_columns(pl.lit(0).alias("threshold"), advice), check, Severity.ERROR)
