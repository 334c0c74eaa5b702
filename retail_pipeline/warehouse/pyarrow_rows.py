"""Rows through pyarrow: batch by batch, or with the SQLSTATE of what breaks off amid them."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import cast

import polars as pl
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcDatabase, dbapi


def whole(connection: AdbcConnection, statement: str) -> pl.DataFrame:
    """All rows of a statement.

    Raises:
        adbc_driver_manager.Error: the server refused, before or amid its rows, with its SQLSTATE.
    """
    with _executed(connection, statement) as cursor:
        return pl.DataFrame(cursor.fetch_arrow_table())


@contextmanager
def batches(connection: AdbcConnection, statement: str) -> Generator[Iterator[pl.DataFrame]]:
    """Rows as they come, never all at once; the first frame holds no row, only the columns.

    Raises:
        adbc_driver_manager.Error: the server refused the statement, with its SQLSTATE.
        OSError: it broke off amid the rows, in the server's words.
    """
    with _executed(connection, statement) as cursor:
        found = cursor.fetch_record_batch()
        yield map(_frame, chain([found.schema.empty_table()], found))


@contextmanager
def _executed(connection: AdbcConnection, statement: str) -> Generator[dbapi.Cursor]:
    with dbapi.Connection(cast("AdbcDatabase", _NotOurs()), connection) as reader, reader.cursor() as cursor:
        cursor.execute(statement)
        yield cursor


class _NotOurs:
    """Stands for the database of a reader, which outlives it."""

    def close(self) -> None:
        """Leave it open."""


def _frame(rows: "pa.Table | pa.RecordBatch") -> pl.DataFrame:
    frame = pl.from_arrow(rows)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
