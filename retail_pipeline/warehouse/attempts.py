"""Derivations under way: written down before the work, removed with its result. What stays failed, or was killed.

Nothing is queued here. Which days are due is the judge's business; these are the ones that it leaves alone for a day.
"""

import datetime as dt
from collections.abc import Collection
from enum import StrEnum

import polars as pl

from retail_pipeline.frames.quality.derivations import ENOUGH
from retail_pipeline.warehouse.connection import Connection, Warehouse
from retail_pipeline.warehouse.queries import query

StoreDay = tuple[str, dt.date]
PAUSE = dt.timedelta(days=1)


class Step(StrEnum):
    """What is derived of a trading day: its zones and hours, or its summary."""

    HOURS = "hours"
    DAY = "day"


def begin(warehouse: Warehouse, step: Step, days: Collection[StoreDay], now: dt.datetime) -> None:
    """One more attempt for each day, committed before it is made."""
    with warehouse.transaction() as connection:
        connection.execute(query("begin_derivations"), _values(step, days) | {"now": now})


def settle(connection: Connection, step: Step, days: Collection[StoreDay]) -> None:
    """These days are derived, if the transaction that holds their rows is committed."""
    connection.execute(query("settle_derivations"), _values(step, days))


def fail(warehouse: Warehouse, step: Step, days: Collection[StoreDay], error: str) -> None:
    """Keep what the attempt said, for the check that reports it."""
    with warehouse.transaction() as connection:
        connection.execute(query("fail_derivations"), _values(step, days) | {"error": error})


def given_up(warehouse: Warehouse, now: dt.datetime) -> pl.DataFrame:
    """`step`, `store_id`, `trading_day`, `attempts`, `last_error` of days that failed three times in a row.

    They wait until their latest attempt is a day old; by hand they can be derived at once.
    """
    unsettled = warehouse.read("unsettled_derivations", {"since": now - PAUSE})
    return unsettled.filter(pl.col("attempts") >= ENOUGH)


def _values(step: Step, days: Collection[StoreDay]) -> dict[str, object]:
    ordered = sorted(days)
    return {
        "step": str(step),
        "store_id": [store_id for store_id, _ in ordered],
        "trading_day": [day for _, day in ordered],
    }
