"""Sums that must agree whatever the traffic; a difference is a fault of this pipeline, not of a device."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Role, Store
from retail_pipeline.frames.counts import doors_of_role, through_doors
from retail_pipeline.frames.coverage import SETTLED_AFTER
from retail_pipeline.frames.declared import entrance_devices, is_live
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.quality.findings import Severity, findings
from retail_pipeline.frames.zones import zone_doors

_HOUR = ("store_id", "hour_start")
_DAY = ("store_id", "trading_day")
_ADVICE = "derive the store's day again; if the difference stays, the derivation itself is wrong"


def hourly_conserves_raw(
    raw: pl.DataFrame,
    hourly: pl.DataFrame,
    daily: pl.DataFrame,
    stores: Sequence[Store],
    hours: pl.DataFrame,
    *,
    as_of: dt.datetime,
) -> pl.DataFrame:
    """Findings (error): entrance crossings in raw are not the hour's, or the hours' sum is not the day's.

    All four cover the same whole trading days. What was collected within the last 40 minutes and is not derived yet is
    pending, not wrong. `figure` is the number of people by which entries and exits differ; `hour_start` the hour, or
    the start of the day.
    """
    by_hour = _differences(_entrance_sums(raw, stores, hours), hourly, _HOUR, as_of)
    by_day = _differences(_hourly_sums(hourly), daily, _DAY, as_of)
    begins = hours.group_by(_DAY).agg(pl.col("hour_start").min())
    both = [by_hour, by_day.join(begins, on=_DAY).select(by_hour.columns)]
    return _as_findings(pl.concat(both), "hourly_conserves_raw")


def zone_mass_balance(
    zones: pl.DataFrame, raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame, as_of: dt.datetime
) -> pl.DataFrame:
    """Findings (error): the zones of a store gained other people in an hour than came through their outer doors.

    A door between two zones takes from one what it gives the other, so only outer doors may remain in the sum. `zones`
    are rows of `virtual_region_occupancy` over the same whole trading days as `raw`. Not derived yet is pending.
    """
    net = pl.col("entries") - pl.col("exits")
    counted = _hourly_net(_outer_crossings(raw, stores), hours, pl.col("collected_at"))
    in_zones = _hourly_net(zones.with_columns(net.alias("net")), hours, pl.col("input_version"))
    none = pl.lit(0).alias("exits")
    judged = _differences(
        counted.rename({"net": "entries"}).with_columns(none),
        in_zones.rename({"net": "entries", "newest": "input_version"}).with_columns(none),
        _HOUR,
        as_of,
    )
    return _as_findings(judged, "zone_mass_balance")


def _entrance_sums(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    live = entrance_devices(stores).select("store_id", "live_since").unique()
    crossed = through_doors(raw.lazy(), doors_of_role(stores, Role.ENTRANCE))
    people = crossed.select("store_id", "interval_start", "collected_at", "entries", "exits").collect()
    return (
        with_hours(people, hours)
        .join(live, on="store_id")
        .filter(is_live())
        .group_by(_HOUR)
        .agg(
            pl.col("entries", "exits").sum(),
            pl.col("collected_at").max().alias("newest"),
        )
    )


def _hourly_sums(hourly: pl.DataFrame) -> pl.DataFrame:
    return hourly.group_by(_DAY).agg(
        pl.col("entries", "exits").cast(pl.Int64).sum(), pl.col("input_version").max().alias("newest")
    )


def _outer_crossings(raw: pl.DataFrame, stores: Sequence[Store]) -> pl.DataFrame:
    doors = zone_doors(stores)
    door = ["store_id", "sensor_id", "line"]
    outer = doors.filter(pl.len().over(door) == 1)
    net = (pl.col("entries") - pl.col("exits")).alias("net")
    return through_doors(raw.lazy(), outer).select("store_id", "interval_start", "collected_at", net).collect()


def _hourly_net(rows: pl.DataFrame, hours: pl.DataFrame, version: pl.Expr) -> pl.DataFrame:
    return (
        with_hours(rows, hours).group_by(_HOUR).agg(pl.col("net").cast(pl.Int64).sum(), version.max().alias("newest"))
    )


def _differences(source: pl.DataFrame, derived: pl.DataFrame, key: tuple[str, str], as_of: dt.datetime) -> pl.DataFrame:
    made = derived.select(*key, "entries", "exits", "input_version")
    both = source.join(made, on=key, how="full", coalesce=True, suffix="_derived")
    apart = [
        (pl.col(name).fill_null(0) - pl.col(f"{name}_derived").fill_null(0)).abs() for name in ("entries", "exits")
    ]
    is_behind = pl.col("input_version").is_null() | (pl.col("input_version") < pl.col("newest"))
    is_pending = (is_behind & (pl.col("newest") > as_of - SETTLED_AFTER)).fill_null(value=False)
    return (
        both.with_columns(pl.sum_horizontal(apart).alias("figure"))
        .filter((pl.col("figure") > 0) & ~is_pending)
        .select(*key, "figure")
    )


def _as_findings(differences: pl.DataFrame, check: str) -> pl.DataFrame:
    told = differences.with_columns(pl.lit(0).alias("threshold"), pl.lit(_ADVICE).alias("advice"))
    return findings(told, check, Severity.ERROR)
