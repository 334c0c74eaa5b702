"""Puts an explanation together: the question answered figure by figure, with all that it rests on."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.metrics import Metric, metric_of
from retail_pipeline.frames.zone_hours import ESTIMATED
from retail_pipeline.steps.explain.day_workings import DAY_WORKINGS
from retail_pipeline.steps.explain.document import Estimate, Explanation, Figure, Gap, Input, SourceReply, Uses, Value
from retail_pipeline.steps.explain.evidence import Evidence, gather
from retail_pipeline.steps.explain.facts import Facts, Known, facts_of
from retail_pipeline.steps.explain.heat_workings import DEVICE_HEAT_WORKINGS
from retail_pipeline.steps.explain.history import earlier_values, revised_counts
from retail_pipeline.steps.explain.hour_workings import HOUR_WORKINGS, HourFacts
from retail_pipeline.steps.explain.hours_behind import hours_behind
from retail_pipeline.steps.explain.inputs import inputs
from retail_pipeline.steps.explain.interval import placed_in_interval
from retail_pipeline.steps.explain.outlook_workings import HEAT_WORKINGS, STAFF_WORKINGS
from retail_pipeline.steps.explain.question import (
    ALERTS,
    DAYS,
    DEVICE_HEAT,
    FLOWS,
    HEAT,
    HOURS,
    INTERVALS,
    SALES,
    STAFF,
    ZONE_DAYS,
    ZONES,
    Question,
    refuse_outside,
)
from retail_pipeline.steps.explain.reasons import (
    why_letter,
    why_missing,
    why_no_alert,
    why_no_heat,
    why_no_outlook,
    why_null,
)
from retail_pipeline.steps.explain.removed import removed_comparisons, removed_inputs, removed_replies
from retail_pipeline.steps.explain.sales_workings import SALES_WORKINGS
from retail_pipeline.steps.explain.uses import used_by, uses_of
from retail_pipeline.steps.explain.working import Row, Working
from retail_pipeline.steps.explain.zone_day_workings import ZONE_DAY_WORKINGS
from retail_pipeline.steps.explain.zone_workings import ALERT_WORKINGS, FLOW_WORKINGS, INTERVAL_WORKINGS, ZONE_WORKINGS
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.explain import first_known_hour, replies_named

Work = Callable[[Any], Working]
WORKINGS: Mapping[str, Mapping[str, Work]] = {
    HOURS: HOUR_WORKINGS,
    DAYS: DAY_WORKINGS,
    ZONES: ZONE_WORKINGS,
    ZONE_DAYS: ZONE_DAY_WORKINGS,
    INTERVALS: INTERVAL_WORKINGS,
    FLOWS: FLOW_WORKINGS,
    ALERTS: ALERT_WORKINGS,
    STAFF: STAFF_WORKINGS,
    HEAT: HEAT_WORKINGS,
    DEVICE_HEAT: DEVICE_HEAT_WORKINGS,
    "conversion_hours": SALES_WORKINGS,
    "conversion_days": SALES_WORKINGS,
}
"""How each figure comes about, by table and column."""


def explain(question: Question, warehouse: Warehouse, now: dt.datetime) -> Explanation:
    """The figures that are asked for, with definition, working, inputs, replies, gaps and earlier values.

    Raises:
        NotExplainableError: the period has not begun, or lies before everything that is known.
    """
    refuse_outside(question, first_known_hour(warehouse, question.store.id), now)
    question = placed_in_interval(question, warehouse)
    gone = removed_inputs(question, warehouse)
    return _Answer(question, gather(warehouse, question, now), now, gone).told(warehouse)


class _Answer:
    """One question and its evidence."""

    def __init__(self, question: Question, evidence: Evidence, now: dt.datetime, gone: str | None) -> None:
        self.question, self.evidence, self.now, self.gone = question, evidence, now, gone
        self.row = next(evidence.answer.iter_rows(named=True), None)
        self.again = None if gone else next(evidence.again.iter_rows(named=True), None)
        self.counts = inputs(question, evidence)
        self.gaps = tuple(_gaps(evidence, question))
        first, end = question.whole_hours
        self.own_gaps = tuple(one for one in self.gaps if first <= one.hour_start < end)
        self.because = why_letter(question, self.row, self.own_gaps, now)
        self.facts = None if self.row is None or gone else self._facts(self.again or self.row)
        self.missing = None if self.row else self._why_missing()

    def told(self, warehouse: Warehouse) -> Explanation:
        """The whole document."""
        figures = tuple(self._figure(table, name) for table, name in self._asked())
        rows = used_by(self.counts, (one.uses for one in figures))
        store, question = self.question.store, self.question
        ids = {one.reply_id for one in rows} | {i for one in figures for was in one.earlier for i in was.reply_ids}
        replies = tuple(SourceReply(**one) for one in replies_named(warehouse, ids).iter_rows(named=True))
        removed = (
            self.gone or removed_comparisons(question, warehouse, self.evidence.compared.hours),
            removed_replies(question, warehouse, ids, len(replies)),
        )
        return Explanation(
            at=self.now,
            store_id=store.id,
            store_name=store.name,
            organization_id=store.organization,
            timezone=store.timezone,
            zone=question.zone,
            way=question.place if question.way else None,
            device=question.device,
            period=question.period,
            start=question.start,
            end=question.end,
            trading_day=question.trading_day,
            is_complete=self._column("is_complete"),
            missing_because=self.missing,
            quality=self._column("quality"),
            quality_because=self.because,
            removed=tuple(sentence for sentence in removed if sentence),
            run_id=self.evidence.run_id,
            input_version=self._column("input_version"),
            figures=figures,
            estimate=self._estimate(),
            inputs=rows,
            replies=replies,
            gaps=self._gaps_of(rows),
            revised_counts=revised_counts(self.evidence, rows),
        )

    def _asked(self) -> Sequence[tuple[str, str]]:
        """Sales are told where they are known, or asked for by name."""
        metrics = self.question.metrics
        return [one for one in metrics if len(metrics) == 1 or self.evidence.sales or one[0] not in SALES.values()]

    def _figure(self, table: str, name: str) -> Figure:
        metric = metric_of(table, name)
        uses = self._uses(name)
        is_sale = table in SALES.values()
        row = self.evidence.sales if is_sale else self.row
        value = None if row is None else _value(row[name])
        working = self._working(table, name, row)
        again = None if is_sale or self.again is None else _value(self.again[name])
        used = used_by(self.counts, [uses])
        return Figure(
            metric=name,
            table=table,
            value=value,
            unit=metric.unit,
            range=metric.range,
            formula=metric.formula,
            version=metric.version,
            source=metric.source,
            null_when=metric.null,
            working=working.text,
            terms=working.terms,
            uses=uses,
            computed_again=value if is_sale else again,
            is_current=None if is_sale or self.row is None or self.gone else self._is_current(again, value),
            missing_because=self._missing(metric, row) if value is None else None,
            earlier=earlier_values(self.question, self.evidence, name, uses, used, self.gaps),
        )

    def _uses(self, name: str) -> Uses | None:
        hours = hours_behind(self.question, self.evidence, self.facts, name)
        is_estimated = self._column("occupancy_source") == ESTIMATED or bool(self._column("is_estimated"))
        return uses_of(self.question, name, hours, is_estimated=is_estimated)

    def _is_current(self, again: Value, value: Value) -> bool | None:
        """None where nothing writes it anew: heat is what was told, a plan stays as it was when its day began."""
        if self.question.table == DEVICE_HEAT:
            return None
        is_kept = self.evidence.outlook is not None and self.evidence.outlook.is_kept
        return None if is_kept and again != value else again == value

    def _working(self, table: str, name: str, row: Row | None) -> Working:
        """How it comes about now; a figure of which nothing is known, or no longer, has none."""
        if row is None or (self.gone and table not in SALES.values()):
            return Working("")
        return WORKINGS[table][name](row if table in SALES.values() else self.facts)

    def _missing(self, metric: Metric, row: Row | None) -> str:
        if row is not None and self.row is not None:
            return why_null(self.question, metric, self.row, self.own_gaps)
        if self.missing is not None:
            return self.missing
        return (
            "No sales are known of it, or its entries are not complete:"
            " `retail-pipeline load-transactions FILE` loads a till's export."
        )

    def _facts(self, row: Row) -> Facts:
        return facts_of(Known(self.question, self.evidence, row, self.counts, self.because, self.now))

    def _estimate(self) -> Estimate | None:
        row, facts = self.row, self.facts
        if row is None or not isinstance(facts, HourFacts) or row["entries_imputed"] is None:
            return None
        return Estimate(
            entries=row["entries_imputed"],
            exits=row["exits_imputed"],
            method=row["imputation_method"],
            wape=row["imputation_wape"],
            made_from=HOUR_WORKINGS["entries_imputed"](facts).terms,
        )

    def _gaps_of(self, rows: Sequence[Input]) -> tuple[Gap, ...]:
        """Of the period itself, and of all that its figures use."""
        starts = [self.question.whole_hours[0], *(one.interval_start for one in rows)]
        ends = [self.question.end, *(one.interval_end for one in rows)]
        return tuple(one for one in self.gaps if min(starts) <= one.hour_start < max(ends))

    def _why_missing(self) -> str:
        question, evidence = self.question, self.evidence
        if self.gone and question.period == "interval":
            return self.gone
        if evidence.outlook is not None:
            return why_no_outlook(question, evidence.outlook, self.now)
        if question.table == DEVICE_HEAT:
            return why_no_heat(question, self.own_gaps, self.now)
        is_meant = (pl.col("zone") == pl.lit(question.zone, pl.String())) & (pl.col("hour_start") == question.start)
        zone_hour = next(evidence.day.zones.filter(is_meant).iter_rows(named=True), None)
        if question.table == ALERTS and zone_hour is not None:
            return why_no_alert(question, zone_hour)
        return why_missing(question, self.own_gaps, self._own_counts(), self.now)

    def _own_counts(self) -> list[Input]:
        """Of the period, and of the zone where one is asked for."""
        start, end, zone = self.question.start, self.question.end, self.question.zone
        own = [one for one in self.counts if start <= one.interval_start < end]
        return [one for one in own if zone in (None, one.zone, one.from_area, one.to_area)]

    def _column(self, name: str) -> Any:  # noqa: ANN401 - a column of any type
        return None if self.row is None else self.row.get(name)


def _gaps(evidence: Evidence, question: Question) -> Iterator[Gap]:
    """Of line counts, of stays where they say something of a zone, and of the heat where that is asked for."""
    reports = _reports_of(question)
    for row in evidence.gaps.iter_rows(named=True):
        if row["report"] in reports and question.device in (None, row["sensor_id"]):
            state = "recovered" if row["recovered_at"] else "lost" if row["closed_as_lost_at"] else "open"
            yield Gap(**row, state=state)


def _reports_of(question: Question) -> tuple[Report, ...]:
    """Those whose gaps leave a figure without what it rests on."""
    if question.table == DEVICE_HEAT:
        return (Report.HEAT,)
    by_region = (Report.REGIONS, Report.LONG_STAYS)
    return (Report.LINES, *(by_region if question.zone is not None and question.table != INTERVALS else ()))


def _value(figure: Value | list[int]) -> Value:
    return tuple(figure) if isinstance(figure, list) else figure
