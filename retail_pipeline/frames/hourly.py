"""`hourly_analytics`: a store's local clock hours. Longer periods are daily.py; zones are zones.py."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.counts import crossings, entrance_crossings, lines_frame, passing_crossings
from retail_pipeline.frames.coverage import coverage
from retail_pipeline.frames.declared import devices, entrance_devices, organizations
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.drift import corrected_mean
from retail_pipeline.frames.imputation import with_imputed
from retail_pipeline.frames.intervals import area_intervals
from retail_pipeline.frames.known_hours import known_hours
from retail_pipeline.frames.letters import hour_letter
from retail_pipeline.frames.littles_law import dwell_is_valid, stay_minutes
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.normal import with_index
from retail_pipeline.frames.ratios import minutes_between, ratio, sum_or_null
from retail_pipeline.frames.schemas import HOURLY_ANALYTICS, UTC_TIME, conform

_KEY = ("store_id", "hour_start")
_DAY = ("store_id", "trading_day")


def hourly_analytics(
    raw: pl.DataFrame,
    stores: Sequence[Store],
    hours: pl.DataFrame,
    as_of: dt.datetime,
    off: pl.DataFrame | None = None,
    *,
    past: pl.DataFrame | None = None,
    recovered: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per store and local clock hour that was reported or imputed: a frame of `HOURLY_ANALYTICS`, by key.

    `raw` and `hours` hold whole trading days, because occupancy runs from the day's first hour. `entries` and `exits`
    are NULL in an hour in which only devices without an entrance line reported. `off` (`sensor_id`, `hour_start`, see
    `device_off`) names hours whose zeros say that a device was switched off; they count as not measured.

    `past` (`HOUR_HISTORY`) are complete hours of the weeks before, for `index_vs_normal` and the imputed figures; what
    these make of a day is told when the day is derived. `recovered` (`sensor_id`, `hour_start`) names hours that came
    late. An hour that nothing reported has a row only where it is imputed: `entries` NULL, `completeness` 0.

    No row: any other hour that nothing reported, an hour before the store's `live_since`, and every hour of a store
    without an active entrance line, since nothing could tell its entries. `input_version` is the greatest
    `collected_at` among the hour's raw rows; the rows of earlier hours, which occupancy also needs, each have a row of
    their own to tell. Of an hour without raw rows it is the hour's start, older than any that may come.
    """
    figures = _measured_hours(raw if off is None else measured(raw, off, hours), stores, hours, as_of)
    known = known_hours(figures, past)
    versions = _reported_hours(raw, stores, hours)
    return conform(
        with_index(with_imputed(figures, known, as_of), known)
        .join(versions, on=_KEY, how="left")
        .filter(pl.col("input_version").is_not_null() | pl.col("entries_imputed").is_not_null())
        .join(_recovered_hours(recovered, stores), on=_KEY, how="left")
        .join(organizations(stores), on="store_id")
        .with_columns(
            pl.col("was_recovered").fill_null(value=False), pl.col("input_version").fill_null(pl.col("hour_start"))
        )
        .with_columns(hour_letter(as_of))
        .sort(_KEY),
        HOURLY_ANALYTICS,
    )


def _measured_hours(
    counted: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame, as_of: dt.datetime
) -> pl.DataFrame:
    """Every expected hour with what was measured of it, which may be nothing."""
    crossed = crossings(counted, lines_frame(stores))
    return (
        coverage(counted, hours, stores, as_of)
        .join(hours, on=_KEY)
        .join(_entrance_figures(crossed, hours), on=_KEY, how="left")
        .join(_passers_by(crossed, hours), on=_KEY, how="left")
        .with_columns(
            (pl.col("entries") - pl.col("exits")).alias("net_flow"),
            *capture(),
            *_stay(),
            _is_business_hour(),
            ratio(pl.col("entries"), pl.col("entries").sum().over(_DAY)).alias("traffic_share"),
            pl.when(pl.col("is_complete").all().over(_DAY))
            .then("occupancy_mean_corrected")
            .alias("occupancy_mean_corrected"),
        )
    )


def capture() -> list[pl.Expr]:
    """`capture_rate` (capture.v1) and `turn_in_ratio` out of `entries` and `passers_by`."""
    entries, passers_by = pl.col("entries"), pl.col("passers_by")
    return [
        ratio(entries, entries + passers_by).alias("capture_rate"),
        ratio(entries, passers_by).alias("turn_in_ratio"),
    ]


def _reported_hours(raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    known = devices(stores).select("store_id", "sensor_id")
    rows = raw.select("store_id", "sensor_id", "interval_start", "collected_at").join(
        known, on=["store_id", "sensor_id"]
    )
    return with_hours(rows, hours).group_by(_KEY).agg(pl.col("collected_at").max().alias("input_version"))


def entrance_intervals(crossed: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """The store as one area with its entrance lines for doors: see `area_intervals`; needs whole trading days."""
    entrance = entrance_crossings(crossed).with_columns(
        pl.col("store_id").alias("area"),
        pl.col("in_count").alias("entries"),
        pl.col("out_count").alias("exits"),
        pl.lit(1).alias("devices_expected"),
    )
    return area_intervals(with_hours(entrance, hours))


def _entrance_figures(crossed: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    minutes = minutes_between("interval_start", "interval_end")
    balance, smaller_side = corrected_mean(list(_DAY), minutes)
    return (
        entrance_intervals(crossed, hours)
        .with_columns(balance.alias("balance"), smaller_side.alias("smaller_side"))
        .group_by(_KEY, maintain_order=True)
        .agg(
            pl.col("entries", "exits").sum(),
            pl.col("occupancy").last().alias("occupancy_end"),
            pl.col("occupancy").max().alias("occupancy_max"),
            ((pl.col("occupancy") * minutes).sum() / minutes.sum()).alias("occupancy_mean"),
            ratio(pl.col("balance").sum(), pl.col("smaller_side").sum()).alias("occupancy_mean_corrected"),
        )
    )


def _passers_by(crossed: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    passing = with_hours(passing_crossings(crossed), hours)
    return passing.group_by(_KEY).agg(sum_or_null(pl.col("in_count") + pl.col("out_count")).alias("passers_by"))


def _stay() -> list[pl.Expr]:
    """`dwell_valid` and `dwell_minutes`: an hour that is measured in part tells neither a rate nor a mean."""
    entries, exits = pl.col("entries"), pl.col("exits")
    is_valid = pl.col("is_complete") & dwell_is_valid(entries, exits)
    stay = stay_minutes(pl.col("occupancy_mean"), entries, pl.col("minutes"))
    return [is_valid.alias("dwell_valid"), pl.when(is_valid).then(stay).alias("dwell_minutes")]


def _recovered_hours(recovered: pl.DataFrame | None, stores: Sequence[Store]) -> pl.DataFrame:
    """Hours that a device over an entrance delivered late."""
    doors = entrance_devices(stores).select("store_id", "sensor_id")
    late = pl.DataFrame(schema={"sensor_id": pl.String(), "hour_start": UTC_TIME}) if recovered is None else recovered
    return (
        doors.join(late.select("sensor_id", "hour_start"), on="sensor_id")
        .select(*_KEY, pl.lit(value=True).alias("was_recovered"))
        .unique()
    )


def _is_business_hour() -> pl.Expr:
    return (pl.col("business_share") > 0).alias("is_business_hour")
