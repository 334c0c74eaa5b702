"""Which column of a report holds what: by name, however the firmware spells it."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from retail_pipeline.fleet.models import Report

FIRST_CELL = "starttime"
NUMBERS = (1, 2, 3, 4)
LINES = tuple(f"line{number}_{way}" for number in NUMBERS for way in ("in", "out"))
REGIONS = tuple(f"region{number}" for number in NUMBERS)
_SUBJECTS = ("total", *(f"line{number}" for number in NUMBERS))
_LINE_ORDER = ("start", "end", *(f"{subject}_{what}" for subject in _SUBJECTS for what in ("in", "out", "sum")))

_MORE = r"(line\d+(in|out|sum)|region\d+)"

BY_REGION = frozenset({Report.REGIONS, Report.LONG_STAYS})
"""Reports with a column per region; they look alike."""

HEAT = ("value",)
REQUIRED = {Report.LINES: LINES, **dict.fromkeys(BY_REGION, REGIONS), Report.HEAT: HEAT}
OPTIONAL = {
    Report.LINES: tuple(name for name in _LINE_ORDER[2:] if name not in LINES),
    **dict.fromkeys(BY_REGION, ("total",)),
    Report.HEAT: (),
}


class HeaderError(ValueError):
    """The header is not one of a report (`is_report` False), or columns of the report cannot be told (True)."""

    def __init__(self, detail: str, header: str = "", *, is_report: bool) -> None:
        super().__init__(detail)
        self.header = header
        self.is_report = is_report


@dataclass(frozen=True, eq=False)
class Layout:
    """Our names of a report's columns, in its order; None for a column that nobody asked for.

    `more_lines` are the positions of lines or regions beyond the fourth. It is equal to itself alone, which is what
    replies are grouped by.
    """

    names: tuple[str | None, ...]
    more_lines: tuple[int, ...] = ()

    @cached_property
    def figures(self) -> tuple[str, ...]:
        """The columns that hold people, or heat."""
        return tuple(name for name in self.names if name and name not in {"start", "end"})


@lru_cache(maxsize=1024)
def layout_of(header: str, report: Report) -> Layout:
    """The layout of a report with that first line.

    Names differ by blanks, case and spelling (`Tolal` is the devices' own); columns may be more, or in another order.
    Seventeen columns with unknown names are taken in the usual order, unless a known name stands elsewhere.

    Raises:
        HeaderError: the first cell is not `StartTime`; a column is missing, or stands twice.
    """
    cells = [_plain(cell) for cell in header.split(",")]
    if not is_first_cell(cells[0]):
        raise HeaderError(_what_else(header), is_report=False)
    names = [_name(cell, report) for cell in cells]
    known = [name for name in names if name]
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise HeaderError(f"columns stand twice: {', '.join(twice)}", header, is_report=True)
    missing = [name for name in ("end", *REQUIRED[report]) if name not in known]
    if not missing:
        more = (at for at, cell in enumerate(cells) if names[at] is None and re.fullmatch(_MORE, cell))
        return Layout(tuple(names), tuple(more))
    is_usual_order = all(name in {None, usual} for name, usual in zip(names, _LINE_ORDER, strict=False))
    if report is Report.LINES and len(names) == len(_LINE_ORDER) and is_usual_order:
        return Layout(_LINE_ORDER)
    raise HeaderError(f"columns are missing: {', '.join(missing)}", header, is_report=True)


def is_first_cell(cell: str) -> bool:
    """Whether a body that begins with this cell is a report."""
    return _plain(cell) == FIRST_CELL


def is_heading(cell: str, report: Report) -> bool:
    """Whether this is the heading of a column that the report has."""
    return _name(_plain(cell), report) is not None


def _plain(cell: str) -> str:
    return re.sub(r"[^a-z0-9]", "", cell.lower())


def _name(cell: str, report: Report) -> str | None:
    if cell in {"starttime", "endtime"}:
        return cell.removesuffix("time")
    if report in BY_REGION:
        return "total" if cell == "sum" else cell if cell in REGIONS else None
    if report is Report.HEAT:
        return "value" if cell in {"value", "values"} else None
    match = re.fullmatch(r"(tolal|total|line[1-4])(in|out|sum)", cell)
    return f"{match[1].replace('tolal', 'total')}_{match[2]}" if match else None


def _what_else(header: str) -> str:
    text = header.strip()
    if text.startswith("<"):
        return "an HTML page, perhaps a login page"
    if text.startswith(("{", "[")):
        return "JSON"
    return f"a text whose first cell is {text.split(',')[0][:40]!r}"
