"""The evidence as the workings want it: plain rows of one hour, one day, or one zone."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.coverage import device_coverage
from retail_pipeline.frames.declared import entrance_devices, is_live
from retail_pipeline.frames.imputation import WEEKS as WEEKS_OF_ESTIMATE
from retail_pipeline.frames.imputation import backtest
from retail_pipeline.frames.known_hours import known_hours
from retail_pipeline.frames.normal import WEEKS
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import ZONE_HOURS
from retail_pipeline.steps.explain.day_workings import DayFacts
from retail_pipeline.steps.explain.document import Input
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.hour_workings import HourFacts
from retail_pipeline.steps.explain.outlook_workings import OutlookFacts
from retail_pipeline.steps.explain.question import Question
from retail_pipeline.steps.explain.working import Row
from retail_pipeline.steps.explain.zone_workings import AlertFacts, FlowFacts, ZoneFacts

Facts = HourFacts | DayFacts | ZoneFacts | FlowFacts | AlertFacts | OutlookFacts
Hours = tuple[dt.datetime, ...] | None
WEEKS_BACK = {
    "index_vs_normal": WEEKS,
    "entries_imputed": WEEKS_OF_ESTIMATE,
    "exits_imputed": WEEKS_OF_ESTIMATE,
}
"""How many weeks before an hour its figures look at."""

DAYS_BACK = {
    "entries_last_week": (LAST_WEEK, False),
    "change_last_week": (LAST_WEEK, True),
    "entries_52_weeks_ago": (LAST_YEAR, False),
    "change_52_weeks": (LAST_YEAR, True),
}
"""How far back the day lies that a day is compared with, and whether the figure is of both."""

_INTERVAL_MINUTES = minutes_between("interval_start", "interval_end").alias("minutes")


def hour_facts(question: Question, evidence: Evidence, row: Row, counts: Iterable[Input], because: str) -> HourFacts:
    """What the figures of an hour rest on."""
    calendar = _hour_of_calendar(question, evidence)
    known = known_hours(evidence.counts.hourly, evidence.counts.past)
    day = pl.DataFrame({"store_id": [question.store.id], "trading_day": [question.trading_day]})
    tested = backtest(day, known)
    return HourFacts(
        row=row,
        minutes=calendar["minutes"],
        crossed=tuple(_crossed(counts, question)),
        intervals=_rows(evidence.intervals.with_columns(_INTERVAL_MINUTES)),
        devices=_covered(question, evidence),
        day=_rows(evidence.counts.hourly),
        weeks_before=_weeks_before(question, known),
        tested=tested.row(0, named=True) if tested.height else None,
        quality_because=because,
    )


def day_facts(question: Question, evidence: Evidence, row: Row, because: str, now: dt.datetime) -> DayFacts:
    """What the figures of a trading day rest on."""
    minutes = minutes_between("hour_start", "hour_end").alias("minutes")
    has_ended = (pl.col("hour_end") <= now).alias("has_ended")
    before = {one["trading_day"]: one for one in evidence.past_days.iter_rows(named=True)}
    return DayFacts(
        row=row,
        hours=_rows(evidence.stored.with_columns(minutes, has_ended)),
        calendar=_rows(_calendar(question, evidence, now)),
        lost=evidence.lost,
        week_before=before.get(question.trading_day - LAST_WEEK),
        year_before=before.get(question.trading_day - LAST_YEAR),
        quality_because=because,
    )


def zone_facts(question: Question, evidence: Evidence, row: Row, counts: Iterable[Input]) -> ZoneFacts:
    """What the figures of a zone's hour rest on."""
    zone, start = str(question.zone), question.start
    rows = tuple(counts)
    mine = evidence.counts.zones.filter(pl.col("zone") == zone).sort("interval_start")
    balance = (pl.col("entries") - pl.col("exits")).cum_sum().alias("balance")
    in_hour = mine.with_columns(balance).filter(
        pl.col("interval_start") >= start, pl.col("interval_start") < question.end
    )
    store_row = _rows(evidence.counts.hourly.filter(pl.col("hour_start") == start))
    outward = pl.col("from_area") == zone
    onward = evidence.flows.filter(
        outward, pl.col("hour_start") == start, pl.col("to_area").is_in([*question.store.zones])
    )
    return ZoneFacts(
        row=row,
        store_row=store_row[0] if store_row else {},
        minutes=_hour_of_calendar(question, evidence)["minutes"],
        doors=tuple(_crossed(rows, question)),
        regions=tuple(_stayed(rows, question, Report.REGIONS)),
        long_regions=tuple(_stayed(rows, question, Report.LONG_STAYS)),
        intervals=_rows(in_hour.with_columns(_INTERVAL_MINUTES)),
        day=mine.select(pl.col("entries", "exits").sum()).row(0, named=True),
        was_reset=start == evidence.hours["hour_start"].min() or bool((in_hour["balance"] < 0).any()),
        onward=_rows(onward),
        typical_stay_minutes=question.store.zones[zone].typical_stay_minutes,
    )


def flow_facts(question: Question, row: Row, counts: Iterable[Input]) -> FlowFacts:
    """What the people of a way rest on."""
    return FlowFacts(row, tuple(_crossed(counts, question)))


