"""What a figure was before: the revisions of its row, and for each what caused it."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.explain.document import Earlier, Gap, Input, Revised, Uses
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.question import DAYS, HOURS, Question, local_time

_REPORTS = {
    "raw_sensor_counts": Report.LINES,
    "regional_counts": Report.REGIONS,
    "long_stay_counts": Report.LONG_STAYS,
    "device_heat": Report.HEAT,
}
_COUNT = re.compile(r"(?:line|region)(\d)|value")
_TOLD_WITHOUT_COUNTS = {"entries_imputed", "exits_imputed", "imputation_method", "imputation_wape", "quality"}
_MOMENT = dt.timedelta(seconds=1)


def earlier_values(
    question: Question, evidence: Evidence, metric: str, uses: Uses | None, counts: Sequence[Input], gaps: Sequence[Gap]
) -> tuple[Earlier, ...]:
    """Every value that the figure had since it was first told, oldest first; `counts` are those that it uses."""
    mine = _of_figure(question, evidence.revisions).filter(pl.col("column_name") == metric)
    near = [one for one in gaps if _may_change(question, metric, uses, one.hour_start)]
    since: dt.datetime | None = None
    found = []
    for row in mine.iter_rows(named=True):
        found.append(_earlier(question, evidence, row, since, counts, near))
        since = row["changed_at"]
    return tuple(found)


def revised_counts(evidence: Evidence, counts: Sequence[Input]) -> tuple[Revised, ...]:
    """What devices told otherwise before, of the lines, regions and intervals of `counts`."""
    places = {(one.report, one.place, one.interval_start) for one in counts}
    rows = evidence.revisions.filter(pl.col("table_name").is_in(list(_REPORTS))).iter_rows(named=True)
    return tuple(
        _revised(row)
        for row in rows
        if (count := _COUNT.match(row["column_name"]))
        and (_REPORTS[row["table_name"]], _place(row["sensor_id"], count[1]), row["row_start"]) in places
    )


def _place(sensor_id: str, number: str | None) -> str:
    return f"{sensor_id}/{number}" if number else sensor_id


def _of_figure(question: Question, revisions: pl.DataFrame) -> pl.DataFrame:
    mine = revisions.filter(pl.col("table_name") == question.table)
    if question.table == DAYS:
        return mine.filter(pl.col("trading_day") == question.trading_day)
    if question.device is not None:
        return mine.filter(pl.col("row_start") == question.start, pl.col("sensor_id") == question.device)
    place = pl.col("place").eq_missing(pl.lit(question.place, pl.String()))
    return mine.filter(pl.col("row_start") == question.start, place)


def _may_change(question: Question, metric: str, uses: Uses | None, hour: dt.datetime) -> bool:
    """Whether counts of the hour that come late change the figure: hours of the day before it, or those it is made of.

    Of the hour itself only what was told before it was there: an estimate, a letter.
    """
    if question.hour is not None and hour == question.hour.hour_start:
        return metric in _TOLD_WITHOUT_COUNTS
    if uses is not None and uses.hours:
        return hour in uses.hours
    day_start, day_end = day_bounds(question.store, question.trading_day)
    return day_start <= hour < day_end


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
    late = [gap for gap in gaps if lies_between(gap.recovered_at)]
    causes = [
        *_of_counts(question, told),
        *_of_late_hours(question, late),
        *_of_declarations(evidence.declared, lies_between),
    ]
    others = [] if causes else [*_of_compared(question, evidence, lies_between)]
    return Earlier(
        value=row["old_value"],
        became=row["new_value"],
        changed_at=row["changed_at"],
        run_id=row["run_id"],
        reply_ids=tuple(sorted({one.reply_id for one in told if one.reply_id is not None})),
        cause="; ".join([*causes, *others])
        or "the counts are the same: a parser, a metric or a neighbouring day changed",
    )


def _of_late_hours(question: Question, gaps: Iterable[Gap]) -> Iterator[str]:
    """`lisbon-01-door delivered 2024-11-22T11:00+00:00 late`; hours of a device in one sentence."""
    for sensor_id, some in groupby(sorted(gaps, key=lambda gap: gap.sensor_id), key=lambda gap: gap.sensor_id):
        hours = sorted({gap.hour_start for gap in some})
        first = local_time(question.store, hours[0])
        what = first if len(hours) == 1 else f"{len(hours)} hours from {first} on"
        yield f"{sensor_id} delivered {what} late"


def _of_compared(
    question: Question, evidence: Evidence, lies_between: Callable[[dt.datetime | None], bool]
) -> Iterator[str]:
    """What the hours or days that it is compared with were before."""
    starts = [one.hour_start for one in evidence.compared.hours]
    days = {one.trading_day for one in evidence.compared.hours}
    table, is_among = (
        (DAYS, pl.col("trading_day").is_in(days))
        if question.table == DAYS
        else (HOURS, pl.col("row_start").is_in(starts))
    )
    mine = evidence.revisions.filter(pl.col("table_name") == table, pl.col("column_name") == "entries", is_among)
    for row in mine.iter_rows(named=True):
        if lies_between(row["changed_at"]):
            when = row["trading_day"] if table == DAYS else local_time(question.store, row["row_start"])
            yield f"entries of {when} {row['old_value']} -> {row['new_value'] or 'withdrawn'}"


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
