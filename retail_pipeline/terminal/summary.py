"""The table at the end of a run: what was counted, per store, over the range that was asked for."""

import datetime as dt
from collections.abc import Sequence

import polars as pl
from rich.console import Console
from rich.table import Table

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.local_time import store_hours
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.warehouse import reads


def print_summary(
    console: Console, fleet: Fleet, start: dt.datetime, end: dt.datetime, store_ids: Sequence[str]
) -> None:
    """Entries, exits, peak hour and completeness per store for the hours that start in `[start, end)`."""
    with open_warehouse() as warehouse:
        hourly = reads.hourly(warehouse, store_ids, start, end)
    expected = store_hours([fleet.store(one) for one in store_ids], start, min(end, dt.datetime.now(dt.UTC)))
    counted = dict(expected.group_by("store_id").len().iter_rows())
    table = Table(title=f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")
    table.add_column("store")
    for heading in ("entries", "exits", "peak hour", "complete"):
        table.add_column(heading, justify="right")
    for store_id in store_ids:
        table.add_row(store_id, *_cells(hourly.filter(pl.col("store_id") == store_id), counted.get(store_id, 0)))
    console.print(table)


def _cells(hours: pl.DataFrame, expected: int) -> tuple[str, str, str, str]:
    measured = hours.drop_nulls("entries")
    if measured.is_empty():
        return "-", "-", "-", f"0 of {expected} h"
    peak = measured.sort("entries", "hour_start", descending=[True, False]).row(0, named=True)
    return (
        f"{measured['entries'].sum():,}",
        f"{measured['exits'].sum():,}",
        f"{peak['local_date']:%a} {peak['local_hour']:02}:00 ({peak['entries']:,})",
        f"{hours['is_complete'].sum()} of {expected} h",
    )
