"""Faults in the columns: names, number and order."""

from collections.abc import Sequence

from retail_pipeline.local.simulator.faults.kinds import Options
from retail_pipeline.local.simulator.table import Table


def total_spelling(table: Table, options: Options) -> Table:
    """Another firmware's spelling: `Total` for `Tolal`, and without blanks (`Line1-In`) if `blanks` is false."""
    names = tuple(name.replace("Tolal", "Total") for name in table.names)
    if options.get("blanks", True):
        return table._replace(names=names)
    return table._replace(names=tuple(name.replace(" ", "") for name in names), separator=",")


def missing_total(table: Table, _options: Options) -> Table:
    """No figures over all lines or regions."""
    is_total = [name.startswith("Tolal") or name == "Sum" for name in table.names]
    return _columns(table, [at for at, total in enumerate(is_total) if not total])


def extra_columns(table: Table, options: Options) -> Table:
    """A firmware with more to say: columns `names` (Line5 - In, Line5 - Out) of zeros at the end."""
    more = [str(name) for name in options.get("names", ("Line5 - In", "Line5 - Out"))]
    rows = tuple(row._replace(figures=(*row.figures, *("0" for _ in more))) for row in table.rows)
    return table._replace(names=(*table.names, *more), rows=rows)


def missing_columns(table: Table, options: Options) -> Table:
    """A firmware with less to say: nothing about line or region `number` (1)."""
    number = str(options.get("number", 1))
    is_gone = [name.startswith((f"Line{number} ", f"region{number}")) for name in table.names]
    return _columns(table, [at for at, gone in enumerate(is_gone) if not gone])


def reordered_columns(table: Table, _options: Options) -> Table:
    """The same columns, the last one first."""
    return _columns(table, list(reversed(range(len(table.names)))))


def _columns(table: Table, order: Sequence[int]) -> Table:
    rows = tuple(row._replace(figures=tuple(row.figures[at] for at in order)) for row in table.rows)
    return table._replace(names=tuple(table.names[at] for at in order), rows=rows)
