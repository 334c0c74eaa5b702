"""The work of a night and its end state, for tests that disturb it: processes killed, connections cut, disks full.

Every statement, every COPY, every read and every answer is a point at which a test may strike.
"""

import datetime as dt
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

import psycopg
import pytest

from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.models import Ask, ClientLimits
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.steps.collect import collect
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.recover import open_gaps
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.cases import how_many
from retail_pipeline_tests.living import STORES
from retail_pipeline_tests.shops import utc

HOUR = dt.timedelta(hours=1)
NOW = utc("2026-11-20 12:45")
HOURS = [utc("2026-11-19 06:00") + n * HOUR for n in range(31)]
"""More than a reply holds: each device is asked twice."""

CASES = how_many(4)
"""Random cases of each kind."""

TABLES = {
    "raw_sensor_counts": "reply_id, collected_at",
    "regional_counts": "reply_id, collected_at",
    "virtual_region_occupancy": "run_id, input_version",
    "hourly_analytics": "run_id, input_version",
    "daily_summaries": "run_id, input_version",
    "revisions": "revision_id, reply_id, run_id, changed_at",
}
"""What the pipeline tells, and the columns that say only how it came there."""

POINTS = (
    (psycopg.Connection, "execute"),
    (psycopg.Connection, "commit"),
    (psycopg.Cursor, "copy"),
    (psycopg.Copy, "write"),
    (Warehouse, "read"),
)
NO_RETRY = ClientLimits(attempts=1)
Strike = Callable[[], None]


def fleet_at(base_url: str) -> Fleet:
    """Three stores, four devices, one of which counts regions too, played by a simulator."""
    declared = Fleet.model_validate({"organizations": [{"id": "acme", "name": "Acme"}], "stores": STORES})
    return pointed_at(declared, base_url)


def work_through(
    fleet: Fleet,
    warehouse: Warehouse,
    hours: Sequence[dt.datetime] = HOURS,
    now: dt.datetime = NOW,
    stores: Sequence[str] = (),
) -> None:
    """Collect both reports of the stores (none named: of all), derive, sum up."""
    wanted = dict.fromkeys(stores or fleet.store_ids, hours)

    def fetch(asks: Sequence[Ask]) -> list[Answer]:
        answers = fetch_all(asks, lambda _: None, NO_RETRY)
        return [replace(point(answer), received_at=now) for answer in answers]

    for report in Report:
        collect(fleet, warehouse, fetch, report, wanted, now)
    derive_hours(fleet, warehouse, wanted, now, "a-run")
    horizon = now - dt.timedelta(days=7)
    due = due_days(fleet, warehouse, horizon, now)
    days = {store_id: {day for name, day in due if name == store_id} for store_id in fleet.store_ids}
    summarise_days(fleet, warehouse, days, now, "a-run", due_only=True, since=horizon)


def expect(fleet: Fleet, warehouse: Warehouse, now: dt.datetime = NOW) -> None:
    """Write into the ledger what nobody collected of the hours."""
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, now)
    open_gaps(fleet, warehouse, None, HOURS[0], now)


def end_state(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of every table that tells something, in order, without ids and times of writing."""
    state = {}
    with psycopg.connect(url) as connection:
        for table, bookkeeping in TABLES.items():
            unsaid = "{" + bookkeeping.replace(" ", "") + "}"
            rows = connection.execute(
                f"SELECT (to_jsonb(told) - '{unsaid}'::text[])::text FROM retail.{table} AS told ORDER BY 1".encode()
            )
            state[table] = rows.fetchall()
        state["collection_gaps"] = connection.execute(
            "SELECT sensor_id, report, hour_start, cause, recovered_at IS NOT NULL, closed_as_lost_at IS NOT NULL"
            " FROM retail.collection_gaps ORDER BY 1, 2, 3"
        ).fetchall()
        left = connection.execute("SELECT step, store_id, trading_day FROM retail.derivation_attempts").fetchall()
    return state | {"derivation_attempts": left}


class Points:
    """Counts the points that a piece of work passes, and strikes at one of them."""

    def __init__(self, strike: Strike | None = None, at: int | None = None) -> None:
        self.strike, self.at, self.passed = strike, at, 0

    def passing(self) -> None:
        """The work is at a point."""
        self.passed += 1
        if self.strike and self.passed == self.at:
            self.strike()


_here = Points()


def point(value: Any) -> Any:
    """A point between an answer and its use."""
    _here.passing()
    return value


@contextmanager
def striking(points: Points) -> Iterator[Points]:
    """Every statement, COPY, read and commit of this process is a point while the context lasts."""
    global _here  # noqa: PLW0603
    before, _here = _here, points
    with pytest.MonkeyPatch.context() as patched:
        for owner, name in POINTS:
            patched.setattr(owner, name, _noted(getattr(owner, name)))
        yield points
    _here = before


def _noted(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def noted(*arguments: Any, **named: Any) -> Any:
        _here.passing()
        return method(*arguments, **named)

    return noted


def empty(url: str) -> Warehouse:
    """The warehouse at `url`, without a row."""
    with psycopg.connect(url) as connection:
        connection.execute("TRUNCATE retail.organizations, retail.revisions RESTART IDENTITY CASCADE")
    return Warehouse(url)


def kill_this_process() -> None:
    """Without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def child(url: str, base_url: str, at: int | None, function: str | None) -> None:
    """The work in a process of its own that ends at its `at`-th point, or on entering the function named."""
    with pytest.MonkeyPatch.context() as patched:
        if function:
            module, name = function.rsplit(".", 1)
            patched.setattr(f"retail_pipeline.warehouse.{module}.{name}", lambda *_, **__: kill_this_process())
        with striking(Points(kill_this_process, at)):
            work_through(fleet_at(base_url), Warehouse(url))


def chosen(seed: int, below: int, count: int = 4) -> list[int]:
    """Points at which a case strikes, one after the other."""
    lots = random.Random(seed)  # noqa: S311 - the same cases every time
    return [lots.randint(1, below) for _ in range(count)]
