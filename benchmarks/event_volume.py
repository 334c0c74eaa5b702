"""What Dagster writes down about a day of the pipeline: the runs of one hour, as the schedule has them, 24 times.

Reports, once a day, and live readings, where devices show them, come on top. In the first ten minutes of an hour a poll
leaves the open one alone: whoever measures then finds a third less.

Yardstick: the same at commit b00286a, where each event said everything twice, each check was also an output, and what
a run had planned stayed for ever; measured by this module over that commit, 10 stores of 4 devices.
"""

from collections.abc import Mapping
from typing import NamedTuple, cast

import psycopg

from benchmarks.device_server import open_many_files, served_devices
from benchmarks.fleet import HOUR
from benchmarks.measure import Ratio, alone
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.assets.summaries import DUE_ONLY
from retail_pipeline.automation import jobs
from retail_pipeline.automation.rectangles import day_rectangle, hour_rectangle

STORES = 10
HOURS_A_DAY = 24
_TABLES = ("event_logs", "asset_event_tags", "asset_check_executions")


class Volume(NamedTuple):
    """Events, and the bytes that their tables and indexes take."""

    events: float
    size: float


BEFORE = Volume(1478.4, 2_890_138.0)
"""A day of a store at b00286a."""


def figures(sizes: Sizes) -> list[Figure]:
    """Of a store and day."""
    stores = 1 if sizes.name == "small" else STORES
    with served_devices(0.0) as base_url:
        told = cast("Mapping[str, float]", alone(f"{__name__}:measure", stores, sizes.devices, base_url))
    now = Volume(told["events"] / stores, told["size"] / stores)
    size, words = f"{stores} stores, an hour's runs x {HOURS_A_DAY}", f"{STORES} stores at commit b00286a"
    return [
        _figure("events of Dagster's log, a store and day", size, now.events, words, BEFORE.events, "events"),
        _figure("their room, a store and day", size, now.size / 1e6, words, BEFORE.size / 1e6, "MB"),
    ]


def _figure(what: str, size: str, ours: float, words: str, theirs: float, unit: str) -> Figure:
    share = ours / theirs
    return Figure(what, size, ours, words, theirs, Ratio(share, share, share), unit=unit)


def measure(stores: int, devices: int, base_url: str) -> dict[str, float]:
    """A day of so many stores."""
    open_many_files()
    with pipeline(stores, devices, base_url, 1) as line:
        line.empty()
        return a_day(line)._asdict()


def a_day(line: Pipeline) -> Volume:
    """From the runs of an hour, after a first hour and without what it left of the last one."""
    line.by_dagster()
    line.run(jobs.PLAN, {})
    line.forget_last_hour()
    before = _held(line)
    an_hour(line)
    after = _held(line)
    return Volume((after.events - before.events) * HOURS_A_DAY, (after.size - before.size) * HOURS_A_DAY)


def an_hour(line: Pipeline) -> None:
    """The poll on the hour, with what follows from it, and the one of the open hour at half past."""
    ended, stores = line.hours[-1], line.fleet.store_ids
    days = day_rectangle(line.days[-1], line.days[-1], stores)
    for hour, assets in ((ended, ("raw_sensor_counts", "regional_counts")), (ended + HOUR, ("raw_sensor_counts",))):
        line.run(jobs.COLLECT_SENSORS, hour_rectangle(hour, hour, stores), only=assets)
        line.run(jobs.CALCULATE_REGIONS, hour_rectangle(hour, hour, stores))
    line.run(jobs.AGGREGATE, {**days, DUE_ONLY: "true"})
    line.run(jobs.HEALTH, {}, may_fail=True)
    line.run(jobs.PLAN, {})


def _held(line: Pipeline) -> Volume:
    """Without the room of rows that are gone, which later rows take."""
    sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in _TABLES)
    with psycopg.connect(line.dagster_url, autocommit=True) as connection:
        for table in _TABLES:
            connection.execute(f"VACUUM FULL {table}".encode())
        told = connection.execute(f"SELECT (SELECT count(*) FROM event_logs), {sizes}".encode()).fetchone()
    return Volume(*map(float, told or (0, 0)))
