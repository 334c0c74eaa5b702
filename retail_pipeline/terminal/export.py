"""`retail-pipeline export`: any table or view of the warehouse as CSV, Parquet or XLSX."""

import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow.parquet as pq
from rich.console import Console

from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.terminal.span import RunRefusedError, as_utc
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.exports import Relation, Slice, exported, relations

SHEET_ROWS = 1_048_575
"""What a worksheet holds beside its header."""

_UTC = pl.Datetime("us", "UTC")
_ISO = "%Y-%m-%dT%H:%M:%S%.f%:z"


class Format(StrEnum):
    """What a file is written as."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


def export_table(
    name: str,
    *,
    first: dt.datetime | None,
    end: dt.datetime | None,
    store_ids: Sequence[str],
    file_format: Format | None,
    out: Path | None,
) -> int:
    """Write a table or view to a file, or as CSV to the standard output; returns 0.

    Raises:
        RunRefusedError: no such table, a range or stores that it does not have, or a format that needs a file.
    """
    chosen = file_format or _format_of(out)
    if out is None and chosen is not Format.CSV:
        raise RunRefusedError(f"--format {chosen} needs --out FILE: it is no text for a terminal.")
    span = (None if first is None else as_utc(first), None if end is None else as_utc(end))
    with open_warehouse() as warehouse:
        relation = _relation(warehouse, name)
        wanted = Slice(*span, list(store_ids) or None)
        _refuse_what_is_not_there(relation, wanted)
        with exported(warehouse, relation, wanted) as frames:
            if out is None:
                _write_csv(frames, sys.stdout.buffer)
                return 0
            rows = write_file(frames, chosen, out, name)
    Console(stderr=True).print(f"{rows:,} rows of {name} written to {out}.", markup=False, highlight=False)
    return 0


def write_file(frames: Iterable[pl.DataFrame], chosen: Format, out: Path, name: str) -> int:
    """Write the frames to a file, which stands under its name when it is whole; how many rows there were."""
    write = {Format.CSV: _write_csv, Format.PARQUET: _write_parquet, Format.XLSX: _write_xlsx}[chosen]
    unfinished = out.with_name(f".{out.name}.part")
    try:
        with unfinished.open("wb") as file:
            rows = write(frames, file, name)
        unfinished.replace(out)
    except OSError as error:
        raise RunRefusedError(f"--out {out}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _write_csv(frames: Iterable[pl.DataFrame], file: BinaryIO, _name: str = "") -> int:
    rows = 0
    for number, frame in enumerate(frames):
        text = frame.with_columns(pl.col(_UTC).dt.strftime(_ISO))
        text.write_csv(file, include_header=number == 0)
        rows += frame.height
    return rows


def _write_parquet(frames: Iterable[pl.DataFrame], file: BinaryIO, _name: str) -> int:
    rows = 0
    ordered = iter(frames)
    first = next(ordered).to_arrow()
    with pq.ParquetWriter(file, first.schema) as writer:
        for frame in ordered:
            writer.write_table(frame.to_arrow().cast(first.schema))
            rows += frame.height
    return rows


def _write_xlsx(frames: Iterable[pl.DataFrame], file: BinaryIO, name: str) -> int:
    """A worksheet knows no zones: times are cells of UTC, and their headings say so."""
    whole = pl.concat(frames)
    if whole.height > SHEET_ROWS:
        raise RunRefusedError(
            f"{name} has {whole.height:,} rows in this range, and a worksheet holds {SHEET_ROWS:,}: choose less with"
            " --from, --to and --store, or --format parquet."
        )
    times = [column for column, kind in whole.schema.items() if kind == _UTC]
    naive = whole.with_columns(pl.col(times).dt.replace_time_zone(None)).rename({one: f"{one} (UTC)" for one in times})
    naive.write_excel(file, worksheet=name[:31], autofit=whole.height < 10_000)
    return whole.height


def _format_of(out: Path | None) -> Format:
    suffix = "" if out is None else out.suffix.removeprefix(".").lower()
    return Format(suffix) if suffix in set(Format) else Format.CSV


def _relation(warehouse: Warehouse, name: str) -> Relation:
    known = relations(warehouse)
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise RunRefusedError(f"There is no table or view {name}.{meant} There are: {', '.join(sorted(known))}.")


def _refuse_what_is_not_there(relation: Relation, wanted: Slice) -> None:
    if relation.time_column is None and (wanted.start or wanted.end):
        raise RunRefusedError(f"--from, --to: {relation.name} has no time to go by.")
    if wanted.store_ids and "store_id" not in relation.columns:
        raise RunRefusedError(f"--store: {relation.name} is not about stores.")
    if wanted.start and wanted.end and wanted.start >= wanted.end:
        raise RunRefusedError("--from is not before --to.")
