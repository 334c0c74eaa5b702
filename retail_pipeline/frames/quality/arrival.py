"""Did every device deliver: rows at all, and every interval. How late it is now is `overdue`."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.coverage import SETTLED_AFTER, device_coverage, device_hours, is_covered
from retail_pipeline.frames.quality.findings import Severity, findings

_DEVICE_HOUR = ("sensor_id", "hour_start")
_COLLECTED_AFTER = dt.timedelta(minutes=5)


def all_sensors_reported(
    rows: pl.DataFrame,
    hours: pl.DataFrame,
    stores: Sequence[Store],
    as_of: dt.datetime,
    *,
    excused: pl.DataFrame | None = None,
    report: Report = Report.LINES,
) -> pl.DataFrame:
    """Findings (error): an active device without a single row of `report` in an hour that ended five minutes ago.

    `excused` (`sensor_id`, `hour_start`) are hours of the report that can never be had, such as one that a clock change
    repeats. `figure` is the number of rows, 0.
    """
    silent = _due(hours, stores, as_of - _COLLECTED_AFTER, excused, report).join(
        device_coverage(rows, hours), on=["store_id", *_DEVICE_HOUR], how="anti"
    )
    advice = pl.format(
        "{} reported nothing: check its power, network and credential, then recover the hour", "sensor_id"
    )
    return findings(
        silent.with_columns(pl.lit(0).alias("figure"), pl.lit(1).alias("threshold"), advice.alias("advice")),
        "all_sensors_reported",
        Severity.ERROR,
    )


def no_missing_intervals(
    rows: pl.DataFrame,
    hours: pl.DataFrame,
    stores: Sequence[Store],
    as_of: dt.datetime,
    *,
    excused: pl.DataFrame | None = None,
    report: Report = Report.LINES,
) -> pl.DataFrame:
    """Findings (error): complete intervals do not fill an hour that ended 40 minutes ago or earlier.

    `figure` is the number of minutes missing; a day of 23 or 25 hours is judged by its real hours.
    """
    partial = _partial(_due(hours, stores, as_of - SETTLED_AFTER, excused, report), rows, hours)
    advice = pl.format("{} misses {} minutes of the hour: recover it before its log is gone", "sensor_id", "figure")
    return findings(partial.with_columns(advice.alias("advice")), "no_missing_intervals", Severity.ERROR)


def long_stays_reported(
    rows: pl.DataFrame,
    hours: pl.DataFrame,
    stores: Sequence[Store],
    as_of: dt.datetime,
    *,
    excused: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Findings (warn): a device asked for `long_stays` told those of an hour not at all, or in part.

    Its stays may be there all the same: only engagement is unknown. `figure` is the number of minutes missing.
    """
    partial = _partial(_due(hours, stores, as_of - SETTLED_AFTER, excused, Report.LONG_STAYS), rows, hours)
    advice = pl.format(
        "{} misses {} minutes of long stays, so that engagement is unknown: it is asked again; where it cannot filter"
        " stays by length, take long_stays out of its reports",
        "sensor_id",
        "figure",
    )
    return findings(partial.with_columns(advice.alias("advice")), "long_stays_reported", Severity.WARN)


def _partial(due: pl.DataFrame, rows: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """The device hours of `due` that complete intervals do not fill, with the minutes that are missing."""
    missing = (pl.col("minutes") - pl.col("complete_minutes")).alias("figure")
    return (
        due.join(device_coverage(rows, hours), on=["store_id", *_DEVICE_HOUR], how="left")
        .with_columns(pl.col("complete_minutes").fill_null(0.0))
        .filter(~is_covered())
        .with_columns(missing, pl.lit(0).alias("threshold"))
    )


def _due(
    hours: pl.DataFrame, stores: Sequence[Store], ended_by: dt.datetime, excused: pl.DataFrame | None, report: Report
) -> pl.DataFrame:
    due = device_hours(hours, stores, report).filter(pl.col("settles_at") <= ended_by)
    return due if excused is None else due.join(excused, on=_DEVICE_HOUR, how="anti")
