"""What: a day of the fleet's counts into `raw_sensor_counts`, at first, unchanged, and with one row in six changed.

Each write takes only what differs, keeps the old figure of every change in `revisions`, and lets no older reply replace
a newer one. Two days stand in the table already, and have been read before: who reads a row for the first time marks
its page, and that is not the write's to answer for.

Yardstick: binary COPY of the same bytes straight into the same table with the same keys, indexes and constraints; the
bytes are made beforehand, so that only the server's work counts. It can insert only: it knows no row that stands
already, and row level security refuses it. Both commit to the disk.
"""

import datetime as dt
from collections import defaultdict

import polars as pl
import psycopg

from benchmarks.counts import made_counts, one_in_six_changed
from benchmarks.fleet import DAY, made_fleet
from benchmarks.ground import own_postgres, warehouse_of
from benchmarks.measure import Contender, interleaved, ratio_of
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.tables import write_counts

STANDING = 2
_TABLE = "retail.raw_sensor_counts"
_YARDSTICK = "binary COPY of new rows straight into the same table"


def run(sizes: Sizes) -> list[Figure]:
    """Three figures of time and one of the write-ahead log."""
    fleet = made_fleet(sizes.stores, sizes.devices)
    with own_postgres() as postgres, warehouse_of(fleet, postgres) as (url, warehouse):
        day = made_counts(fleet, DAY + dt.timedelta(days=STANDING))
        _write(warehouse, made_counts(fleet, DAY, STANDING))
        desk = Desk(url, warehouse, day)
        timings = interleaved(desk.contenders(), sizes.rounds)
        size = f"{day.height:,} rows, a day of {sizes.fleet:,} devices"
        figures = [
            Figure.of(
                timings, f"write, {state}", size, ours=state, yardsticks=["COPY"], yardstick=_YARDSTICK, target=target
            )
            for state, target in (("fresh", 2.2), ("unchanged", 1.3), ("one row in six changed", 2.0))
        ]
        return [*figures, desk.log_figure(size)]


class Desk:
    """A table that is put back into a known state before each write, and the bytes to write."""

    def __init__(self, url: str, warehouse: Warehouse, day: pl.DataFrame) -> None:
        self.url, self.warehouse, self.day, self.changed = url, warehouse, day, one_in_six_changed(day)
        self.log_bytes: dict[str, list[int]] = defaultdict(list)
        _write(warehouse, day)
        self.has_day = True
        first = DAY + dt.timedelta(days=STANDING)
        chosen = f"SELECT * FROM {_TABLE} WHERE interval_start >= '{first}' ORDER BY 1, 4"
        statement = f"COPY ({chosen}) TO STDOUT (FORMAT binary)".encode()
        with psycopg.connect(url) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            self.binary = b"".join(bytes(block) for block in copy)

    def contenders(self) -> list[Contender]:
        """The yardstick and three writes."""
        return [
            Contender("COPY", self._copy, self._without_the_day),
            Contender("fresh", lambda: self._logged("fresh", self.day), self._without_the_day),
            Contender("unchanged", lambda: self._logged("unchanged", self.day), self._with_the_day),
            Contender("one row in six changed", self._change, self._with_the_day),
        ]

    def log_figure(self, size: str) -> Figure:
        """Bytes of the write-ahead log of an unchanged write, beside those of a fresh one.

        The least of the rounds: the log is the whole server's, which may have tidied up beside the write in others.
        """
        unchanged, fresh = (min(self.log_bytes[state]) / 1e6 for state in ("unchanged", "fresh"))
        ratio = ratio_of([unchanged], [fresh])
        return Figure(
            "write-ahead log, unchanged", size, unchanged, "the same rows, fresh", fresh, ratio, 0.01, unit="MB"
        )

    def _copy(self) -> None:
        statement = f"COPY {_TABLE} FROM STDIN (FORMAT binary)".encode()
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(self.binary)
        self.has_day = True

    def _change(self) -> None:
        _write(self.warehouse, self.changed)
        self.has_day = False

    def _logged(self, state: str, rows: pl.DataFrame) -> None:
        before = self._log_position()
        _write(self.warehouse, rows)
        self.log_bytes[state].append(self._log_position() - before)
        self.has_day = True

    def _log_position(self) -> int:
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
        return int(row[0]) if row else 0

    def _without_the_day(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                f"DELETE FROM {_TABLE} WHERE interval_start >= %s".encode(), [self.day["interval_start"].min()]
            )
        self._settle()

    def _with_the_day(self) -> None:
        if not self.has_day:
            self._without_the_day()
            self._copy()
        self._settle()

    def _settle(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"VACUUM ANALYZE {_TABLE}".encode())


def _write(warehouse: Warehouse, rows: pl.DataFrame) -> None:
    with warehouse.transaction() as connection:
        write_counts(connection, Report.LINES, rows)
