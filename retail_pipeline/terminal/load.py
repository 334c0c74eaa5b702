"""`retail-pipeline load-transactions`: a till's export into the warehouse."""

import datetime as dt
from pathlib import Path

from rich.console import Console

from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.transactions import load_transactions


def load_transactions_file(console: Console, file: Path, *, whole_days: bool) -> int:
    """Load a file and say what became of its rows; returns 1 when some were refused, else 0.

    Raises:
        TransactionsFileError: the file cannot be used at all.
    """
    with open_warehouse() as warehouse:
        loaded = load_transactions(
            load_declared_fleet(), warehouse, file, dt.datetime.now(dt.UTC), whole_days=whole_days
        )
    console.print(f"{file}: {loaded.hours} hours, of which {loaded.changed} were new or changed.")
    for row in loaded.rejected.iter_rows(named=True):
        Console(stderr=True).print(
            f"{file}, row {row['row_number']}: {row['reason']}", style="red", markup=False, highlight=False
        )
    return 0 if loaded.rejected.is_empty() else 1
