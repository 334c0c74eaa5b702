"""One way in for writes (psycopg, a transaction at a time) and one for reads (Arrow through ADBC).

Works alike on a direct connection and through poolers in session and transaction mode, and never asks which it is:
nothing is prepared for a later transaction, and all settings end with their own.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial

import adbc_driver_manager
import adbc_driver_postgresql
import polars as pl
import psycopg
import stamina
from adbc_driver_manager import AdbcConnection

from retail_pipeline.retries import quiet_retries
from retail_pipeline.warehouse.arrow import rows
from retail_pipeline.warehouse.errors import WarehouseError, is_passing, warehouse_error
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
    set_config('timezone', 'UTC', true) AS zone,
    set_config('statement_timeout', %(statement)s, true) AS statement,
    set_config('lock_timeout', %(lock)s, true) AS lock,
    set_config('idle_in_transaction_session_timeout', %(idle)s, true) AS idle,
    set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, %(work_kb)s)::text, true) AS work
"""


class Warehouse:
    """A Postgres database with schema `retail`. Holds no connection open between calls, except while `reading`."""

    def __init__(
        self, url: str, *, statement_timeout_s: float = 300, lock_timeout_s: float = 60, patience_s: float = 15
    ) -> None:
        """Connects to nothing yet. `patience_s`: how long a connection that can't be had, or breaks, is tried again.

        Raises:
            InvalidDatabaseUrl: whoever set RETAIL_DATABASE_URL corrects it.
        """
        self._url = complete_url(url)
        # What ADBC learns of the server's types, 40 ms of work, learned once. It holds no connection open.
        self._types = cache(partial(adbc_driver_postgresql.connect, self._url))
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
        try:
            with self._writer() as connection:
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
    def reading(self) -> Generator["Warehouse"]:
        """The same warehouse for the many reads and transactions of one thread, each kind on a connection of its own.

        One that breaks while it is idle is replaced. To connect, and to look up tables that a new connection knows
        nothing of, takes as long as most reads.
        """
        shared = _Reading(self)
        try:
            yield shared
        finally:
            shared.let_go()

    @contextmanager
    def batches(self, statement: str) -> Generator[Iterator[pl.DataFrame]]:
        """Rows of a statement as they come, never all at once; the first frame holds no row, only the columns.

        Raises:
            WarehouseError: the database refused, or broke off amid the rows, with its reason.
        """
        from retail_pipeline.warehouse import pyarrow_rows  # noqa: PLC0415 - loads pyarrow

        try:
            # No limit in time: rows are taken as slowly as they are written to a disk.
            with self._reader(statement="0") as reader, pyarrow_rows.batches(reader, statement) as frames:
                yield self._to_the_end(frames)
        except adbc_driver_manager.Error as error:
            raise warehouse_error(error, self.where, error.sqlstate) from error

    def _to_the_end(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Only what the database does is an error of the warehouse: whoever writes the rows to a disk has his own."""
        try:
            yield from frames
        except OSError as error:
            reason = " ".join(str(error).split())
            raise WarehouseError(f"The {self.where} broke off amid its rows: {reason}. Ask for them again.") from error

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
        try:
            with self._reader() as reader:
                return rows(reader, statement)
        except pl.exceptions.ComputeError:
            return self._fetch_again(statement)

    def _fetch_again(self, statement: str) -> pl.DataFrame:
        """Read what broke off amid its rows by the way that says why, so that it is known what a moment may mend."""
        from retail_pipeline.warehouse import pyarrow_rows  # noqa: PLC0415 - loads pyarrow

        with self._reader() as reader:
            return pyarrow_rows.whole(reader, statement)

    @contextmanager
    def _writer(self) -> Generator[psycopg.Connection]:
        with self.connect() as writer:
            yield self._begin_writing(writer)

    def _begin_writing(self, writer: psycopg.Connection) -> psycopg.Connection:
        writer.execute(_SETTINGS, self._timeouts)
        return writer

    @contextmanager
    def _reader(self, **others: str) -> Generator[AdbcConnection]:
        with self._connected() as reader:
            self._begin(reader, **others)
            yield reader

    def _connected(self) -> AdbcConnection:
        reader = AdbcConnection(self._types())
        reader.set_autocommit(False)
        return reader

    def _begin(self, reader: AdbcConnection, **others: str) -> None:
        rows(reader, render(_SETTINGS, self._timeouts | others))


class _Reading(Warehouse):
    """A warehouse that keeps its connections. Between uses no transaction is open on them, and no lock held."""

    def __init__(self, warehouse: Warehouse) -> None:
        vars(self).update(vars(warehouse))
        self._kept: AdbcConnection | None = None
        self._idle: list[psycopg.Connection] = []

    def let_go(self) -> None:
        """Close the connections, if there are any."""
        self._let_reader_go()
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _writer(self) -> Generator[psycopg.Connection]:
        writer = self._begun()
        try:
            yield writer
        except BaseException:
            writer.close()
            raise
        self._idle.append(writer)

    def _begun(self) -> psycopg.Connection:
        """That which the last transaction left, or a new one: within a transaction another has its own."""
        while self._idle:
            writer = self._idle.pop()
            try:
                return self._begin_writing(writer)
            except psycopg.OperationalError:
                writer.close()
        return self._begin_writing(self.connect())

    def _let_reader_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    @contextmanager
    def _reader(self, **others: str) -> Generator[AdbcConnection]:
        if others:  # rows that are taken slowly, while others are read
            with super()._reader(**others) as reader:
                yield reader
            return
        try:
            self._kept = self._kept or self._connected()
            self._begin(self._kept)
            yield self._kept
            self._kept.commit()
        except BaseException:
            self._let_reader_go()
            raise
