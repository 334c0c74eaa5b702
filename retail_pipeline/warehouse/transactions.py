"""Sales by hour as somebody loaded them; whether they can be true is decided elsewhere."""

import datetime as dt

import polars as pl
import psycopg

from retail_pipeline.warehouse.queries import columns_of, query
from retail_pipeline.warehouse.statements import Target
from retail_pipeline.warehouse.write import merge

TRANSACTIONS = Target("transactions", ("store_id", "hour_start"), ("transactions", "sales", "units"))
_REJECTED = ("row_number", "row", "reason", "store_id", "organization_id")


def write_transactions(
    connection: psycopg.Connection, rows: pl.DataFrame, source: str, now: dt.datetime
) -> pl.DataFrame:
    """Write `store_id`, `organization_id`, `hour_start`, `transactions`, `sales`, `units`; keys new or changed."""
    told = rows.with_columns(pl.lit(source).alias("source"), pl.lit(now).alias("loaded_at"))
    return merge(connection, TRANSACTIONS, told)


def store_rejected_transactions(
    connection: psycopg.Connection, rejected: pl.DataFrame, source: str, now: dt.datetime
) -> None:
    """Keep rows that were refused: `row_number`, `row`, `reason`, and `store_id`, `organization_id` or NULL."""
    if not rejected.is_empty():
        values = {**columns_of(rejected, _REJECTED), "source": source, "now": now}
        connection.execute(query("insert_rejected_transactions"), values)
