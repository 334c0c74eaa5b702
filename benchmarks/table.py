"""A measured figure beside its yardstick, and the README's table of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Ratio, Timings


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        what: the job.
        size: of how much.
        ours: what this project takes, in `unit`.
        yardstick: what it is held against, in words, and `theirs`: what that takes.
        ratio: ours to theirs, of the rounds; None where there is nothing to divide by.
        target: the ratio to stay under; above, where `is_floor`. None: nothing was promised.
        limit: why the target can't be reached, where it is not.
    """

    what: str
    size: str
    ours: float
    yardstick: str
    theirs: float
    ratio: Ratio | None
    target: float | None = None
    is_floor: bool = False
    unit: str = "s"
    limit: str = ""

    @classmethod
    def of(
        cls,
        timings: Timings,
        what: str,
        size: str,
        *,
        ours: str,
        yardsticks: Sequence[str],
        yardstick: str,
        target: float | None = None,
        limit: str = "",
    ) -> "Figure":
        """The figure of contenders that took turns."""
        theirs = min(timings.median(one) for one in yardsticks)
        ratio = timings.ratio(ours, *yardsticks)
        return cls(what, size, timings.median(ours), yardstick, theirs, ratio, target, limit=limit)

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        value = self.ours if self.ratio is None else self.ratio.median
        return value >= self.target if self.is_floor else value <= self.target
