"""A till's export, loaded: read, judged, written; what can't be true is kept apart with its reason."""

import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.transactions import COLUMNS, REQUIRED, judge_transactions, with_silent_hours
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.transactions import store_rejected_transactions, write_transactions

_CELLS = {"row_number": pl.Int32(), "row": pl.String(), **dict.fromkeys(COLUMNS, pl.String())}


class TransactionsFileError(Exception):
    """The file cannot be used at all; the message names file and column. Whoever exported it acts."""


@dataclass(frozen=True)
class Loaded:
    """What a file came to: hours it told, hours that were new or changed, and rows refused (`row_number`, `reason`)."""

    hours: int
    changed: int
    rejected: pl.DataFrame


def load_transactions(
    fleet: Fleet, warehouse: Warehouse, path: Path, now: dt.datetime, *, whole_days: bool = False
) -> Loaded:
    """Load a CSV of `store_id`, `hour_start`, `transactions` and, where told, `sales` and `units`; safe to repeat.

    A later file replaces the hours that it tells. With `whole_days`, open hours that the file leaves out of a day sold
    nothing.

    Raises:
        TransactionsFileError: the file cannot be read, or a column is missing.
    """
    cells = read_cells(path)
    judged = judge_transactions(cells.drop("row"), fleet.stores)
    good = with_silent_hours(judged.good, fleet.stores) if whole_days else judged.good
    rejected = judged.rejected.join(cells.select("row_number", "row"), on="row_number", maintain_order="left")
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, now)
        changed = write_transactions(connection, good, path.name, now)
        store_rejected_transactions(connection, rejected, path.name, now)
    return Loaded(good.height, changed.height, rejected.select("row_number", "reason"))


def read_cells(path: Path) -> pl.DataFrame:
    """The text cells of a file with commas, or with semicolons and decimal commas; an empty cell is NULL.

    Raises:
        TransactionsFileError: it is no text, or a column is missing.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise TransactionsFileError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TransactionsFileError(f"{path} is not text in UTF-8") from None
    separator = ";" if lines and ";" in lines[0] else ","
    names = [name.strip().lower() for name in next(csv.reader(lines[:1], delimiter=separator), [])]
    if missing := [name for name in REQUIRED if name not in names]:
        raise TransactionsFileError(f"{path} has no column {', '.join(missing)}; its columns are {', '.join(COLUMNS)}")
    rows = [
        (number, line, *_cells_of(line, names, separator)) for number, line in enumerate(lines[1:], 1) if line.strip()
    ]
    return pl.DataFrame(rows, schema=_CELLS, orient="row")


def _cells_of(line: str, names: list[str], separator: str) -> list[str | None]:
    told = dict(zip(names, next(csv.reader([line], delimiter=separator)), strict=False))
    if separator == ";":
        told["sales"] = told.get("sales", "").replace(",", ".")
    return [told.get(name, "").strip() or None for name in COLUMNS]
