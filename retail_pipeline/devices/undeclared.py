"""People on lines or regions that the fleet file does not declare: nobody can say what they mean.

The row is kept, as its declared lines are as good as ever; what is refused is told beside it.
"""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.devices.headers import NUMBERS
from retail_pipeline.devices.models import Reply
from retail_pipeline.devices.rows import is_complete
from retail_pipeline.fleet.models import Report

_ALL, _NONE = frozenset(NUMBERS), frozenset[int]()
_FOUND = {"reply_index": pl.Int64(), "row_number": pl.Int32(), "reason": pl.String()}


def undeclared_people(good: pl.DataFrame, replies: Sequence[Reply], report: Report) -> pl.DataFrame:
    """`reply_index`, `row_number`, `reason` of complete rows with people on a line that is not declared.

    A device that declares none at all is left alone: it is still to be told what it counts.
    """
    if report is Report.HEAT:
        return pl.DataFrame(schema=_FOUND)
    kind = "line" if report is Report.LINES else "region"
    unknown = {index: named for index, reply in enumerate(replies) if (named := _undeclared(reply, report))}
    rows = good.filter(pl.col("reply_index").is_in(list(unknown)) | pl.col("has_more_lines")).filter(is_complete())
    if rows.is_empty():
        return pl.DataFrame(schema=_FOUND)
    where = pl.concat_list([_place(number, kind, unknown, report) for number in NUMBERS] + [_beyond(kind)])
    told = rows.with_columns(where.list.drop_nulls().list.join(", ").alias("where")).filter(pl.col("where") != "")
    reason = pl.format("people on {}, which the fleet file does not declare: all else of the row is kept", "where")
    return told.select("reply_index", "row_number", reason.alias("reason"))


def _undeclared(reply: Reply, report: Report) -> frozenset[int]:
    device = reply.ask.device
    declared = device.lines if report is Report.LINES else device.regions
    return _ALL.difference(declared) if 0 < len(declared) < len(_ALL) else _NONE


def _place(number: int, kind: str, unknown: dict[int, frozenset[int]], report: Report) -> pl.Expr:
    figures = [f"line{number}_in", f"line{number}_out"] if report is Report.LINES else [f"region{number}"]
    is_unknown = pl.col("reply_index").is_in([index for index, numbers in unknown.items() if number in numbers])
    return pl.when(is_unknown & (pl.sum_horizontal(figures) > 0)).then(pl.lit(f"{kind} {number}"))


def _beyond(kind: str) -> pl.Expr:
    return pl.when("has_more_lines").then(pl.lit(f"a {kind} beyond the fourth"))
