"""How each figure of `staffing_hours` and `heat_maps` comes about, out of the weeks before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from retail_pipeline.steps.explain.document import Term
from retail_pipeline.steps.explain.outlook import Outlook
from retail_pipeline.steps.explain.working import (
    Row,
    Working,
    columns,
    equals,
    error_when_tested,
    joined,
    number,
    terms_of,
)


@dataclass(frozen=True)
class OutlookFacts:
    """A row of a plan or of a heat map as it comes to now, and what it rests on."""

    row: Row
    outlook: Outlook

    @property
    def entries(self) -> tuple[Term, ...]:
        """Of the hours that it is made from."""
        return terms_of(self.outlook.hours, "entries")


def _over_hours(figure: str, words: str) -> Callable[[OutlookFacts], Working]:
    def work(facts: OutlookFacts) -> Working:
        told = joined((one.value for one in facts.entries), ", ")
        return equals(f"{words}({told})", facts.row[figure], facts.entries)

    return work


def _staff(facts: OutlookFacts) -> Working:
    expected, rate = facts.row["expected_entries"], facts.outlook.staff_rate
    terms = (*columns(facts.row, "expected_entries"), Term(name="entries_per_staff_hour", value=rate))
    return equals(f"{number(expected)} / {number(rate)}, rounded up", facts.row["recommended_staff"], terms)


def _error(facts: OutlookFacts) -> Working:
    return error_when_tested(facts.outlook.tested, facts.row["expected_wape"])


def _share(facts: OutlookFacts) -> Working:
    entries, week = facts.row["entries"], facts.outlook.week
    terms = (*columns(facts.row, "entries"), Term(name="entries of all weekdays and hours", value=week))
    return equals(f"{number(entries)} / {number(week)} of the week", facts.row["share_of_week"], terms)


def _hours(facts: OutlookFacts) -> Working:
    return equals(f"{len(facts.entries)} complete hours", facts.row["hours"], facts.entries)


STAFF_WORKINGS: Mapping[str, Callable[[OutlookFacts], Working]] = {
    "expected_entries": _over_hours("expected_entries", "median"),
    "p25": _over_hours("p25", "lower quartile"),
    "p75": _over_hours("p75", "upper quartile"),
    "recommended_staff": _staff,
    "expected_wape": _error,
}
HEAT_WORKINGS: Mapping[str, Callable[[OutlookFacts], Working]] = {
    "entries": _over_hours("entries", "mean"),
    "share_of_week": _share,
    "hours": _hours,
}
