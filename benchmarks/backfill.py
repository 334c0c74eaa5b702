"""What: a day of a fleet collected again, derived and checked, as one range run a job, with an event per partition.

Yardstick: a plain script that calls the same steps, without Dagster; what Dagster takes for its events stands apart.
Beside it a run for each hour and store, from a sample in one process: a process each, as a backfill makes them,
would cost seconds more.
"""

from statistics import median
from typing import cast

from benchmarks.device_server import open_many_files, served_devices
from benchmarks.fleet_hour import LATENCY, Measured, dagsters_own, measure
from benchmarks.measure import Contender, Ratio, alone, ratio_of
from benchmarks.pipeline import pipeline
from benchmarks.sizes import Sizes
from benchmarks.table import Figure

SAMPLE = 3
ROUNDS = 3
"""A round takes half a minute."""

__all__ = ["measure", "run", "sampled"]


def run(sizes: Sizes) -> list[Figure]:
    """One range run, Dagster's own part, and a run per partition."""
    stores, devices, hours, rounds = (
        sizes.dagster_stores,
        sizes.devices,
        sizes.backfill_hours,
        min(sizes.rounds, ROUNDS),
    )
    sample = min(SAMPLE, rounds)
    with served_devices(LATENCY) as base_url:
        told = cast("Measured", alone(f"{__name__}:measure", stores, devices, hours, base_url, rounds))
        each = cast("float", alone(f"{__name__}:sampled", stores, devices, hours, base_url, sample))
    size = f"{stores:,} stores x {hours} hours, {rounds} rounds"
    ours, dagster = told["dagster"], told["events"]
    work = [max(0.0, whole - own) for whole, own in zip(ours, dagster, strict=True)]
    apart = each * stores * hours
    faster = apart / median(ours)
    words = f"a run per hour and store (estimated from {sample})"
    part, whole = ratio_of(work, told["steps"]), ratio_of(ours, dagster)
    name, script = "backfill as range runs", "a plain script of the same steps"
    limit = f"every run checks its own tables, which takes {median(told['checks']):.2g} s; the script checks all, once"
    times = Ratio(faster, faster, faster)
    return [
        Figure(f"{name}, less Dagster", size, median(work), script, median(told["steps"]), part, 2, limit=limit),
        Figure(f"{name}, whole", size, median(ours), dagsters_own(told), median(dagster), whole),
        Figure("times faster than a run per partition", size, median(ours), words, apart, times, 30, is_floor=True),
    ]


def sampled(stores: int, devices: int, hours: int, base_url: str, sample: int) -> float:
    """Seconds of an hour of a store by runs of its own."""
    open_many_files()
    with pipeline(stores, devices, base_url, hours) as line:
        line.empty()
        line.one_partition()
        return median(Contender("", line.one_partition).seconds() for _ in range(sample))
