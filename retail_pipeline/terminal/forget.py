"""`retail-pipeline forget`: everything that belongs to an organisation, told, and removed when asked to."""

import datetime as dt
from collections.abc import Collection

import dagster as dg
from rich.console import Console
from rich.table import Table

from retail_pipeline.automation.stores import has_unfinished_runs
from retail_pipeline.definitions import current_partitions
from retail_pipeline.resources.dagster_records import forget_stores
from retail_pipeline.resources.dagster_storage import retail_instance
from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.forget import Forgotten, forget


def forget_organization(console: Console, organization_id: str, *, apply: bool) -> int:
    """Say what belongs to the organisation, and with `apply` remove it here and from Dagster's records; returns 0.

    Raises:
        ForgetRefusedError: it is still declared, or not known.
    """
    now = dt.datetime.now(dt.UTC)
    with open_warehouse() as warehouse:
        forgotten = forget(load_declared_fleet(), warehouse, organization_id, now, apply=apply)
    console.print(_table(forgotten, organization_id))
    if not apply:
        console.print("Nothing was removed. `--apply` removes these rows in one transaction; there is no way back.")
        return 0
    with retail_instance() as instance:
        events = _forget_in_dagster(instance, forgotten.stores)
    console.print(f"Removed, and {events:,} events of Dagster's about partitions of its stores.")
    return 0


def _forget_in_dagster(instance: dg.DagsterInstance, store_ids: Collection[str]) -> int:
    """Its partitions go too, unless a run is under way: a range may end with one. Then `sync_fleet` takes them away."""
    if not store_ids:
        return 0
    name = str(current_partitions(dt.datetime.now(dt.UTC)).stores.name)
    if not has_unfinished_runs(instance, None):
        for store_id in store_ids:
            instance.delete_dynamic_partition(name, store_id)
    return forget_stores(instance, store_ids)


def _table(forgotten: Forgotten, organization_id: str) -> Table:
    stores = ", ".join(forgotten.stores) or "no stores"
    table = Table(title=f"{organization_id}: {stores}")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, rows in sorted(forgotten.rows.items()):
        if rows:
            table.add_row(name, f"{rows:,}")
    table.add_row("all", f"{sum(forgotten.rows.values()):,}", style="bold")
    return table
