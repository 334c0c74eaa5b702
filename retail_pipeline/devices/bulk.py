"""Many bodies, one read: replies with the same header are joined, each line with its reply's number in front.

Measured on 4,000 replies of 24 rows: 28 ms, against 1,949 ms with a `read_csv` per reply.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.devices.headers import OPTIONAL, REQUIRED, HeaderError, Layout, layout_of
from retail_pipeline.fleet.models import Report

_FLAGS = {"is_readable": pl.Boolean(), "has_more_lines": pl.Boolean()}
_BOM = b"\xef\xbb\xbf"
_NUL, _UNREADABLE = b"\x00", "\ufffd".encode()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one reply as text, under a known layout; blank lines are gone."""

    reply_index: int
    layout: Layout
    text: bytes

    @property
    def lines(self) -> list[str]:
        """The rows as they came, first row first."""
        return self.text.decode("utf-8", "replace").split("\n") if self.text else []


def sheet_of(reply_index: int, body: bytes, report: Report) -> Sheet:
    """A body cut into header and rows.

    Raises:
        HeaderError: it is no report, an empty one included, or its columns cannot be told.
    """
    # No database takes a NUL in text, and the row is to be kept with its reason.
    text = body.removeprefix(_BOM).strip().replace(_NUL, _UNREADABLE)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    while b"\n\n" in text:
        text = text.replace(b"\n\n", b"\n")
    if not text:
        raise HeaderError("an empty body is no report, not zero people", is_report=False)
    header, _, rows = text.partition(b"\n")
    return Sheet(reply_index, layout_of(header.decode("utf-8", "replace"), report), rows)


def read_sheets(sheets: Sequence[Sheet], report: Report) -> pl.DataFrame:
    """All rows of all sheets, in the order of the sheets and of their rows.

    Columns: `reply_index`, `row_number` (from 1), `start` and `end` as text, every figure of the report as Int64 (NULL
    in a column that the reply does not have), `is_readable`: whether every cell that the header promises is a number
    and no cell is left over, `has_more_lines`: whether a line or region beyond the fourth counts people.
    """
    by_layout: defaultdict[Layout, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        if sheet.text:
            by_layout[sheet.layout].append(sheet)
    frames = [_read(layout, group, report) for layout, group in by_layout.items()]
    rows = pl.concat(frames) if frames else pl.DataFrame(schema=_columns(report))
    return rows if len(frames) == 1 else rows.sort("reply_index", maintain_order=True)


def _columns(report: Report) -> dict[str, pl.DataType]:
    figures = (*REQUIRED[report], *OPTIONAL[report])
    head = {"reply_index": pl.Int64(), "row_number": pl.Int32(), "start": pl.String(), "end": pl.String()}
    return {**head, **dict.fromkeys(figures, pl.Int64()), **_FLAGS}


def _read(layout: Layout, sheets: Sequence[Sheet], report: Report) -> pl.DataFrame:
    cells = _read_cells(layout, sheets, pl.Int64())
    if sum(cells.select(pl.col(layout.figures).null_count()).row(0)):
        # A cell that is no number, or a quoted one: those replies again, as text, so that no other reply is touched.
        odd = set(cells.filter(pl.any_horizontal(pl.col(layout.figures).is_null()))["reply_index"].to_list())
        text = _read_cells(layout, [sheet for sheet in sheets if sheet.reply_index in odd], pl.String())
        number = pl.col(layout.figures).str.strip_chars(' "\t').cast(pl.Int64, strict=False)
        cells = pl.concat([cells.filter(~pl.col("reply_index").is_in(odd)), text.with_columns(number)])
        cells = cells.sort("reply_index", maintain_order=True)
    is_readable = pl.all_horizontal(pl.col(layout.figures).is_not_null()) & pl.col("left_over").is_null()
    cells = cells.with_columns(is_readable=is_readable, has_more_lines=_has_people(layout.more_lines))
    columns = _columns(report)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in columns.items() if name not in cells.columns]
    return cells.with_columns(absent).select(columns.keys())


def _has_people(positions: Sequence[int]) -> pl.Expr:
    figures = [pl.col(f"unknown{at}").str.strip_chars(' "\t').cast(pl.Int64, strict=False) for at in positions]
    return pl.any_horizontal(pl.lit(value=False), *(figure.fill_null(0) > 0 for figure in figures))


def _read_cells(layout: Layout, sheets: Sequence[Sheet], figure: pl.DataType) -> pl.DataFrame:
    names = [name or f"unknown{position}" for position, name in enumerate(layout.names)]
    header = ",".join(["reply_index", *names, "left_over"]).encode()
    bodies: list[bytes] = []
    for sheet in sheets:
        number = b"\n%d," % sheet.reply_index
        bodies += number, sheet.text.replace(b"\n", number)
    dtypes = {name: figure if name in layout.figures else pl.String() for name in names}
    cells = pl.read_csv(
        b"".join([header, *bodies]),
        schema={"reply_index": pl.Int64(), **dtypes, "left_over": pl.String()},
        ignore_errors=True,
        quote_char=None,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
    )
    counts = pl.Series([sheet.text.count(b"\n") + 1 for sheet in sheets])
    firsts = (counts.cum_sum() - counts).repeat_by(counts).explode() if cells.height else pl.Series([], dtype=pl.Int64)
    return cells.with_columns(row_number=(pl.int_range(pl.len()) - firsts + 1).cast(pl.Int32))
