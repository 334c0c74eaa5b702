"""Which raw rows a second reading of stored replies leaves behind. Pure frames; reading and writing is `replay`.

Rows of replies carry `sensor_id`, `interval_start`, their figures, `reply_id` and `collected_at`.
"""

import datetime as dt
from collections.abc import Collection

import polars as pl

from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.local_time import store_hours, with_hours
from retail_pipeline.steps.account import MISSED_HOURS, SETTLING
from retail_pipeline.steps.spans import bounds
from retail_pipeline.warehouse.tables import COUNTS

KEY = ["sensor_id", "interval_start"]
DAY = dt.timedelta(days=1)
DISOWNED = "a reply that was read again holds no believable row for this hour any more"


def disowned_rows(standing: pl.DataFrame, rows: pl.DataFrame, reply_ids: Collection[int]) -> pl.DataFrame:
    """The standing rows that name one of these replies as their origin, but which that reply does not hold."""
    of_replies = standing.filter(pl.col("reply_id").is_in(list(reply_ids)))
    return of_replies.join(rows, on=[*KEY, "reply_id"], how="anti")


def rows_to_write(told: pl.DataFrame, standing: pl.DataFrame, report: Report) -> pl.DataFrame:
    """One row per key: what the replies say in the end, with the first reply that said so.

    Collecting does not touch a row for a reply that repeats it, so the row names the reply that last changed it.
    Replies older than the one behind a standing row have no say.
    """
    since = standing.select(*KEY, pl.col("collected_at").alias("standing_since"))
    in_order = (
        told.join(since, on=KEY, how="left")
        .filter(pl.col("standing_since").is_null() | (pl.col("collected_at") >= pl.col("standing_since")))
        .sort(*KEY, "collected_at", "reply_id")
    )
    says_otherwise = [pl.col(name).ne_missing(pl.col(name).shift().over(KEY)) for name in COUNTS[report][0].compare]
    changes = in_order.filter(pl.any_horizontal(says_otherwise))
    return changes.unique(KEY, keep="last", maintain_order=True).drop("standing_since")


def latest_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per key: that of the newest reply."""
    return rows.sort(*KEY, "collected_at", "reply_id").unique(KEY, keep="last", maintain_order=True)


def placed(store: Store, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a store with their local hour and `partition_hour`, the UTC hour in which that starts."""
    if rows.is_empty():
        return with_hours(rows, store_hours([store], *2 * (dt.datetime(2000, 1, 1, tzinfo=dt.UTC),))).with_columns(
            pl.col("hour_start").alias("partition_hour")
        )
    start, end = bounds(rows, "interval_start", "interval_start")
    hours = store_hours([store], start - DAY, end + DAY)
    return with_hours(rows, hours).with_columns(pl.col("hour_start").dt.truncate("1h").alias("partition_hour"))


def hours_lost(
    store: Store, report: Report, removed: pl.DataFrame, complete: pl.DataFrame, now: dt.datetime
) -> pl.DataFrame:
    """Rows for the ledger: ended hours of removed rows (placed) that are not `complete` by other rows."""
    hours = removed.unique(["sensor_id", "hour_start"]).join(complete, on=["sensor_id", "hour_start"], how="anti")
    retention = {device.id: dt.timedelta(days=device.retention_days) for device in store.sensors}
    missing = [
        (
            *(row["sensor_id"], store.id, store.organization, report.value, row["hour_start"], "malformed", DISOWNED),
            row["hour_end"] + retention[row["sensor_id"]],
        )
        for row in hours.iter_rows(named=True)
        if row["hour_end"] + SETTLING <= now
    ]
    return pl.DataFrame(missing, schema=MISSED_HOURS, orient="row")
