"""How each figure of a zone's day comes about, which reports show and no table holds, out of its hours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from retail_pipeline.frames.zone_hours import ESTIMATED
from retail_pipeline.steps.explain.document import Term
from retail_pipeline.steps.explain.working import (
    Row,
    Working,
    equals,
    greatest_of,
    joined,
    number,
    terms_of,
    time_weighted,
)


@dataclass(frozen=True)
class ZoneDayFacts:
    """A zone over a trading day and what its figures rest on.

    Attributes:
        row: the day as `zone_days` has it now.
        hours: its hours as `zone_hours` would have them now, in order, with `minutes` and `business_share`.
        open_hours: how many hours of the day have open time.
    """

    row: Row
    hours: tuple[Row, ...]
    open_hours: int

    @property
    def complete(self) -> tuple[Row, ...]:
        """Hours that a peak or a wait may come from."""
        return tuple(one for one in self.hours if one["is_complete"])

    @property
    def complete_and_open(self) -> tuple[Row, ...]:
        """Hours that a mean may come from."""
        return tuple(one for one in self.complete if one["business_share"] > 0)


def _sum(figure: str) -> Callable[[ZoneDayFacts], Working]:
    def work(facts: ZoneDayFacts) -> Working:
        terms = terms_of(facts.hours, figure)
        return equals(joined(one.value for one in terms), facts.row[figure], terms)

    return work


def _greatest(figure: str) -> Callable[[ZoneDayFacts], Working]:
    def work(facts: ZoneDayFacts) -> Working:
        terms = terms_of(facts.complete, figure)
        return equals(greatest_of([one.value for one in terms], "of its only complete hour"), facts.row[figure], terms)

    return work


def _mean(facts: ZoneDayFacts) -> Working:
    told = _known(facts.complete_and_open, "occupancy_mean")
    mean = time_weighted([one["occupancy_mean"] for one in told], [one["minutes"] for one in told])
    return equals(mean, facts.row["occupancy_mean"], terms_of(told, "occupancy_mean"))


def _is_estimated(facts: ZoneDayFacts) -> Working:
    estimated = [one for one in facts.hours if one["occupancy_source"] == ESTIMATED]
    text = f"{len(estimated)} of {len(facts.hours)} hours estimated from stays"
    return equals(text, facts.row["is_estimated"], terms_of(estimated, "stays"))


def _wait(facts: ZoneDayFacts) -> Working:
    told = _known(facts.complete, "wait_minutes")
    waited = joined(f"{number(one['wait_minutes'])} x {number(one['entries'])}" for one in told)
    joins = Term(name="joins", value=sum(one["entries"] for one in told))
    text = f"({waited}) / {number(joins.value)} who joined"
    terms = (joins, *terms_of(told, "wait_minutes"), *terms_of(told, "entries"))
    return equals(text, facts.row["wait_minutes"], terms)


def _completeness(facts: ZoneDayFacts) -> Working:
    whole = Term(name="hours with open time", value=facts.open_hours)
    text = f"{len(facts.complete_and_open)} complete hours / {number(facts.open_hours)} with open time"
    return equals(text, facts.row["completeness"], (whole, *terms_of(facts.complete_and_open, "is_complete")))


def _known(rows: Iterable[Row], name: str) -> list[Row]:
    return [one for one in rows if one[name] is not None]


ZONE_DAY_WORKINGS: Mapping[str, Callable[[ZoneDayFacts], Working]] = {
    "entries": _sum("entries"),
    "stays": _sum("stays"),
    "occupancy_mean": _mean,
    "is_estimated": _is_estimated,
    "occupancy_max": _greatest("occupancy_max"),
    "queue_length_max": _greatest("queue_length_max"),
    "wait_minutes": _wait,
    "completeness": _completeness,
}
