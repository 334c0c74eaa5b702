"""What: `dagster dev` in a fresh checkout: until its page answers, until the first hourly figures, and its memory.

Yardstick: `dagster dev` over a project that defines nothing, on Dagster's own default storage. Ours also starts a
Postgres and four simulated shops, whose memory counts. Memory is the share of each process (PSS), so that what
processes share counts once.
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
from benchmarks.table import Figure
from retail_pipeline.local.postgres import ensure_postgres

ROOT = Path(__file__).parents[1]
ROUNDS = 3
PATIENCE_S = 180.0
DAGSTER, RUNS, SERVERS = "Dagster's own processes", "runs under way", "Postgres and simulated shops"
_NOTHING = "import dagster as dg\n\ndefs = dg.Definitions()\n"


class Started(NamedTuple):
    """Seconds until the page answered, and memory by what holds it, MB."""

    seconds: float
    memory: Mapping[str, float]


def run(sizes: Sizes) -> list[Figure]:
    """Start, first data, memory."""
    del sizes  # there is one demo fleet
    ours: list[Started] = []
    empty: list[Started] = []
    first_data: list[float] = []
    for _ in range(ROUNDS):
        with own_home() as home:
            (home / "defs.py").write_text(_NOTHING)
            empty.append(started(["-f", "defs.py"], home, home))
        with own_home() as home:
            ours.append(started([], ROOT, home, lambda home=home: first_data.append(_first_data(home))))  # type: ignore[misc]
    size = f"demo fleet, {ROUNDS} rounds"
    seconds = [[one.seconds for one in each] for each in (ours, empty)]
    memory = [[sum(one.memory.values()) for one in each] for each in (ours, empty)]
    limit = ", ".join(f"{kind} {median(one.memory[kind] for one in ours):,.0f} MB" for kind in (DAGSTER, RUNS, SERVERS))
    words = "`dagster dev` over an empty project"
    late = ratio_of(first_data, [60.0] * ROUNDS)
    start, held = ratio_of(*seconds), ratio_of(*memory)
    return [
        Figure("`dagster dev` until it answers", size, median(seconds[0]), words, median(seconds[1]), start, 1.3),
        Figure("from its answer to the first hourly figures", size, median(first_data), "at most", 60, late, 1),
        Figure(
            "memory of `dagster dev`",
            size,
            median(memory[0]),
            words,
            median(memory[1]),
            held,
            1.3,
            unit="MB",
            limit=limit,
        ),
    ]


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
    if "multiprocessing" in words and "spawn" in words:
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
