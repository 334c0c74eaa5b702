"""What: `dagster dev` in a fresh checkout: until its page answers, until the first hourly figures, and its memory.

Yardstick: `dagster dev` over a project that defines nothing, on Dagster's own default storage, which is SQLite. Memory
is the share of each process (PSS), so that what processes share counts once; ours is read when the first figures are
there. Dagster's own processes, which both have, are compared; an empty project has no Postgres, no devices and no runs,
so what those take stands in a line of its own.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
import psycopg

from benchmarks.ground import own_home
from benchmarks.measure import ratio_of
from benchmarks.sizes import Sizes
from benchmarks.table import Figure, amount
from retail_pipeline.local.postgres import ensure_postgres

ROOT = Path(__file__).parents[1]
ROUNDS = 3
PATIENCE_S = 180.0
DAGSTER, RUNS, SERVERS = "Dagster's own processes", "runs under way", "Postgres and simulated shops"
_OF_RUNS = ("multiprocessing.", "watch_orphans.py", "tail -F")
"""In the command lines of runs and of what follows their output, and in no other's."""

EMPTY = "`dagster dev` over an empty project"
NEEDED = "polars, psycopg, adbc_driver_postgresql"
"""What every process of the pipeline's code works with."""

_NOTHING = "import dagster as dg\n\ndefs = dg.Definitions()\n"
_HELD = """
import dagster, psutil
def held():
    memory = psutil.Process().memory_full_info()
    return getattr(memory, "pss", memory.rss) / (1 << 20)
before = held()
import {}
print(held() - before)
"""
_LOADED = """
import time
import dagster._grpc.server, retail_pipeline.resources.dagster_storage
begun = time.perf_counter()
from retail_pipeline.definitions import defs
defs()
print(time.perf_counter() - begun)
"""


class Started(NamedTuple):
    """Seconds until the page answered, and memory by what holds it, MB."""

    seconds: float
    memory: Mapping[str, float]


class Rounds(NamedTuple):
    """What the rounds gave: both projects, and what ours waits for or holds that no other could do without."""

    ours: list[Started]
    empty: list[Started]
    first_data: list[float]
    cluster_s: list[float]


def run(sizes: Sizes) -> list[Figure]:
    """Start, first data, memory."""
    del sizes  # there is one demo fleet
    rounds = Rounds([], [], [], [])
    for _ in range(ROUNDS):
        _round(rounds)
    return [*_waits(rounds), *_memories(rounds)]


def _round(rounds: Rounds) -> None:
    with own_home() as home:
        (home / "defs.py").write_text(_NOTHING)
        rounds.empty.append(started(["-f", "defs.py"], home, home))
    with own_home() as home:
        rounds.ours.append(started([], ROOT, home, lambda: rounds.first_data.append(_first_data(home))))
    with own_home() as home:
        begun = time.perf_counter()
        ensure_postgres(home).close()
        rounds.cluster_s.append(time.perf_counter() - begun)


def _waits(rounds: Rounds) -> list[Figure]:
    size = f"demo fleet, {ROUNDS} rounds"
    ours, empty = ([one.seconds for one in each] for each in (rounds.ours, rounds.empty))
    data = median(rounds.first_data)
    late = ratio_of(rounds.first_data, [60.0] * ROUNDS)
    code, cluster = (amount(one, "s") for one in (_told(_LOADED), median(rounds.cluster_s)))
    limit = f"to load our code takes {code}, and meanwhile a new Postgres {cluster} of the other core"
    return [
        Figure(
            "`dagster dev` until it answers",
            size,
            median(ours),
            EMPTY,
            median(empty),
            ratio_of(ours, empty),
            1.3,
            limit=limit,
        ),
        Figure("from its answer to the first hourly figures", size, data, "at most", 60, late, 1),
    ]


def _memories(rounds: Rounds) -> list[Figure]:
    ours = {kind: [one.memory[kind] for one in rounds.ours] for kind in (DAGSTER, RUNS, SERVERS)}
    whole = [sum(one.memory.values()) for one in rounds.ours]
    parts = ", ".join(f"{amount(median(ours[kind]), 'MB')} {kind}" for kind in (RUNS, SERVERS))
    limit = f"{NEEDED} add {amount(_told(_HELD.format(NEEDED)), 'MB')} to the process that loads our code"
    return [
        _memory(rounds, "memory of `dagster dev`: Dagster's own processes", "demo fleet", ours[DAGSTER], 1.3, limit),
        _memory(rounds, "the same with what an empty project has none of", f"of it {parts}", whole, None, ""),
    ]


def _memory(rounds: Rounds, what: str, size: str, held: list[float], target: float | None, limit: str) -> Figure:
    empty = [sum(one.memory.values()) for one in rounds.empty]
    ratio = ratio_of(held, empty)
    return Figure(what, size, median(held), EMPTY, median(empty), ratio, target, unit="MB", limit=limit)


def _told(program: str) -> float:
    """The number that a process of its own prints."""
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def started(arguments: list[str], folder: Path, home: Path, then: Callable[[], object] = lambda: None) -> Started:
    """Seconds until the page answers, and MB a little later; ended afterwards."""
    port = free_port()
    begun = time.perf_counter()
    with dagster_dev([*arguments, "-p", str(port), "-h", "127.0.0.1"], folder, home) as process:
        wait_for(lambda: answers(port))
        seconds = time.perf_counter() - begun
        then()
        return Started(seconds, memory_mb(process.pid, home))


@contextmanager
def dagster_dev(arguments: list[str], folder: Path, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`dagster dev` in a session of its own, stopped as by Ctrl-C."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RETAIL_", "DAGSTER_"))}
    command = [str(Path(sys.executable).parent / "dagster"), "dev", *arguments]
    with (home / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**clean, "RETAIL_HOME": str(home)}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(is_there: Callable[[], bool]) -> None:
    """Look every tenth of a second.

    Raises:
        TimeoutError: it is not there after three minutes.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not is_there():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing within {PATIENCE_S:g} s")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """Whether the page of the UI comes."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as reply:
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def memory_mb(pid: int, home: Path) -> dict[str, float]:
    """What a process, its children and everything that names its home hold, MB, by what they are."""
    of_tree = {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    total = dict.fromkeys((DAGSTER, RUNS, SERVERS), 0.0)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid in of_tree or any(str(home) in part for part in process.cmdline()):
                held = process.memory_full_info()
                total[_kind(process)] += getattr(held, "pss", held.rss) / (1 << 20)
    return total


def _kind(process: psutil.Process) -> str:
    words = " ".join([process.name(), *process.cmdline()])
    if any(part in words for part in _OF_RUNS):
        return RUNS
    return SERVERS if "postgres" in process.name() or "retail_pipeline.local" in words else DAGSTER


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_data(home: Path) -> float:
    begun = time.perf_counter()

    def is_there() -> bool:
        try:
            with ensure_postgres(home) as postgres, psycopg.connect(postgres.url("retail")) as connection:
                found = connection.execute("SELECT EXISTS (SELECT FROM retail.hourly_analytics)").fetchone()
                return bool(found and found[0])
        except psycopg.Error:
            return False

    wait_for(is_there)
    return time.perf_counter() - begun
