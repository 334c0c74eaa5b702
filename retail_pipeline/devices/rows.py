"""Which rows of a reply can be believed. A row is kept as reported, dropped as padding, or quarantined with a reason.

Nothing is repaired here, and a figure that cannot be read is never zero.
"""

from typing import NamedTuple

import polars as pl

from retail_pipeline.devices.headers import BY_REGION, HEAT, LINES, NUMBERS, REGIONS
from retail_pipeline.fleet.models import Report

TOLERANCE = pl.duration(minutes=2)
"""How far two clocks may differ before a row counts as the future; also how long a device takes to close an hour."""

_REFUSED = {"reply_index": pl.Int64(), "row_number": pl.Int32(), "reason": pl.String()}
HIGHEST_HEAT = 2**31 - 1
"""Its unit is not documented, so that nothing is too much but what the table cannot hold."""

_COUNTED = {Report.LINES: LINES, **dict.fromkeys(BY_REGION, REGIONS), Report.HEAT: HEAT}
_KEPT = {
    Report.LINES: (*LINES, "total_in", "total_out"),
    **dict.fromkeys(BY_REGION, (*REGIONS, "total")),
    Report.HEAT: HEAT,
}


_OF_GOOD = ("reply_index", "row_number", "interval_start", "interval_end", "settles_at", "now", "has_more_lines")


def figures_of(report: Report) -> tuple[str, ...]:
    """The figures that leave the parser, in the order of the tables."""
    return _KEPT[report]


class Judged(NamedTuple):
    """Rows to believe, in their order; `reply_index`, `row_number`, `reason` of those refused; padding by reply."""

    good: pl.DataFrame
    refused: pl.DataFrame
    padding: dict[int, int]


def judge_rows(rows: pl.DataFrame, report: Report, cap: int) -> Judged:
    """Tells good rows from others; a reason is looked for only where something is wrong.

    Needs the columns of `place_rows`. Padding: zeros for hours that have not come, or that the clock skipped.
    """
    rules = _rules(report, cap)
    is_wrong = pl.any_horizontal(pl.col("problem").is_not_null(), *(is_broken for _, is_broken in rules))
    rows = rows.with_columns(_totals(report))
    rows = rows.with_columns(is_wrong=is_wrong.fill_null(value=False), is_padding=_is_padding(report))
    is_good = rows.select(~pl.col("is_wrong") & ~pl.col("is_padding")).to_series()
    good, clashing = _without_clashes(rows.select(*_OF_GOOD, *_KEPT[report]).filter(is_good), report)
    reason = pl.coalesce("problem", *(pl.when(is_broken).then(pl.lit(text)) for text, is_broken in rules))
    wrong = rows.filter("is_wrong", ~pl.col("is_padding")).with_columns(reason=reason).select(_REFUSED.keys())
    padding = dict(rows.filter("is_padding").group_by("reply_index").len().rows())
    return Judged(good, pl.concat([wrong, clashing]), padding)


def _is_padding(report: Report) -> pl.Expr:
    is_zero = pl.all_horizontal(pl.col(_COUNTED[report]) == 0) & pl.col("is_readable")
    is_nowhere = (pl.col("interval_start") > pl.col("now")) | pl.col("problem").str.starts_with("the clocks of")
    return (is_zero & is_nowhere).fill_null(value=False)


def _totals(report: Report) -> list[pl.Expr]:
    """A total that the reply does not have is the sum of its parts."""
    if report is Report.HEAT:
        return []
    if report in BY_REGION:
        return [pl.coalesce("total", pl.sum_horizontal(REGIONS)).alias("total")]
    return [pl.coalesce(f"total_{way}", _of_all_lines(way)).alias(f"total_{way}") for way in ("in", "out")]


def _of_all_lines(way: str) -> pl.Expr:
    return pl.sum_horizontal(f"line{number}_{way}" for number in NUMBERS)


def _rules(report: Report, cap: int) -> list[tuple[str, pl.Expr]]:
    counted, what = _COUNTED[report], "people"
    if report is Report.HEAT:
        cap, what = HIGHEST_HEAT, "heat"
    start = pl.col("interval_start")
    is_outside = (start < pl.col("lower")) | (start >= pl.col("upper"))
    return [
        ("a cell is no number, or the row has more or fewer cells than the header", ~pl.col("is_readable")),
        ("a figure is negative", pl.min_horizontal(counted) < 0),
        (f"a figure is above {cap:,}", pl.max_horizontal(counted) > cap),
        *_checksums(report),
        (f"it holds {what} of the future: the device's clock is wrong", start > pl.col("now") + TOLERANCE),
        ("it lies outside of what was asked", is_outside),
    ]


def _checksums(report: Report) -> list[tuple[str, pl.Expr]]:
    if report is Report.HEAT:
        return []
    if report in BY_REGION:
        return [("Sum is not the sum of the regions", pl.col("total") != pl.sum_horizontal(REGIONS))]
    rules = [
        (f"Tolal - {way.title()} is not the sum of the lines", pl.col(f"total_{way}") != _of_all_lines(way))
        for way in ("in", "out")
    ]
    for subject in ("total", *(f"line{number}" for number in NUMBERS)):
        wrong = pl.col(f"{subject}_sum") != pl.col(f"{subject}_in") + pl.col(f"{subject}_out")
        rules.append((f"{subject.title().replace('Total', 'Tolal')} - Sum is not In + Out", wrong))
    return rules


def _without_clashes(good: pl.DataFrame, report: Report) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Drops rows that are the same as another of their reply; rows that contradict each other are both refused."""
    is_same_reply = pl.col("reply_index") == pl.col("reply_index").shift()
    begins_early = pl.col("interval_start") < pl.col("interval_end").shift()
    clashing = good.filter(is_same_reply & begins_early)["reply_index"].unique().to_list()
    if not clashing:
        return good, pl.DataFrame(schema=_REFUSED)
    is_clashing = pl.col("reply_index").is_in(clashing)
    settled = _settle_clashes(good.filter(is_clashing), report)
    kept = settled.filter(pl.col("reason").is_null()).drop("reason")
    good = pl.concat([good.filter(~is_clashing), kept]).sort("reply_index", "row_number")
    return good, settled.filter(pl.col("reason").is_not_null()).select(_REFUSED.keys())


def _settle_clashes(rows: pl.DataFrame, report: Report) -> pl.DataFrame:
    key = ["reply_index", "interval_start", "interval_end"]
    rows = rows.sort(*key, "row_number").unique([*key, *_KEPT[report]], keep="first", maintain_order=True)
    latest_end = pl.col("interval_end").cum_max().shift().over("reply_index")
    next_start = pl.col("interval_start").shift(-1).over("reply_index")
    overlaps = (pl.col("interval_start") < latest_end) | (next_start < pl.col("interval_end"))
    reason = pl.when(overlaps).then(pl.lit("another row of the reply contradicts it"))
    return rows.with_columns(reason=reason)


def is_complete() -> pl.Expr:
    """Whether the device's clock says that the count of a row can no longer grow."""
    return pl.col("settles_at") + TOLERANCE <= pl.col("now")
