"""How large each benchmark is: for a test, for two cores and a coffee, or as large as the job can become."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Stores, devices, days of every benchmark; `rounds` is how often each contender runs."""

    name: str
    rounds: int
    stores: int
    devices: int
    derived_stores: int
    derived_days: int
    dagster_stores: int
    backfill_hours: int
    reader_stores: int
    latencies: tuple[float, ...]
    scaling: tuple[int, ...]

    @property
    def fleet(self) -> int:
        """Devices of the large fleet."""
        return self.stores * self.devices


SMALL = Sizes("small", 1, 4, 2, 3, 9, 2, 2, 2, (0.01,), (1, 2))
USUAL = Sizes("usual", 5, 1000, 4, 1000, 30, 100, 24, 100, (0.05, 2.0), (10, 100, 1000))
FULL = Sizes("full", 5, 1000, 4, 1000, 30, 100, 24, 1000, (0.05, 2.0), (10, 100, 1000))


def sizes() -> Sizes:
    """What `SMALL=1` or `FULL=1` in the environment asks for, else sizes for a run of minutes on two cores."""
    if os.environ.get("SMALL"):
        return SMALL
    return FULL if os.environ.get("FULL") else USUAL
