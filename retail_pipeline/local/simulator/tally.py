"""Running counts over time: how many people had crossed before an instant.

Counting by differences of a running count makes every window agree with every other, and an open hour only grow.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol


class Tally(Protocol):
    """A running count of people."""

    def before(self, instant: float) -> int:
        """People counted before `instant`, in seconds since 1970; never falls as time goes on."""
        ...


class EventTally:
    """People who crossed at known seconds since 1970."""

    def __init__(self, instants: Sequence[float]) -> None:
        self._instants = sorted(instants)

    def before(self, instant: float) -> int:
        """People who crossed before `instant`."""
        return bisect_left(self._instants, instant)


class SteadyTally:
    """People spread evenly over equal slots that begin at `start`, in seconds since 1970."""

    def __init__(self, start: float, slot_seconds: float, counts: Sequence[int]) -> None:
        self._start, self._slot_seconds, self._counts = start, slot_seconds, counts
        self._totals = [0]
        for count in counts:
            self._totals.append(self._totals[-1] + count)

    def before(self, instant: float) -> int:
        """People of the slots that have ended, and the whole people of the slot under way."""
        slots = (instant - self._start) / self._slot_seconds
        if slots <= 0:
            return 0
        index = int(slots)
        if index >= len(self._counts):
            return self._totals[-1]
        return self._totals[index] + int(self._counts[index] * (slots - index))
