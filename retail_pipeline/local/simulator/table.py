"""Reports as tables of text, spelled as the devices spell them. Source: replies of Milesight people-counting cameras.

Which figures stand in them belongs in `device`, what can be wrong with them in `faults`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.local.simulator.truth import People

STAMP = "%Y/%m/%d %H:%M:%S"
SECOND = dt.timedelta(seconds=1)
LINES = "vcalogcsv"
REGIONS = "regionalcountlogcsv"
HEAT = "heatmapcsv"
_WAYS = ("In", "Out", "Sum")
LINES_HEADER = (*(f"{name} - {way}" for name in ("Tolal", "Line1", "Line2", "Line3", "Line4") for way in _WAYS),)
HEAT_HEADER = ("Value(s)",)
REGIONS_HEADER = ("region1", "region2", "region3", "region4", "Sum")


class Row(NamedTuple):
    """One row: naive device stamps (`end` exclusive here, inclusive in text), the UTC they stand for, figures."""

    start: dt.datetime
    end: dt.datetime
    span: Span
    figures: tuple[str, ...]


class Table(NamedTuple):
    """A report: names of the figures, with `separator` between them, and rows, with plain commas.

    Its stamps are written as `stamp`, and what stands as the end of a row lacks `end_lacks` to the true one.
    """

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str
    stamp: str = STAMP
    end_lacks: dt.timedelta = SECOND

    def text(self) -> str:
        """The report as CSV."""
        lines = [self.separator.join(("StartTime", "EndTime", *self.names))]
        lines += [",".join((*self._stamps(row), *row.figures)) for row in self.rows]
        return "\n".join(lines) + "\n"

    def _stamps(self, row: Row) -> tuple[str, str]:
        return f"{row.start:{self.stamp}}", f"{row.end - self.end_lacks:{self.stamp}}"


def line_figures(lines: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """In, Out and Sum of all lines together, then of each line."""
    total = (sum(line[0] for line in lines), sum(line[1] for line in lines))
    return tuple(str(figure) for entered, left in (total, *lines) for figure in (entered, left, entered + left))


def region_figures(regions: Sequence[int]) -> tuple[str, ...]:
    """Stays of each region, then their sum."""
    return tuple(map(str, (*regions, sum(regions))))


def figures_of(dw: str, people: People) -> tuple[str, ...]:
    """The figures of a row in the report `dw`."""
    if dw == HEAT:
        return (str(sum(map(sum, people.lines)) + sum(people.regions)),)
    return line_figures(people.lines) if dw == LINES else region_figures(people.regions)


def people_of(figures: Sequence[str]) -> People:
    """What `figures_of` was made from, as far as the report holds it."""
    numbers = [int(figure) for figure in figures]
    if len(numbers) == len(HEAT_HEADER):
        return People(regions=(numbers[0], 0, 0, 0))
    if len(numbers) == len(REGIONS_HEADER):
        return People(regions=tuple(numbers[:4]))
    return People(lines=tuple((numbers[at], numbers[at + 1]) for at in range(3, 15, 3)))


def figures_like(figures: Sequence[str], people: People) -> tuple[str, ...]:
    """The figures of `people` in the same report as `figures`."""
    return figures_of({len(HEAT_HEADER): HEAT, len(REGIONS_HEADER): REGIONS}.get(len(figures), LINES), people)
