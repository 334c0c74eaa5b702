"""The ledger of missing hours: what is open, when to ask again, what came after all, what is lost.

Which hours are missing is decided elsewhere; here it is written down.
"""

import datetime as dt
from collections.abc import Set as AbstractSet

import polars as pl
import psycopg

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import columns_of, query

_GAP = ("sensor_id", "store_id", "organization_id", "report", "hour_start", "cause", "detail", "deadline")
_KEY = ("sensor_id", "report", "hour_start")
_LOST = {
    "store_id": pl.String(),
    "sensor_id": pl.String(),
    "report": pl.String(),
    "hour_start": pl.Datetime("us", "UTC"),
    "cause": pl.String(),
}


def open_missing(connection: psycopg.Connection, missing: pl.DataFrame, now: dt.datetime) -> int:
    """Write down hours that nobody has tried yet, due at once; how many were not open before.

    Needs sensor_id, store_id, organization_id, report, hour_start, cause, detail, deadline. What is open keeps its
    attempts and `first_seen`; what was given up stays lost.
    """
    return _execute(connection, "open_missing_gaps", missing.unique(_KEY), _GAP, now)


def record_failures(connection: psycopg.Connection, missed: pl.DataFrame, now: dt.datetime) -> int:
    """One more failed attempt each, with its cause; a gap that was not there is opened. How many were not complete.

    Columns as `open_missing`, and hour_end. An hour that is complete in the table stays as it is. The others are tried
    again after 30 minutes, then twice as long each time, up to a day; less up to a tenth, the device's own.
    """
    return _execute(connection, "record_gap_failures", missed.unique(_KEY), (*_GAP, "hour_end"), now)


def mark_recovered(connection: psycopg.Connection, complete: pl.DataFrame, now: dt.datetime) -> int:
    """Close the gaps of these hours (sensor_id, report, hour_start), which are complete now; how many there were."""
    if complete.is_empty():
        return 0
    missed = connection.execute(
        query("unrecovered_gaps"),
        {
            "sensor_id": complete["sensor_id"].unique().to_list(),
            "first": complete["hour_start"].min(),
            "last": complete["hour_start"].max(),
        },
    ).fetchall()
    # A poll completes a day of every device, of which next to nothing was missing.
    came = complete.join(pl.DataFrame(missed, schema=complete.select(_KEY).schema, orient="row"), on=_KEY, how="semi")
    return _execute(connection, "mark_gaps_recovered", came, _KEY, now)


def close_at_birth(connection: psycopg.Connection, swallowed: pl.DataFrame, report: Report, now: dt.datetime) -> int:
    """Write down hours (sensor_id, store_id, hour_start) that a clock change swallowed: lost, not asked for."""
    columns = ("sensor_id", "store_id", "hour_start")
    return _execute(connection, "close_gaps_at_birth", swallowed, columns, now, report=str(report))


def judge_off(
    connection: psycopg.Connection, off: pl.DataFrame, slices: pl.DataFrame, now: dt.datetime
) -> tuple[int, int]:
    """Write down the hours (sensor_id, store_id, hour_start) in which a device was off; take back what is not in them.

    `slices` (store_id, start, end) is what was judged. How many hours became a gap, and how many are none any more.
    """
    closed = _execute(connection, "close_gaps_of_devices_off", off, ("sensor_id", "store_id", "hour_start"), now)
    hours = {f"off_{name}": off[name].to_list() for name in ("sensor_id", "hour_start")}
    return closed, _execute(
        connection, "take_back_gaps_of_devices_off", slices, ("store_id", "start", "end"), now, **hours
    )


def close_lost(connection: psycopg.Connection, now: dt.datetime, scope: AbstractSet[str] | None = None) -> pl.DataFrame:
    """Give up the gaps past their deadline; returns them: store_id, sensor_id, report, hour_start, cause.

    `scope`: ids of the organisations to look at; None: all.
    """
    lost = connection.execute(query("close_lost_gaps"), {"now": now, "organization_ids": _listed(scope)}).fetchall()
    return pl.DataFrame(lost, schema=_LOST, orient="row").sort("store_id", "sensor_id", "report", "hour_start")


def due(warehouse: Warehouse, now: dt.datetime, scope: AbstractSet[str] | None = None) -> pl.DataFrame:
    """Gaps to ask for now, nearest deadline first: open, due, before their deadline, of active devices that answer.

    Columns: sensor_id, report, hour_start, store_id, organization_id, cause, attempts, deadline, and `is_history`: the
    hour is from before the device was first declared. `scope` as in `close_lost`.
    """
    return warehouse.read("due_gaps", {"now": now, "organization_ids": _listed(scope)})


def open_gaps(warehouse: Warehouse) -> pl.DataFrame:
    """Everything that is missing and may still come."""
    return warehouse.read("open_gaps")


def _listed(scope: AbstractSet[str] | None) -> list[str] | None:
    return None if scope is None else sorted(scope)


def _execute(
    connection: psycopg.Connection,
    name: str,
    rows: pl.DataFrame,
    columns: tuple[str, ...],
    now: dt.datetime,
    **values: object,
) -> int:
    if rows.is_empty():
        return 0
    return connection.execute(query(name), {**columns_of(rows, columns), "now": now, **values}).rowcount
