"""A shop on simulated devices and a warehouse, both at a chosen time, for tests of whole steps."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import psycopg

from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.steps.collect import collect
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.local.simulator.running import RunningSimulator

HOUR = dt.timedelta(hours=1)


class Played:
    """Collects from a running simulator into a warehouse; replies are received when the simulated clock says so."""

    def __init__(self, fleet: Fleet, simulator: RunningSimulator, warehouse: Warehouse, url: str) -> None:
        self.fleet, self.simulator = pointed_at(fleet, simulator.base_url), simulator
        self.warehouse, self.url = warehouse, url

    def collect(self, now: dt.datetime, report: Report = Report.LINES, hours: int = 24) -> None:
        """A poll at `now` for the last hours."""
        self.simulator.freeze(now.isoformat())
        last = now.replace(minute=0, second=0, microsecond=0)
        wanted = {store_id: [last - n * HOUR for n in range(hours)] for store_id in self.fleet.store_ids}

        def fetch(asks: Sequence[Ask]) -> list[Answer]:
            return [replace(answer, received_at=now) for answer in fetch_all(asks, lambda _: None)]

        collect(self.fleet, self.warehouse, fetch, report, wanted, now)

    def counts(self, report: Report = Report.LINES) -> pl.DataFrame:
        """Every raw row."""
        read = reads.raw_counts if report is Report.LINES else reads.regional_counts
        ages = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
        return read(self.warehouse, self.fleet.store_ids, *ages)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """Runs a statement; rows where it gives any."""
        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def replies_of(answers: Sequence[Answer]) -> list[Reply]:
    """The replies among them."""
    return [answer for answer in answers if isinstance(answer, Reply)]
