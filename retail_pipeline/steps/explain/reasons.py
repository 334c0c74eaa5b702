"""Why a figure is missing, why a letter is what it is: sentences out of the ledger and the fleet file."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from retail_pipeline.fleet.models import Report, Role, ZoneKind
from retail_pipeline.frames.coverage import SETTLED_AFTER
from retail_pipeline.frames.heat_map import WEEKS as WEEKS_OF_HEAT
from retail_pipeline.frames.metrics import Metric
from retail_pipeline.frames.staffing import DAYS_AHEAD
from retail_pipeline.frames.staffing import WEEKS as WEEKS_OF_PLANS
from retail_pipeline.steps.explain.document import Gap, Input
from retail_pipeline.steps.explain.outlook import Outlook
from retail_pipeline.steps.explain.question import (
    DAYS,
    DEVICE_HEAT,
    HEAT,
    HOURS,
    INTERVALS,
    STAFF,
    ZONE_DAYS,
    Question,
    local_time,
)
from retail_pipeline.steps.explain.working import Row, number
from retail_pipeline.steps.explain.zone_workings import limits_in_words

_MEANS = {
    "A": "complete as measured",
    "B": "complete, but recovered late",
    "C": "measured in part, an estimate stands beside it",
    "D": "not measured, an estimate stands in",
    "X": "not measured whole, and too little is known for an estimate",
}
_MEANS_OF_DAY = {
    "A": "all hours complete as measured",
    "B": "all hours complete, some recovered late",
    "C": "every open hour is complete or has an estimate",
    "D": "no hour was measured, only estimated",
    "X": "an open hour is neither complete nor estimated",
}


def why_missing(question: Question, gaps: Sequence[Gap], counts: Sequence[Input], now: dt.datetime) -> str:
    """Why there is no row of the hour or day at all."""
    store, live_since = question.store, question.store.live_since
    local_date = question.trading_day if question.hour is None else question.hour.local_date
    if live_since is not None and local_date < live_since:
        return f"{store.id} went live on {live_since}: nothing is expected before."
    if (untold := _untold(question)) is not None:
        return untold
    if gaps:
        return gaps_in_words(question, gaps)
    if counts:
        replies = ", ".join(sorted({str(one.reply_id) for one in counts}))
        return (
            f"Counts are there (reply {replies}) and not derived yet: the job `run_analytics_aggregation` does it at"
            f" five past, `retail-pipeline run --store {store.id}` now."
        )
    if question.end > now:
        return "It has not ended, and nothing of it has been collected yet."
    return (
        f"Nothing of it was collected, and the ledger holds no gap: the pipeline did not know {store.id} then, or was"
        " off."
        f" `retail-pipeline run --from .. --store {store.id}` asks for what the devices still remember."
    )


def _untold(question: Question) -> str | None:
    """That nothing which the store declares can tell the figures; None: something can."""
    store, zone = question.store, question.zone
    if zone is None:
        if any(device.is_entrance for device in store.active_devices):
            return None
        return (
            f"The fleet file gives {store.id} no active device with an entrance line, so nothing can tell its entries."
        )
    is_told_by_region = any(zone in device.regions.values() for device in store.devices_for(Report.REGIONS))
    if store.graph.doors_of(zone) or (is_told_by_region and question.table != INTERVALS):
        return None
    nor = "" if question.table == INTERVALS else ", and no device reports it as a region"
    return f"No counted line bounds {zone}{nor}: nothing can tell its figures."


def why_no_heat(question: Question, gaps: Sequence[Gap], now: dt.datetime) -> str:
    """Why a device told no heat of an interval."""
    device = next(one for one in question.store.sensors if one.id == question.device)
    if not device.has(Report.HEAT):
        return f"The fleet file does not ask {device.id} for its heat: its reports are {', '.join(device.reports)}."
    if gaps:
        return gaps_in_words(question, gaps)
    if question.end > now:
        return "It has not ended, and nothing of it has been collected yet."
    return f"{device.id} told no heat of it, and the ledger holds no gap: it was not asked then, or not for so long."


def why_no_outlook(question: Question, outlook: Outlook, now: dt.datetime) -> str:
    """Why nothing is expected of an hour, or usual in it."""
    store = question.store
    if outlook.is_kept and outlook.is_open:
        return "Nothing was expected of it when its day began."
    if outlook.again.height:
        return "It is not written yet: the job `plan_ahead` does it at twenty past."
    if question.table == HEAT:
        return f"None of these hours of the last {WEEKS_OF_HEAT} weeks was counted whole."
    if not outlook.is_open:
        return f"{store.id} is closed then."
    known = (
        f"{len(outlook.hours)} of the hours of the same weekday in the last {WEEKS_OF_PLANS} weeks were counted whole"
    )
    return f"{known}, and plans reach {DAYS_AHEAD} days ahead: in {store.timezone} it is {local_time(store, now)}."


def why_no_alert(question: Question, zone_hour: Row) -> str:
    """Why the hour of a zone is no alert."""
    limits = question.store.queue_alert
    if limits is None:
        return f"{question.store.id} declares no queue_alert."
    if zone_hour["zone_kind"] != ZoneKind.QUEUE:
        return f"{question.zone} is no queue."
    return f"No limit was passed: {limits_in_words(zone_hour, limits)}."


def why_null(question: Question, metric: Metric, row: Row, gaps: Sequence[Gap]) -> str:
    """Why a figure of a row that stands is NULL: the rule, and what of it applies."""
    parts = [f"{metric.name} is unknown where {metric.null}." if metric.null else "", *_here(question, metric, row)]
    if not row.get("is_complete", True):
        missed = [gap for gap in gaps if gap.state != "recovered"]
        parts += [f"The {'hour' if question.hour else 'day'} is not complete.", gaps_in_words(question, missed)]
    return " ".join(filter(None, parts))


def _here(question: Question, metric: Metric, row: Row) -> list[str]:
    lines = [line for device in question.store.devices_for(Report.LINES) for line in device.lines.values()]
    has_street = any(line.role is Role.PASSERS_BY for line in lines)
    if metric.name in {"passers_by", "capture_rate", "turn_in_ratio"} and not has_street:
        return [f"{question.store.id} declares no line with role passers_by."]
    if metric.name.startswith("dwell") and not row.get("dwell_valid", True):
        return [f"Here {number(row['entries'])} came and {number(row['exits'])} left."]
    if reason := row.get("occupancy_reason"):
        return [f"Here: {reason}."]
    return []


def gaps_in_words(question: Question, gaps: Sequence[Gap]) -> str:
    """What is owed, why, and what becomes of it; hours of a device with one cause in one sentence."""

    def kind(gap: Gap) -> tuple[str, str, str, str]:
        return gap.sensor_id, gap.report, gap.cause, gap.state

    alike = (list(some) for _, some in groupby(sorted(gaps, key=kind), key=kind))
    return " ".join(_sentence(question, some) for some in alike)


def _sentence(question: Question, gaps: Sequence[Gap]) -> str:
    first = gaps[0]
    hour = local_time(question.store, first.hour_start)
    hours = hour if len(gaps) == 1 else f"{len(gaps)} hours from {hour} on"
    detail = f": {first.detail}" if first.detail else ""
    return f"{first.sensor_id} owes {first.report} of {hours} ({first.cause}){detail}. {_outlook(question, first)}"


def _outlook(question: Question, gap: Gap) -> str:
    def local(at: dt.datetime | None) -> str:
        return "never" if at is None else local_time(question.store, at)

    if gap.recovered_at is not None:
        return f"It came after all, at {local(gap.recovered_at)}."
    if gap.closed_as_lost_at is not None:
        return f"It was given up at {local(gap.closed_as_lost_at)} and will not come."
    attempts = f"{gap.attempts} failed attempt{'s' if gap.attempts != 1 else ''}"
    return f"Missed since {local(gap.first_seen)}, {attempts}; the device forgets it at {local(gap.deadline)}."


def why_letter(question: Question, row: Row | None, gaps: Sequence[Gap], now: dt.datetime) -> str:
    """Why the quality of an hour or day is what it is."""
    letter = None if row is None else row.get("quality")
    if question.table in (STAFF, HEAT):
        return "made from complete hours of the weeks before"
    if row is not None and question.table not in (HOURS, DAYS):
        return _instead_of_letter(question, row)
    if letter is None:
        settles = question.end + SETTLED_AFTER
        return "no letter: " + (
            f"it is not settled before {local_time(question.store, settles)}"
            if settles > now
            else "nothing was derived"
        )
    words = (_MEANS if question.hour is not None else _MEANS_OF_DAY)[letter]
    if letter in {"A", "B"} and not gaps:
        return f"{letter}: {words}"
    named = sorted({f"{gap.sensor_id} {gap.cause} ({gap.state})" for gap in gaps})
    share = "" if row is None or row["completeness"] in (None, 1) else f", {row['completeness']:.0%} measured"
    return f"{letter}: {words}{share}{'; ' if named else ''}{', '.join(named)}"


def _instead_of_letter(question: Question, row: Row) -> str:
    if question.table == ZONE_DAYS:
        whole = (
            "no hour was open" if row["completeness"] is None else f"{row['completeness']:.0%} of open hours complete"
        )
        return f"{whole}; zones have no letter of their own"
    whose = (
        "what a device tells has no letter" if question.table == DEVICE_HEAT else "zones have no letter of their own"
    )
    return f"{'complete' if row['is_complete'] else 'not complete'}; {whose}"
