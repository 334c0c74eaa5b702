"""What should be there: the base of the gap ledger. What is done about a gap (cause, attempts) is not decided here."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.coverage import device_coverage, device_hours, is_covered

_KEY = ("sensor_id", "report", "hour_start")


def expected_hours(stores: Sequence[Store], hours: pl.DataFrame, as_of: dt.datetime) -> pl.DataFrame:
    """One row per active device, report it is asked for and local hour that it should have delivered by `as_of`.

    Columns: `sensor_id`, `store_id`, `organization_id`, `report`, `hour_start`, `hour_end`, `deadline` (`hour_end` +
    the days that the device remembers the report). Hours that can still grow, lie before the
    store's `live_since` or are past their deadline are not expected.
    """
    deadline = pl.col("hour_end") + pl.duration(days=pl.col("retention_days"))
    by_report = [
        device_hours(hours, stores, report).with_columns(pl.lit(str(report)).alias("report")) for report in Report
    ]
    return (
        pl.concat(by_report)
        .with_columns(deadline.alias("deadline"))
        .filter(pl.col("settles_at") <= as_of, pl.col("deadline") > as_of)
        .select("sensor_id", "store_id", "organization_id", "report", "hour_start", "hour_end", "deadline")
        .sort(_KEY)
    )


def present_hours(rows: pl.DataFrame, hours: pl.DataFrame, report: Report) -> pl.DataFrame:
    """Device hours that complete rows of `report` fill: `sensor_id`, `report`, `hour_start`."""
    covered = device_coverage(rows, hours).join(
        hours.select("store_id", "hour_start", "minutes"), on=["store_id", "hour_start"]
    )
    return covered.filter(is_covered()).with_columns(pl.lit(str(report)).alias("report")).select(_KEY).sort(_KEY)


def missing_hours(expected: pl.DataFrame, present: pl.DataFrame) -> pl.DataFrame:
    """The expected hours that are not present, with the columns and in the order of `expected`."""
    return expected.join(present, on=_KEY, how="anti").sort(_KEY)
