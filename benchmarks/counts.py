"""Rows of `raw_sensor_counts` for whole fleets and days, made at once and the same in every run."""

import datetime as dt

import polars as pl

from benchmarks.fleet import DAY, HOUR
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.schemas import LINE_COUNTS, RAW_SENSOR_COUNTS, UTC_TIME, conform

_SHARES = {"line1_in": 10, "line1_out": 9, "line2_in": 5, "line2_out": 5, "line3_in": 3, "line3_out": 3}


def made_counts(fleet: Fleet, first: dt.datetime = DAY, days: int = 1, reply_id: int = 1) -> pl.DataFrame:
    """A row per device and hour from `first`: people between nine and seven, nobody at night; all complete."""
    hours = pl.DataFrame(
        {"interval_start": [first + n * HOUR for n in range(24 * days)]}, schema={"interval_start": UTC_TIME}
    )
    devices = pl.DataFrame(
        [(store.id, store.organization, device.id) for store in fleet.stores for device in store.sensors],
        schema=["store_id", "organization_id", "sensor_id"],
        orient="row",
    ).with_row_index("seed")
    since_first = (pl.col("interval_start") - first).dt.total_hours()
    is_open = pl.col("interval_start").dt.hour().is_between(9, 18)
    busy = pl.when(is_open).then((pl.col("seed").cast(pl.Int64) * 7 + since_first * 13) % 90).otherwise(0)
    shares = {
        **{name: busy * share // 10 for name, share in _SHARES.items()},
        "line4_in": busy * 5,
        "line4_out": busy * 4,
    }
    return conform(
        devices.join(hours, how="cross")
        .with_columns(**shares)
        .with_columns(
            interval_end=pl.col("interval_start") + HOUR,
            total_in=pl.sum_horizontal(LINE_COUNTS[0::2]),
            total_out=pl.sum_horizontal(LINE_COUNTS[1::2]),
            is_complete=pl.lit(value=True),
            reply_id=pl.lit(reply_id),
            collected_at=pl.lit(first + (24 * days + 2) * HOUR, UTC_TIME),
        ),
        RAW_SENSOR_COUNTS,
    )


def one_in_six_changed(rows: pl.DataFrame) -> pl.DataFrame:
    """The same an hour later, with another count on line 1 in every sixth row."""
    changed = pl.int_range(pl.len()) % 6 == 0
    return rows.with_columns(
        pl.when(changed).then(pl.col("line1_in") + 1).otherwise("line1_in").alias("line1_in"),
        pl.when(changed).then(pl.col("total_in") + 1).otherwise("total_in").alias("total_in"),
        pl.col("collected_at") + HOUR,
    )
