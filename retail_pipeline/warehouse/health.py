"""Which devices answer: three failed polls in a row open a circuit, one report closes it."""

from typing import NamedTuple

import polars as pl
import psycopg

from retail_pipeline.warehouse.queries import columns_of, query

_COLUMNS = (
    *("sensor_id", "store_id", "organization_id", "at", "is_ok", "error", "error_at"),
    "clock_skew_seconds",
)


class DeviceHealth(NamedTuple):
    """What a poll needs to know before it asks."""

    open_circuits: frozenset[str]
    last_skew: dict[str, float]


def read_health(connection: psycopg.Connection) -> DeviceHealth:
    """Devices that have ceased to answer, and the seconds by which each clock was last known to be ahead of UTC."""
    rows = connection.execute("SELECT sensor_id, circuit, clock_skew_seconds FROM retail.device_health").fetchall()
    return DeviceHealth(
        open_circuits=frozenset(sensor_id for sensor_id, circuit, _ in rows if circuit == "open"),
        last_skew={sensor_id: skew for sensor_id, _, skew in rows if skew is not None},
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
