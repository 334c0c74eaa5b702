"""What a figure was before: the revisions of its row, and for each what caused it."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.explain.document import Earlier, Gap, Input, Revised
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.question import DAYS, Question, local_time

_REPORTS = {
    "raw_sensor_counts": Report.LINES,
    "regional_counts": Report.REGIONS,
    "long_stay_counts": Report.LONG_STAYS,
}
_COUNT = re.compile(r"(?:line|region)(\d)")
_MOMENT = dt.timedelta(seconds=1)


def earlier_values(
    question: Question, evidence: Evidence, metric: str, counts: Sequence[Input], gaps: Sequence[Gap]
) -> tuple[Earlier, ...]:
    """Every value that the figure had while its row was complete, oldest first."""
    mine = _of_figure(question, evidence.revisions).filter(pl.col("column_name") == metric)
    since: dt.datetime | None = None
    found = []
    for row in mine.iter_rows(named=True):
        found.append(_earlier(question, evidence, row, since, counts, gaps))
        since = row["changed_at"]
    return tuple(found)


def revised_counts(evidence: Evidence, counts: Sequence[Input]) -> tuple[Revised, ...]:
    """What devices told otherwise before, of the lines, regions and intervals of `counts`."""
    places = {(one.report, one.sensor_id, one.number, one.interval_start) for one in counts}
    rows = evidence.revisions.filter(pl.col("table_name").is_in(list(_REPORTS))).iter_rows(named=True)
    return tuple(
        _revised(row)
        for row in rows
        if (count := _COUNT.match(row["column_name"]))
        and (_REPORTS[row["table_name"]], row["sensor_id"], int(count[1]), row["row_start"]) in places
    )


def _of_figure(question: Question, revisions: pl.DataFrame) -> pl.DataFrame:
    mine = revisions.filter(pl.col("table_name") == question.table)
    if question.table == DAYS:
        return mine
    zone = pl.col("zone").eq_missing(pl.lit(question.zone, pl.String()))
    return mine.filter(pl.col("row_start") == question.start, zone)


def _earlier(
    question: Question,
    evidence: Evidence,
    row: dict[str, Any],
    since: dt.datetime | None,
    counts: Sequence[Input],
    gaps: Sequence[Gap],
) -> Earlier:
    def lies_between(at: dt.datetime | None) -> bool:
        return at is not None and (since is None or at > since) and at <= row["changed_at"] + _MOMENT

    told = [one for one in revised_counts(evidence, counts) if lies_between(one.changed_at)]
    causes = [
        *_of_counts(question, told),
        *(
            f"{gap.sensor_id} delivered {local_time(question.store, gap.hour_start)} late"
            for gap in gaps
            if lies_between(gap.recovered_at) and (question.hour is None or gap.hour_start != question.start)
        ),
        *_of_declarations(evidence.declared, lies_between),
    ]
    return Earlier(
        value=row["old_value"],
        became=row["new_value"],
        changed_at=row["changed_at"],
        run_id=row["run_id"],
        reply_ids=tuple(sorted({one.reply_id for one in told if one.reply_id is not None})),
        cause="; ".join(causes) or "the counts are the same: a parser, a metric or a neighbouring day changed",
    )


def _of_counts(question: Question, told: Iterable[Revised]) -> list[str]:
    return [
        f"reply {one.reply_id or 'none'}: {one.sensor_id} {one.column} of"
        f" {local_time(question.store, one.interval_start)} {one.value} -> {one.became or 'withdrawn'}"
        for one in told
    ]


def _of_declarations(declared: pl.DataFrame, lies_between: Callable[[dt.datetime | None], bool]) -> list[str]:
    """Lines that were declared otherwise before."""
    again = declared.filter(~pl.struct("sensor_id", "line").is_first_distinct())
    return [
        f"line {row['line']} of {row['sensor_id']} is declared {row['role']}{' inverted' if row['is_inverted'] else ''}"
        for row in again.iter_rows(named=True)
        if lies_between(row["valid_from"])
    ]


def _revised(row: dict[str, Any]) -> Revised:
    return Revised(
        sensor_id=row["sensor_id"],
        column=row["column_name"],
        interval_start=row["row_start"],
        value=row["old_value"],
        became=row["new_value"],
        changed_at=row["changed_at"],
        reply_id=row["reply_id"],
    )
