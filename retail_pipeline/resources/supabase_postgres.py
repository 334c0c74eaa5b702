"""The warehouse as a Dagster resource: Supabase's Postgres, or the embedded one when no URL is set."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import dagster as dg

from retail_pipeline.local.postgres import ensure_postgres
from retail_pipeline.settings import read_settings
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate


def warehouse_url() -> str:
    """Where the warehouse is. Without `RETAIL_DATABASE_URL` the embedded server is started when it is not running."""
    settings = read_settings()
    if settings.database_url:
        return settings.database_url.get_secret_value()
    return ensure_postgres(settings.home).url("retail")


@contextmanager
def open_warehouse() -> Iterator[Warehouse]:
    """The warehouse, ready: on the embedded server migrations are applied, elsewhere that is `retail-pipeline migrate`.

    For one thread: all it reads comes by one connection.

    Raises:
        WarehouseError: the server can't be reached or the schema is not there; the message says what to do.
    """
    url = warehouse_url()
    if not read_settings().database_url:
        migrate(url)
    with _warehouse(url).reading() as warehouse:
        yield warehouse


@lru_cache(maxsize=2)
def _warehouse(url: str) -> Warehouse:
    """The same for all steps and ticks of this process: what it has learnt of the server takes longer than a read."""
    return Warehouse(url)


class SupabasePostgres(dg.ConfigurableResource):
    """Opens the warehouse; its URL comes from the environment and never stands in Dagster's configuration."""

    @contextmanager
    def open(self) -> Iterator[Warehouse]:
        """The warehouse, for as long as the context lasts."""
        with open_warehouse() as warehouse:
            yield warehouse
