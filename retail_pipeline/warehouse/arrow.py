"""Rows out of Postgres, from ADBC into Polars. Without pyarrow, which takes long and much memory to load."""

import polars as pl
from adbc_driver_manager import AdbcConnection, AdbcStatement
from adbc_driver_manager._lib import _blocking_call as interruptible


def rows(connection: AdbcConnection, statement: str) -> pl.DataFrame:
    """All rows of a statement, in one piece; Ctrl-C and the end of a run break it off.

    Raises:
        adbc_driver_manager.Error: the server refused, with its SQLSTATE.
        polars.exceptions.ComputeError: it broke off amid the rows; `pyarrow_rows` knows why.
    """
    with AdbcStatement(connection) as asked:
        asked.set_sql_query(statement)
        stream, _ = interruptible(asked.execute_query, (), {}, asked.cancel)
        frame: pl.DataFrame = interruptible(pl.DataFrame, (stream,), {}, asked.cancel)
        return frame.rechunk()
