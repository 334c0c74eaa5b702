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


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown; a ratio stands with the extremes of its rounds."""
    rows = [
        "| what | how much | this project | beside | ratio, lowest to highest | to reach | |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*rows, *map(_row, figures)])


def _row(figure: Figure) -> str:
    beside = f"{figure.yardstick}: {amount(figure.theirs, figure.unit)}"
    verdict = {True: "reached", False: f"not reached: {figure.limit}" if figure.limit else "not reached", None: ""}
    cells = [figure.what, figure.size, amount(figure.ours, figure.unit), beside, _ratio(figure), _target(figure)]
    return f"| {' | '.join([*cells, verdict[figure.is_reached]])} |"


def _ratio(figure: Figure) -> str:
    if figure.ratio is None:
        return ""
    low, middle, high = (_short(value) for value in (figure.ratio.low, figure.ratio.median, figure.ratio.high))
    return middle if low == high else f"{middle} ({low} to {high})"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = ">=" if figure.is_floor else "<="
    return f"{sign} {figure.target:g}" + ("" if figure.ratio else f" {figure.unit}")


def amount(value: float, unit: str) -> str:
    """A figure with as many digits as can be meant; seconds below one in ms."""
    return f"{_short(value * 1000)} ms" if unit == "s" and value < 1 else f"{_short(value)} {unit}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
