"""Incidents: what fails is written down once, whoever is told of it, and closed when it is over."""

import datetime as dt
from collections.abc import Sequence

import polars as pl
import psycopg

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.queries import columns_of, query

FAULTS = pl.Schema(
    {
        "kind": pl.String(),
        "subject": pl.String(),
        "organization_id": pl.String(),
        "store_id": pl.String(),
        "cause": pl.String(),
        "shared": pl.String(),
        "detail": pl.String(),
        "since": pl.Datetime("us", "UTC"),
    }
)
"""What `record` takes; `kind` and `subject` are the key."""


def record(connection: psycopg.Connection, location: str, faults: pl.DataFrame, now: dt.datetime) -> tuple[int, int]:
    """Make the open incidents of a location those of `faults` (`FAULTS`); how many were opened or reworded, and closed.

    What other locations noticed is theirs to close.
    """
    values = {**columns_of(faults, tuple(FAULTS)), "location": location, "now": now}
    opened = connection.execute(query("open_incidents"), values).rowcount
    return opened, connection.execute(query("close_incidents"), values).rowcount


def untold(
    warehouse: Warehouse, location: str, receiver: str, not_before: dt.datetime, known_since: dt.datetime
) -> pl.DataFrame:
    """What a receiver has still to be told; `closed_at` is NULL where it goes on.

    What was noticed before `not_before` is given up; what was over before `known_since`, when the receiver was first
    configured, is not news to it.
    """
    values = {"location": location, "receiver": receiver, "not_before": not_before, "known_since": known_since}
    return warehouse.read("untold_incidents", values)


def tell(
    connection: psycopg.Connection, incident_ids: Sequence[int], receiver: str, now: dt.datetime, *, is_over: bool
) -> list[int]:
    """Write down that a receiver was told; the incidents of which it had not been. Send before the commit.

    Another process that is about to tell the same waits here, and then finds nothing to tell.
    """
    values = {"incident_ids": list(incident_ids), "receiver": receiver, "now": now, "is_over": is_over}
    return [number for (number,) in connection.execute(query("tell_incidents"), values)]
