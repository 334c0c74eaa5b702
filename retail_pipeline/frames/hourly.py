"""`hourly_analytics`: a store's local clock hours. Longer periods are daily.py; zones are zones.py."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Role, Store
from retail_pipeline.frames.counts import doors_of_role, through_doors
from retail_pipeline.frames.coverage import coverage
from retail_pipeline.frames.declared import devices, entrance_devices
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.drift import corrected_mean
from retail_pipeline.frames.imputation import with_imputed
from retail_pipeline.frames.intervals import area_intervals
from retail_pipeline.frames.known_hours import known_hours
from retail_pipeline.frames.letters import hour_letter
from retail_pipeline.frames.littles_law import dwell_is_valid, stay_minutes
from retail_pipeline.frames.normal import with_index
from retail_pipeline.frames.numbered import beside, in_turn, numbered, placed
from retail_pipeline.frames.ratios import minutes_between, ratio
from retail_pipeline.frames.schemas import HOURLY_ANALYTICS, conform

_KEY = ("store_id", "hour_start")


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
    return compared_hours(measured_hours(raw, stores, hours, as_of, off), stores, as_of, past, recovered)


def measured_hours(
    raw: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame, as_of: dt.datetime, off: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Every expected hour with what was measured of it, which may be nothing: the first half of `hourly_analytics`."""
    numbers = numbered(hours)
    reported = placed(raw, numbers)
    counted = reported if off is None or off.is_empty() else placed(measured(raw, off, hours), numbers)
    return _measured_hours(counted, reported, stores, numbers, as_of).collect(engine="in-memory")


def compared_hours(
    figures: pl.DataFrame,
    stores: Sequence[Store],
    as_of: dt.datetime,
    past: pl.DataFrame | None,
    recovered: pl.DataFrame | None,
) -> pl.DataFrame:
    """Hours of `measured_hours` beside those of the weeks before: the second half of `hourly_analytics`."""
    known = known_hours(figures, past)
    is_known = pl.col("input_version").is_not_null() | pl.col("entries_imputed").is_not_null()
    return conform(
        with_index(with_imputed(figures, known, as_of), known)
        .filter(is_known)
        .pipe(_with_recovered, recovered, stores)
        .with_columns(pl.col("input_version").fill_null(pl.col("hour_start")), hour_letter(as_of)),
        HOURLY_ANALYTICS,
    )


def _measured_hours(
    counted: pl.LazyFrame, reported: pl.LazyFrame, stores: Sequence[Store], hours: pl.DataFrame, as_of: dt.datetime
) -> pl.LazyFrame:
    entries = pl.col("entries")
    all_complete = pl.col("is_complete").all().over("day")
    corrected = pl.when(all_complete).then("occupancy_mean_corrected").alias("occupancy_mean_corrected")
    return (
        coverage(counted, hours, stores, as_of)
        .pipe(beside, _entrance_figures(counted, stores, hours), "hour")
        .pipe(beside, _passers_by(counted, stores), "hour")
        .pipe(beside, _versions(reported, stores), "hour")
        .with_columns(
            (entries - pl.col("exits")).alias("net_flow"),
            *capture(),
            *_stay(),
            _is_business_hour(),
            ratio(entries, entries.sum().over("day")).alias("traffic_share"),
            corrected,
        )
    )


def capture() -> list[pl.Expr]:
    """`capture_rate` (capture.v1) and `turn_in_ratio` out of `entries` and `passers_by`."""
    entries, passers_by = pl.col("entries"), pl.col("passers_by")
    return [
        ratio(entries, entries + passers_by).alias("capture_rate"),
        ratio(entries, passers_by).alias("turn_in_ratio"),
    ]


def entrance_intervals(counted: pl.LazyFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.LazyFrame:
    """Each store as one area with its entrance lines for doors: see `area_intervals`; needs whole trading days."""
    return area_intervals(counted, doors_of_role(stores, Role.ENTRANCE), hours)


def _versions(reported: pl.LazyFrame, stores: Sequence[Store]) -> pl.LazyFrame:
    asked = devices(stores).lazy().select("store_id", "sensor_id")
    rows = reported.join(asked, on=["store_id", "sensor_id"], maintain_order="left")
    return in_turn(rows, "hour").agg(pl.col("collected_at").max().alias("input_version"))


def _entrance_figures(counted: pl.LazyFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.LazyFrame:
    minutes = minutes_between("interval_start", "interval_end")
    balance, smaller_side = corrected_mean("area_day", minutes)
    return (
        entrance_intervals(counted, stores, hours)
        .with_columns(balance.alias("balance"), smaller_side.alias("smaller_side"))
        .pipe(in_turn, "hour")
        .agg(
            pl.col("entries", "exits").sum(),
            pl.col("occupancy").last().alias("occupancy_end"),
            pl.col("occupancy").max().alias("occupancy_max"),
            ((pl.col("occupancy") * minutes).sum() / minutes.sum()).alias("occupancy_mean"),
            ratio(pl.col("balance").sum(), pl.col("smaller_side").sum()).alias("occupancy_mean_corrected"),
        )
    )


def _passers_by(counted: pl.LazyFrame, stores: Sequence[Store]) -> pl.LazyFrame:
    passing = through_doors(counted, doors_of_role(stores, Role.PASSERS_BY))
    return in_turn(passing, "hour").agg((pl.col("entries") + pl.col("exits")).sum().alias("passers_by"))


def _stay() -> list[pl.Expr]:
    """`dwell_valid` and `dwell_minutes`: an hour that is measured in part tells neither a rate nor a mean."""
    entries, exits = pl.col("entries"), pl.col("exits")
    is_valid = pl.col("is_complete") & dwell_is_valid(entries, exits)
    stay = stay_minutes(pl.col("occupancy_mean"), entries, pl.col("minutes"))
    return [is_valid.alias("dwell_valid"), pl.when(is_valid).then(stay).alias("dwell_minutes")]


def _with_recovered(figures: pl.DataFrame, recovered: pl.DataFrame | None, stores: Sequence[Store]) -> pl.DataFrame:
    """`was_recovered`: whether a device over an entrance delivered the hour late."""
    if recovered is None or recovered.is_empty():
        return figures.with_columns(was_recovered=False)
    doors = entrance_devices(stores).select("store_id", "sensor_id")
    late = doors.join(recovered, on="sensor_id").select(*_KEY, pl.lit(value=True).alias("was_recovered")).unique()
    joined = figures.join(late, on=_KEY, how="left", maintain_order="left")
    return joined.with_columns(pl.col("was_recovered").fill_null(value=False))


def _is_business_hour() -> pl.Expr:
    return (pl.col("business_share") > 0).alias("is_business_hour")