def alert_facts(question: Question, evidence: Evidence, row: Row, counts: Iterable[Input]) -> AlertFacts:
    """What an alert rests on: the queue's hour, and what the store allows."""
    mine = evidence.zones.filter(pl.col("zone") == question.zone, pl.col("hour_start") == question.start)
    # An alert may still stand of an hour that its counts tell no more.
    hour = next(mine.iter_rows(named=True), dict.fromkeys(ZONE_HOURS))
    return AlertFacts(zone_facts(question, evidence, {**hour, **row}, counts), question.store.queue_alert)


def hours_behind(question: Question, evidence: Evidence, facts: Facts | None, metric: str) -> Hours:
    """The hours that a figure is made from, where they are others than those of the period; None: they are not."""
    if isinstance(facts, OutlookFacts):
        return tuple(one["hour_start"] for one in facts.outlook.hours)
    if isinstance(facts, HourFacts) and metric in WEEKS_BACK:
        back = [one["hour_start"] for one in facts.weeks_before if one["weeks"] <= WEEKS_BACK[metric]]
        return (*back, question.start) if metric == "index_vs_normal" else tuple(back)
    if isinstance(facts, DayFacts) and metric in DAYS_BACK:
        ago, is_own_too = DAYS_BACK[metric]
        days = {question.trading_day - ago, *([question.trading_day] if is_own_too else ())}
        own = evidence.hours["hour_start"].to_list() if is_own_too else []
        return (*(one.hour_start for one in evidence.compared.hours if one.trading_day in days), *own)
    return None


def _rows(frame: pl.DataFrame) -> tuple[dict[str, Any], ...]:
    return tuple(frame.iter_rows(named=True))


def _hour_of_calendar(question: Question, evidence: Evidence) -> Row:
    return evidence.hours.row(by_predicate=pl.col("hour_start") == question.start, named=True)


def _crossed(counts: Iterable[Input], question: Question) -> Iterator[Row]:
    """Sums of each line in the hour: crossings into the place that is asked for, or along the way, and back."""
    lines: dict[str, list[Input]] = {}
    for one in counts:
        if one.report == Report.LINES and one.left_out is None and question.start <= one.interval_start < question.end:
            lines.setdefault(one.place, []).append(one)
    for _, rows in sorted(lines.items()):
        line = rows[0]
        areas, target = (line.from_area, line.to_area), question.way[1] if question.way else question.zone
        if target is not None and (target not in areas or (question.way and set(question.way) != set(areas))):
            continue
        leads_in = target is None or line.to_area == target
        reported = {"IN": sum(row.in_count or 0 for row in rows), "OUT": sum(row.out_count or 0 for row in rows)}
        entering = "IN" if leads_in != line.inverted else "OUT"
        leaving = "OUT" if entering == "IN" else "IN"
        yield {
            "role": line.role,
            "entered": reported[entering],
            "left": reported[leaving],
            "passed": reported["IN"] + reported["OUT"],
            "entered_label": _label(line, entering),
            "left_label": _label(line, leaving),
            "passed_label": _label(line, "IN + OUT"),
        }


def _label(line: Input, way: str) -> str:
    return f"{line.sensor_id} line {line.number} {way}{' (inverted)' if line.inverted else ''}"


def _stayed(counts: Iterable[Input], question: Question, report: Report) -> Iterator[Row]:
    regions: dict[str, int] = {}
    for one in counts:
        if one.report == report and one.left_out is None and question.start <= one.interval_start < question.end:
            label = f"{one.sensor_id} region {one.number}"
            regions[label] = regions.get(label, 0) + (one.stays or 0)
    return ({"label": label, "stays": stays} for label, stays in sorted(regions.items()))


def _covered(question: Question, evidence: Evidence) -> tuple[Row, ...]:
    """Minutes in complete intervals of each device over an entrance; 0 where it told nothing of the hour."""
    covered = device_coverage(evidence.counts.present, evidence.hours).filter(pl.col("hour_start") == question.start)
    devices = entrance_devices([question.store]).select("sensor_id")
    told = devices.join(covered.select("sensor_id", "complete_minutes"), on="sensor_id", how="left")
    return _rows(told.with_columns(pl.col("complete_minutes").fill_null(0)).sort("sensor_id"))


def _weeks_before(question: Question, known: pl.DataFrame) -> tuple[Row, ...]:
    """The hours that an index or an estimate is of, the latest first; of an hour that came twice, the first."""
    if question.hour is None:
        return ()
    weeks = [(n, question.hour.local_date - dt.timedelta(weeks=n)) for n in range(1, WEEKS + 1)]
    wanted = pl.DataFrame(weeks, schema={"weeks": pl.Int64(), "local_date": pl.Date()}, orient="row")
    same_hour = known.filter(pl.col("local_hour") == question.hour.local_hour)
    found = wanted.join(same_hour.unique("local_date", keep="first", maintain_order=True), on="local_date")
    return _rows(found.sort("weeks"))


def _calendar(question: Question, evidence: Evidence, now: dt.datetime) -> pl.DataFrame:
    live = entrance_devices([question.store]).select("store_id", "live_since").unique()
    is_expected = (is_live() & (pl.col("hour_end") <= now)).alias("is_expected")
    open_minutes = (pl.col("business_share") * pl.col("minutes")).round().cast(pl.Int64).alias("open_minutes")
    return evidence.hours.join(live, on="store_id").with_columns(is_expected, open_minutes)
