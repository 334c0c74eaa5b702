"""The warehouse is the judge: what is derived is due when its inputs are newer than its row, whoever forgot it."""

import datetime as dt
from collections.abc import Collection

import polars as pl
import psycopg

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import columns_of, query


def stale_hours(warehouse: Warehouse, since: dt.datetime) -> pl.DataFrame:
    """`table_name`, `store_id`, `hour_start` of derived hours since then that are missing or older than their counts.

    `table_name` is `hourly_analytics`, `virtual_region_occupancy` or, where stays are newer too, `zone_hours`; the
    fleet tables say which of them a store has.
    """
    return pl.concat([warehouse.read(name, {"since": since}) for name in ("stale_hours", "stale_zone_hours")])


def unjudged_hours(warehouse: Warehouse, since: dt.datetime, settled_before: dt.datetime) -> pl.DataFrame:
    """`store_id`, `hour_start` of hours since then that nothing new will come for, and that nobody has judged.

    They ended by `settled_before` and have no quality letter yet, or are gaps that could be imputed and have no row.
    """
    return warehouse.read("unjudged_hours", {"since": since, "settled_before": settled_before})


def stale_days(warehouse: Warehouse, since: dt.datetime, now: dt.datetime | None = None) -> pl.DataFrame:
    """`store_id`, `trading_day` of summaries that are missing or older than an hour since then.

    With `now` also those that were made before their day had ended, when it has.
    """
    return warehouse.read("stale_days", {"since": since, "now": now})


def outdate_days(connection: psycopg.Connection, days: pl.DataFrame) -> None:
    """Make everything derived of trading days (store_id, trading_day, start, end) stale, though no input is newer.

    Who changes counts without a newer reply says so with the change: a derivation that is killed is redone then.
    """
    if not days.is_empty():
        connection.execute(query("outdate_days"), columns_of(days, ("store_id", "trading_day", "start", "end")))


def outdate_summaries(connection: psycopg.Connection, days: Collection[tuple[str, dt.date]], now: dt.datetime) -> None:
    """Make summaries and reports of ended trading days (store_id, trading_day) stale: an hour of them changed.

    An estimate changes when weeks before do, and its hour is no newer for that.
    """
    if days:
        stores, trading_days = zip(*sorted(days), strict=True)
        values = {"store_id": list(stores), "trading_day": list(trading_days), "now": now}
        connection.execute(query("outdate_summaries"), values)
