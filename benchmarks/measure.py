"""How everything here is measured: contenders take turns in one run, and a ratio is taken within each turn.

Neighbours, thermal limits and caches change the speed of a machine from minute to minute; they hit contenders of one
turn alike, so the median of the turns' ratios stands still where seconds do not.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROUNDS = 5


@dataclass(frozen=True)
class Contender:
    """One way of doing the job: `run` is timed, `prepare` goes before each and is not."""

    name: str
    run: Callable[[], object]
    prepare: Callable[[], object] | None = None

    def seconds(self) -> float:
        """The time of one run."""
        if self.prepare:
            self.prepare()
        gc.collect()
        started = time.perf_counter()
        self.run()
        return time.perf_counter() - started


@dataclass(frozen=True)
class Ratio:
    """How much longer one contender took than another: the median over the rounds, and the extremes."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Timings:
    """Seconds by contender, a figure a round."""

    seconds: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """The median of a contender, seconds."""
        return median(self.seconds[name])

    def ratio(self, name: str, *yardsticks: str) -> Ratio:
        """Of a contender to a yardstick, round by round; of several yardsticks the quickest of the round counts."""
        best = [min(times) for times in zip(*(self.seconds[one] for one in yardsticks), strict=True)]
        return ratio_of(self.seconds[name], best)

    def ratio_to_sum(self, name: str, *parts: str) -> Ratio:
        """Of a contender to what its parts take one after the other."""
        whole = [sum(times) for times in zip(*(self.seconds[one] for one in parts), strict=True)]
        return ratio_of(self.seconds[name], whole)


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Ratios of figures that were taken in pairs."""
    ratios = [mine / its for mine, its in zip(ours, theirs, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


def interleaved(contenders: Sequence[Contender], rounds: int = ROUNDS, *, warm: bool = True) -> Timings:
    """Every contender once a round, each round beginning with another one; `warm`: after a round that does not count.

    A cold cache is paid by whoever comes first, which says nothing of the contenders.
    """
    seconds: dict[str, list[float]] = {one.name: [] for one in contenders}
    for number in range(-1 if warm else 0, rounds):
        turn = number % len(contenders)
        for one in (*contenders[turn:], *contenders[:turn]):
            taken = one.seconds()
            if number >= 0:
                seconds[one.name].append(taken)
    return Timings(seconds)


def peak_memory_mb() -> float:
    """The most memory that this process has held so far, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource  # noqa: PLC0415  (not on every system, and not needed where /proc is)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def alone(function: str, *arguments: object) -> object:
    """What `module:function` returns in a process of its own, whose memory is nobody else's; JSON both ways.

    With `SMALL` in the environment in this process: a process takes seconds to begin, and nobody looks at its memory.

    Raises:
        subprocess.CalledProcessError: it failed; its words are on stderr.
    """
    if os.environ.get("SMALL"):
        module, _, name = function.partition(":")
        returned: object = getattr(importlib.import_module(module), name)(*arguments)
        return returned
    command = [sys.executable, "-m", "benchmarks.alone", function, json.dumps(arguments)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(ended.stdout.splitlines()[-1])
