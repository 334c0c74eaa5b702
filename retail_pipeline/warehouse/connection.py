"""One way in for writes (psycopg, a transaction at a time) and one for reads (Arrow through ADBC).

Works alike on a direct connection and through poolers in session and transaction mode, and never asks which it is:
nothing is prepared for a later transaction, and all settings end with their own.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import cast

import adbc_driver_manager
import adbc_driver_manager.dbapi
import adbc_driver_postgresql
import polars as pl
import psycopg
import pyarrow as pa
import stamina

from retail_pipeline.retries import quiet_retries
from retail_pipeline.warehouse.errors import is_passing, warehouse_error
from retail_pipeline.warehouse.queries import query, render
from retail_pipeline.warehouse.url import complete_url, describe

Connection = psycopg.Connection
"""An open transaction, for those who pass it on and write no SQL themselves."""

# An abandoned transaction would hold its locks for ever; collecting a whole fleet takes minutes, not fifteen.
_IDLE_LIMIT_S = 900
# A day of 4,000 devices is joined and sorted in memory; Postgres's usual 4 MB would send it to the disk.
_WORK_KB = 32 << 10
_SETTINGS = """
SELECT
    set_config('timezone', 'UTC', true),
    set_config('statement_timeout', %(statement)s, true),
    set_config('lock_timeout', %(lock)s, true),
    set_config('idle_in_transaction_session_timeout', %(idle)s, true),
    set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, %(work_kb)s)::text, true)
"""


class Warehouse:
    """A Postgres database with schema `retail`. Holds no connection open between calls."""

    def __init__(
        self, url: str, *, statement_timeout_s: float = 300, lock_timeout_s: float = 60, patience_s: float = 15
    ) -> None:
        """Connects to nothing yet. `patience_s`: how long a connection that can't be had, or breaks, is tried again.

        Raises:
            InvalidDatabaseUrl: whoever set RETAIL_DATABASE_URL corrects it.
        """
        self._url = complete_url(url)
        self._timeouts = {
            "statement": f"{statement_timeout_s:g}s",
            "lock": f"{lock_timeout_s:g}s",
            "idle": f"{_IDLE_LIMIT_S}s",
            "work_kb": _WORK_KB,
        }
        quiet_retries()
        self._retry = stamina.RetryingCaller(attempts=None, timeout=patience_s, wait_initial=0.2, wait_max=3).on(
            is_passing
        )
        self.where = describe(url)

    def __repr__(self) -> str:
        return f"Warehouse({self.where})"

    def connect(self) -> psycopg.Connection:
        """A new connection, not autocommitting; the caller closes it. A server that is away is asked again for a while.

        Raises:
            WarehouseUnreachable: whoever runs the database or the network acts.
        """
        try:
            return self._retry(psycopg.connect, self._url, prepare_threshold=None)
        except psycopg.Error as error:
            raise warehouse_error(error, self.where) from None

    @contextmanager
    def transaction(self) -> Generator[psycopg.Connection]:
        """One transaction on a connection of its own: committed at the end, or nothing of it stands.

        Raises:
            WarehouseError: the database refused, with its reason.
        """
        with self.connect() as connection:
            try:
                connection.execute(_SETTINGS, self._timeouts)
                yield connection
                connection.commit()
            except psycopg.Error as error:
                raise warehouse_error(error, self.where) from error

    @contextmanager
    def part(self, connection: psycopg.Connection) -> Generator[None]:
        """A part of an open transaction: when it fails, nothing of it stands and the rest may go on.

        Raises:
            WarehouseError: the database refused, with its reason.
        """
        try:
            with connection.transaction():
                yield
        except psycopg.Error as error:
            raise warehouse_error(error, self.where) from error

    @contextmanager
    def batches(self, statement: str) -> Generator[Iterator[pl.DataFrame]]:
        """Rows of a statement as they come, never all at once; the first frame holds no row, only the columns.

        Raises:
            WarehouseError: the database refused, with its reason.
        """
        try:
            with self._reader() as reader, reader.cursor() as cursor:
                self._limit(cursor, statement="0")  # rows are taken as slowly as they are written to a disk
                cursor.execute(statement)
                batches = cursor.fetch_record_batch()
                yield map(_frame, chain([batches.schema.empty_table()], batches))
        except adbc_driver_manager.Error as error:
            raise warehouse_error(error, self.where, error.sqlstate) from error

    def read(self, name: str, values: Mapping[str, object] | None = None) -> pl.DataFrame:
        """Rows of the statement in `sql/queries/<name>.sql`; times are Datetime('us', 'UTC'). Read anew when it breaks.

        Raises:
            WarehouseError: the database refused, with its reason.
        """
        try:
            return self._retry(self._fetch, render(query(name), values or {}))
        except adbc_driver_manager.Error as error:
            raise warehouse_error(error, self.where, error.sqlstate) from error

    def _fetch(self, statement: str) -> pl.DataFrame:
        with self._reader() as reader, reader.cursor() as cursor:
            self._limit(cursor)
            cursor.execute(statement)
            return pl.DataFrame(cursor.fetch_arrow_table())

    def _limit(self, cursor: adbc_driver_manager.dbapi.Cursor, **others: str) -> None:
        cursor.execute(render(_SETTINGS, self._timeouts | others))
        cursor.fetchall()

    def _reader(self) -> adbc_driver_manager.dbapi.Connection:
        connection = adbc_driver_manager.AdbcConnection(self._types)
        return adbc_driver_manager.dbapi.Connection(cast("adbc_driver_manager.AdbcDatabase", _NotOurs()), connection)

    @cached_property
    def _types(self) -> adbc_driver_manager.AdbcDatabase:
        """What ADBC learns of the server's types, 40 ms of work, learned once. It holds no connection open."""
        database: adbc_driver_manager.AdbcDatabase = adbc_driver_postgresql.connect(self._url)
        return database


class _NotOurs:
    """Stands for the database of a reader, which outlives it."""

    def close(self) -> None:
        """Leave it open."""


def _frame(rows: "pa.Table | pa.RecordBatch") -> pl.DataFrame:
    frame = pl.from_arrow(rows)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
