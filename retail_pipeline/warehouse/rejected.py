"""The quarantine: rows of replies that cannot be true, each kept once, with the reason."""

import polars as pl
import psycopg

from retail_pipeline.warehouse.queries import columns_of, query

_COLUMNS = ("reply_id", "sensor_id", "report", "row_number", "row", "reason", "collected_at")


def store_rejected(connection: psycopg.Connection, rejected: pl.DataFrame) -> int:
    """Keep what the parser refused; how many rows had not been seen before.

    Needs reply_id, sensor_id, report, row_number, row (as received), reason, collected_at.
    """
    if rejected.is_empty():
        return 0
    return connection.execute(query("insert_rejected_rows"), columns_of(rejected, _COLUMNS)).rowcount
