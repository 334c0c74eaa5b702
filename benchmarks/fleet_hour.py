"""What: the next hour of a running fleet as Dagster runs: collected, written, derived, summed up and checked.

Yardstick: the floors of its parts, each at its best: a bare asynchronous client, one `read_csv`, COPY, one lazy
query for the sums. What Dagster takes for itself stands apart: the same runs over the same graph, whose bodies do
nothing but tell of the same partitions and checks.
"""

from collections.abc import Mapping
from statistics import median
from typing import cast

import polars as pl
import psycopg

from benchmarks.collect import ask_bare, asks_of, fetch
from benchmarks.counts import made_counts
from benchmarks.derive import one_query
from benchmarks.device_server import open_many_files, served_devices
from benchmarks.fleet import HEADER, body
from benchmarks.measure import Contender, alone, interleaved, peak_memory_mb, ratio_of
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.devices.requests import report_url

LATENCY = 0.05
Measured = Mapping[str, list[float]]


def run(sizes: Sizes) -> list[Figure]:
    """Time, Dagster's own time, and memory."""
    with served_devices(LATENCY) as base_url:
        told = cast(
            "Measured", alone(f"{__name__}:measure", sizes.dagster_stores, sizes.devices, 1, base_url, sizes.rounds)
        )
    size = f"{sizes.dagster_stores:,} stores x {sizes.devices} devices"
    dagster, ours = told["events"], told["dagster"]
    work = [max(0.0, whole - own) for whole, own in zip(ours, dagster, strict=True)]
    floors = "floors: bare client, read_csv, COPY, one lazy query"
    memory = told["memory"][0]
    steps, asking, checks = (median(told[name]) for name in ("steps", "asking", "checks"))
    limit = (
        f"the same steps without Dagster take {steps:.2g} s, of it asking {asking:.2g} s; "
        f"that runs also check their own tables takes {checks:.2g} s"
    )
    part, whole = ratio_of(work, told["floors"]), ratio_of(ours, dagster)
    name = "fleet-hour as Dagster runs"
    return [
        Figure(f"{name}, less Dagster", size, median(work), floors, median(told["floors"]), part, 2, limit=limit),
        Figure(f"{name}, whole", size, median(ours), dagsters_own(told), median(dagster), whole),
        Figure("peak memory of these runs", size, memory, "at most", 700, None, 700, unit="MB"),
    ]


def dagsters_own(told: Measured) -> str:
    """What the time `events` is of."""
    return f"Dagster's own: four runs that do nothing but tell of {told['count'][0]:,.0f} partitions and checks"


def measure(stores: int, devices: int, hours: int, base_url: str, rounds: int) -> dict[str, list[float]]:
    """Seconds a round: runs (`dagster`), these without their work (`events`), the `steps` and `checks` of runs.

    Of one hour also the `asking` and the `floors`.
    """
    open_many_files()
    with pipeline(stores, devices, base_url, hours) as line:
        line.empty()
        prepare = line.forget_last_hour if hours == 1 else line.empty
        contenders = [
            Contender("dagster", line.by_dagster, prepare),
            Contender("events", line.only_events),
            Contender("steps", line.without_dagster, prepare),
            Contender("checks", line.checks_of_runs),
        ]
        if hours == 1:
            # A running fleet has its day behind it; a backfill of one begins with nothing, the first like the others.
            line.by_dagster()
            line.settle()
            line.only_events()
            floors = Floors(line)
            asks = asks_of(line.fleet, line.now)
            contenders.append(Contender("asking", lambda: sum(1 for _ in fetch(asks))))
            contenders.append(Contender("floors", floors.all, floors.empty))
        timings = interleaved(contenders, rounds, warm=False)
        told = {name: list(seconds) for name, seconds in timings.seconds.items()}
        return told | {"memory": [peak_memory_mb()], "count": [float(line.events)]}


class Floors:
    """The parts of a fleet-hour, each at its best and by itself."""

    def __init__(self, line: Pipeline) -> None:
        self.urls = [report_url(ask) for ask in asks_of(line.fleet, line.now)]
        self.bodies = HEADER.replace(b" ", b"") + b"\n"
        self.bodies += b"".join(body(seed).partition(b"\n")[2] for seed in range(len(self.urls)))
        self.counts = made_counts(line.fleet)
        newest = self.counts.filter(pl.col("interval_start") == self.counts["interval_start"].max())
        self.csv = newest.write_csv(include_header=False).encode()
        self.url = line.url

    def empty(self) -> None:
        """An unfilled table like that of the counts."""
        with psycopg.connect(self.url) as connection:
            connection.execute("DROP TABLE IF EXISTS floor_counts")
            connection.execute("CREATE TABLE floor_counts (LIKE retail.raw_sensor_counts INCLUDING ALL)")

    def all(self) -> None:
        """One after the other."""
        ask_bare(self.urls, len(self.urls))
        pl.read_csv(self.bodies)
        statement = "COPY floor_counts FROM STDIN (FORMAT csv)"
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(self.csv)
        one_query(self.counts)
