"""Which devices answer: three failed polls in a row open a circuit, one report closes it."""

import datetime as dt
from typing import NamedTuple

import polars as pl
import psycopg

from retail_pipeline.warehouse.queries import columns_of, query

_COLUMNS = (
    *("sensor_id", "store_id", "organization_id", "at", "is_ok", "error", "error_at"),
    "clock_skew_seconds",
)


class FailedProbe(NamedTuple):
    """When a device last failed, its cause in the ledger's words, and in words for a person."""

    at: dt.datetime
    cause: str
    detail: str


class DeviceHealth(NamedTuple):
    """What a poll needs to know before it asks.

    Attributes:
        open_circuits: devices that have ceased to answer.
        last_skew: seconds by which each clock was last known to be ahead of UTC.
        just_probed: of the open circuits those that were probed less than five minutes ago, by the other report of the
            same poll or for a recovery: what they said then holds.
    """

    open_circuits: frozenset[str]
    last_skew: dict[str, float]
    just_probed: dict[str, FailedProbe]


def read_health(connection: psycopg.Connection, now: dt.datetime) -> DeviceHealth:
    """How the devices were when they were last asked."""
    rows = connection.execute(query("states_before_poll"), {"now": now}).fetchall()
    return DeviceHealth(
        open_circuits=frozenset(sensor_id for sensor_id, circuit, *_ in rows if circuit == "open"),
        last_skew={sensor_id: skew for sensor_id, _, skew, *_ in rows if skew is not None},
        just_probed={sensor_id: FailedProbe(*probe) for sensor_id, _, _, *probe in rows if probe[0]},
    )


def record_answers(connection: psycopg.Connection, answers: pl.DataFrame) -> None:
    """Record one poll, however many requests it made of a device: it failed when none was answered with a report.

    Needs sensor_id, store_id, organization_id, at, is_ok, error (NULL where is_ok), clock_skew_seconds. The circuit
    opens with the third failed poll in a row; the first report closes it and makes the device's open gaps due at once.
    """
    if answers.is_empty():
        return
    polls = (
        answers.sort("sensor_id", "at")
        .group_by("sensor_id", maintain_order=True)
        .agg(
            pl.col("store_id", "organization_id").last(),
            pl.col("at").max(),
            pl.col("is_ok").any(),
            pl.col("error").filter(~pl.col("is_ok")).last(),
            pl.col("at").filter(~pl.col("is_ok")).last().alias("error_at"),
            pl.col("clock_skew_seconds").drop_nulls().last(),
        )
    )
    connection.execute(query("record_device_answers"), columns_of(polls, _COLUMNS))
