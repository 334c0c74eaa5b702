"""Many bodies, one read: the rows of replies with the same header stand behind each other, and are numbered by count.

Measured on 4,000 replies of 24 rows: 35 ms, against 1,949 ms with a `read_csv` per reply.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from retail_pipeline.devices.headers import OPTIONAL, REQUIRED, HeaderError, Layout, layout_of
from retail_pipeline.fleet.models import Report

_FLAGS = {"is_readable": pl.Boolean(), "has_more_lines": pl.Boolean()}
_STAMP = pl.Categorical()
"""Thousands of devices write the same few stamps."""

_FIGURE = pl.Int32()
"""What is larger counts no people, and takes the slow way of all that cannot be read."""

_BOM = b"\xef\xbb\xbf"
_NUL, _UNREADABLE = b"\x00", "\ufffd".encode()


class Sheet(NamedTuple):
    """The rows of one reply as text, from `begins` in its body on, under a known layout; each ends in a newline."""

    reply_index: int
    layout: Layout
    body: bytes
    begins: int

    @property
    def lines(self) -> list[str]:
        """The rows as they came, first row first, without blank ones."""
        return [line for line in self.body[self.begins :].decode("utf-8", "replace").split("\n") if line]


def sheet_of(reply_index: int, body: bytes, report: Report) -> Sheet:
    """A body cut into header and rows.

    Raises:
        HeaderError: it is no report, an empty one included, or its columns cannot be told.
    """
    text = body if _is_clean(body) else _clean(body)
    if not text:
        raise HeaderError("an empty body is no report, not zero people", is_report=False)
    begins = text.index(b"\n") + 1
    return Sheet(reply_index, layout_of(text[: begins - 1].decode("utf-8", "replace"), report), text, begins)


def _is_clean(body: bytes) -> bool:
    """Whether cleaning would change nothing but blank lines: dear to look for, and seen at once when they are read."""
    is_whole = body[:1].isalpha() and body[-2:-1].isalnum() and body.endswith(b"\n")
    return is_whole and ord("\r") not in body and ord(_NUL) not in body  # a number is found sooner than a text


def _clean(body: bytes) -> bytes:
    # No database takes a NUL in text, and the row is to be kept with its reason.
    text = body.removeprefix(_BOM).strip().replace(_NUL, _UNREADABLE)
    text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _without_blank_lines(text) + b"\n" if text else text


def _without_blank_lines(text: bytes) -> bytes:
    while b"\n\n" in text:
        text = text.replace(b"\n\n", b"\n")
    return text


def read_sheets(sheets: Sequence[Sheet], report: Report) -> pl.DataFrame:
    """All rows of all sheets, in the order of the sheets and of their rows.

    Columns: `reply_index`, `row_number` (from 1), `start` and `end` as they stand there (Categorical), every figure of
    the report as Int32, or as Int64 where one is no Int32 (NULL in a column that the reply does not have),
    `is_readable`: whether every cell that the header promises is a number and no cell is left over, `has_more_lines`:
    whether a line or region beyond the fourth counts people.
    """
    by_layout: defaultdict[Layout, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        if sheet.begins < len(sheet.body):
            by_layout[sheet.layout].append(sheet)
    frames = [_read(layout, group, report) for layout, group in by_layout.items()]
    rows = pl.concat(frames, how="vertical_relaxed") if frames else pl.DataFrame(schema=_columns(report))
    return rows if len(frames) == 1 else rows.sort("reply_index", maintain_order=True)


def _columns(report: Report) -> dict[str, pl.DataType]:
    figures = (*REQUIRED[report], *OPTIONAL[report])
    head = {"reply_index": pl.Int64(), "row_number": pl.Int32(), "start": _STAMP, "end": _STAMP}
    return {**head, **dict.fromkeys(figures, _FIGURE), **_FLAGS}


def _read(layout: Layout, sheets: Sequence[Sheet], report: Report) -> pl.DataFrame:
    cells = _read_cells(layout, sheets, _FIGURE)
    if sum(cells.select(pl.col(layout.figures).null_count()).row(0)):
        cells = _with_odd_replies(cells, layout, sheets)
    is_readable = pl.all_horizontal(pl.col(layout.figures).is_not_null()) & pl.col("left_over").is_null()
    cells = cells.with_columns(is_readable=is_readable, has_more_lines=_has_people(layout.more_lines))
    columns = _columns(report)
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in columns.items() if name not in cells.columns]
    return cells.with_columns(absent).select(columns.keys())


def _with_odd_replies(cells: pl.DataFrame, layout: Layout, sheets: Sequence[Sheet]) -> pl.DataFrame:
    """Reads replies with a cell that is no number, or a quoted one, again as text, so that no other is touched."""
    odd = set(cells.filter(pl.any_horizontal(pl.col(layout.figures).is_null()))["reply_index"].to_list())
    again = [sheet._replace(body=_without_blank_lines(sheet.body)) for sheet in sheets if sheet.reply_index in odd]
    number = pl.col(layout.figures).str.strip_chars(' "\t').cast(pl.Int64, strict=False)
    text = _read_cells(layout, again, pl.String()).with_columns(number)
    usual = cells.filter(~pl.col("reply_index").is_in(odd))
    return pl.concat([usual, text], how="vertical_relaxed").sort("reply_index", maintain_order=True)


def _has_people(positions: Sequence[int]) -> pl.Expr:
    figures = [pl.col(f"unknown{at}").str.strip_chars(' "\t').cast(pl.Int64, strict=False) for at in positions]
    return pl.any_horizontal(pl.lit(value=False), *(figure.fill_null(0) > 0 for figure in figures))


def _read_cells(layout: Layout, sheets: Sequence[Sheet], figure: pl.DataType) -> pl.DataFrame:
    names = [name or f"unknown{position}" for position, name in enumerate(layout.names)]
    header = ",".join([*names, "left_over\n"]).encode()
    dtypes = {name: figure if name in layout.figures else pl.String() for name in names}
    dtypes |= {"start": _STAMP, "end": _STAMP}
    cells = pl.read_csv(
        b"".join([header, *(memoryview(sheet.body)[sheet.begins :] for sheet in sheets)]),
        schema={**dtypes, "left_over": pl.String()},
        ignore_errors=True,
        quote_char=None,
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
    )
    return _numbers(sheets).hstack(cells)


def _numbers(sheets: Sequence[Sheet]) -> pl.DataFrame:
    """`reply_index` and `row_number` (from 1) of every row."""
    rows = pl.Series([sheet.body.count(b"\n", sheet.begins) for sheet in sheets])
    indices = pl.Series([sheet.reply_index for sheet in sheets])
    numbers = pl.select(reply_index=indices, row_number=pl.int_ranges(1, rows + 1, dtype=pl.Int32))
    return numbers.explode("row_number")
