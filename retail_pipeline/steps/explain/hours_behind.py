"""Which hours a figure is made from, where these are others than those of the period that is explained."""

import datetime as dt

from retail_pipeline.frames.comparison import LAST_WEEK, LAST_YEAR
from retail_pipeline.frames.imputation import WEEKS as WEEKS_OF_ESTIMATE
from retail_pipeline.frames.normal import WEEKS
from retail_pipeline.steps.explain.day_workings import DayFacts
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.facts import Facts
from retail_pipeline.steps.explain.hour_workings import HourFacts
from retail_pipeline.steps.explain.outlook_workings import OutlookFacts
from retail_pipeline.steps.explain.question import Question

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


def hours_behind(
    question: Question, evidence: Evidence, facts: Facts | None, metric: str
) -> tuple[dt.datetime, ...] | None:
    """The hours that a figure is made from, where they are others than those of the period; None: they are not."""
    if isinstance(facts, OutlookFacts):
        return tuple(one["hour_start"] for one in facts.outlook.hours)
    if isinstance(facts, HourFacts) and metric in WEEKS_BACK:
        back = [one["hour_start"] for one in facts.weeks_before if one["weeks"] <= WEEKS_BACK[metric]]
        return (*back, question.start) if metric == "index_vs_normal" else tuple(back)
    if isinstance(facts, DayFacts) and metric in DAYS_BACK:
        ago, is_own_too = DAYS_BACK[metric]
        days = {question.trading_day - ago, *([question.trading_day] if is_own_too else ())}
        own = evidence.day.hours["hour_start"].to_list() if is_own_too else []
        return (*(one.hour_start for one in evidence.compared.hours if one.trading_day in days), *own)
    return None
