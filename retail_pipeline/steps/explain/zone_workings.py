"""How each figure of `zone_hours`, `virtual_region_occupancy`, `zone_flows` and `queue_alerts` comes about.

Counted lines and stays that a device tells never stand in one sum.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from retail_pipeline.fleet.models import QueueAlert
from retail_pipeline.steps.explain.document import Term
from retail_pipeline.steps.explain.working import (
    Row,
    Working,
    columns,
    equals,
    greatest_of,
    joined,
    number,
    of_row,
    quotient,
    sum_of,
    time_weighted,
)


@dataclass(frozen=True)
class ZoneFacts:
    """A zone of a store in an hour and what its figures rest on.

    Attributes:
        row: the hour as `zone_hours` would have it now.
        store_row: the store's hour likewise; empty where there is none.
        minutes: how long the hour is.
        doors: sums of each line on the zone's boundary in the hour: `label`, `entered`, `left`.
        regions: stays of each region of the zone in the hour: `label`, `stays`.
        long_regions: the same of long stays.
        intervals: the hour in `virtual_region_occupancy`: `interval_start`, `minutes`, `occupancy`.
        day: entries and exits of the zone over the trading day.
        was_reset: the day began in the hour, or more people had left than come.
        onward: people who went on to another zone of the store.
        typical_stay_minutes: as the fleet file declares it.
    """

    row: Row
    store_row: Row
    minutes: float
    doors: tuple[Row, ...]
    regions: tuple[Row, ...]
    long_regions: tuple[Row, ...]
    intervals: tuple[Row, ...]
    day: Row
    was_reset: bool
    onward: tuple[Row, ...]
    typical_stay_minutes: float | None


@dataclass(frozen=True)
class IntervalFacts:
    """A zone of a store in one interval, as `virtual_region_occupancy` would have it now.

    `doors` as in `ZoneFacts`; `before`: the intervals of the trading day before it, in order: `interval_start`,
    `entries`, `exits`, `balance` (entries - exits since the day began, which may lie below 0).
    """

    row: Row
    doors: tuple[Row, ...]
    before: tuple[Row, ...]


@dataclass(frozen=True)
class FlowFacts:
    """People of a way between areas, and sums of each line on it: `entered_label`, `entered` along the way."""

    row: Row
    doors: tuple[Row, ...]


@dataclass(frozen=True)
class AlertFacts:
    """A queue's hour that passed a limit, and the limits of the store."""

    zone: ZoneFacts
    limits: QueueAlert | None


def _over_doors(figure: str, way: str) -> Callable[[ZoneFacts | IntervalFacts], Working]:
    def work(facts: ZoneFacts | IntervalFacts) -> Working:
        terms = [Term(name=one[f"{way}_label"], value=one[way]) for one in facts.doors]
        return equals(sum_of(terms), facts.row[figure], terms)

    return work


def _mean(figure: str) -> Callable[[ZoneFacts], Working]:
    def work(facts: ZoneFacts) -> Working:
        if facts.row["occupancy_source"] == "estimated":
            stay, terms = facts.typical_stay_minutes, columns(facts.row, "stays")
            text = f"{number(facts.row['stays'])} stays x {number(stay)} / {number(facts.minutes)} minutes"
            return equals(text, facts.row[figure], (*terms, Term(name="typical_stay_minutes", value=stay)))
        terms = _occupancies(facts)
        mean = time_weighted([one.value for one in terms], [one["minutes"] for one in facts.intervals])
        return equals(mean, facts.row[figure], terms)

    return work


def _max(figure: str) -> Callable[[ZoneFacts], Working]:
    def work(facts: ZoneFacts) -> Working:
        terms = _occupancies(facts)
        return equals(greatest_of([one.value for one in terms]), facts.row[figure], terms)

    return work


def _occupancies(facts: ZoneFacts) -> tuple[Term, ...]:
    return tuple(Term(name="occupancy", value=one["occupancy"], at=one["interval_start"]) for one in facts.intervals)


def _corrected(facts: ZoneFacts) -> Working:
    terms = tuple(Term(name=f"{name} of the day", value=facts.day[name]) for name in ("entries", "exits"))
    entries, exits = (number(facts.day[name]) for name in ("entries", "exits"))
    text = f"the day's {entries} entries and {exits} exits, the smaller scaled up to the larger"
    return equals(text, facts.row["occupancy_mean_corrected"], terms)


def _source(facts: ZoneFacts) -> Working:
    return Working(facts.row["occupancy_reason"] or "every boundary of the zone is a counted line")


def _over_regions(figure: str, regions: Callable[[ZoneFacts], tuple[Row, ...]]) -> Callable[[ZoneFacts], Working]:
    def work(facts: ZoneFacts) -> Working:
        terms = [Term(name=one["label"], value=one["stays"]) for one in regions(facts)]
        return equals(sum_of(terms), facts.row[figure], terms)

    return work


def _share_of_store(figure: str, name: str) -> Callable[[ZoneFacts], Working]:
    def work(facts: ZoneFacts) -> Working:
        part, whole = facts.row[name], facts.store_row.get(name)
        terms = (Term(name=f"{name} of the zone", value=part), Term(name=f"{name} of the store", value=whole))
        return equals(f"{number(part)} / {number(whole)} of the store", facts.row[figure], terms)

    return work


def _pass_on(facts: ZoneFacts) -> Working:
    ways = [Term(name=f"people to {one['to_area']}", value=one["people"]) for one in facts.onward]
    whole = facts.store_row.get("entries")
    text = f"({joined(one.value for one in ways)}) / {number(whole)} entries of the store"
    return equals(text, facts.row["pass_on_rate"], (*ways, Term(name="entries of the store", value=whole)))


def _stay(figure: str) -> Callable[[ZoneFacts], Working]:
    def work(facts: ZoneFacts) -> Working:
        row = facts.row
        mean, entries = number(row["occupancy_mean"]), number(row["entries"])
        terms = columns(row, "occupancy_mean", "entries", "exits", "is_complete")
        return equals(f"{mean} x {number(facts.minutes)} / {entries}", row[figure], terms)

    return work


def _wait_valid(facts: ZoneFacts) -> Working:
    row = facts.row
    reset = ", and its count began at nobody within the hour" if facts.was_reset else ""
    text = f"{number(row['entries'])} joined, {number(row['exits'])} left{reset}"
    return equals(text, row["wait_valid"], columns(row, "entries", "exits", "is_complete"))


def _running(facts: IntervalFacts) -> Working:
    """What was carried into the interval, which is below 0 where more had left than come, and what it added."""
    row, before = facts.row, facts.before
    carried = before[-1]["balance"] if before else 0
    came, left = (sum(one[name] for one in before) for name in ("entries", "exits"))
    held = ", held at 0" if carried + row["entries"] < row["exits"] else ""
    text = f"({number(came)} - {number(left)}) before it + {number(row['entries'])} - {number(row['exits'])}{held}"
    terms = (
        Term(name="entries of the day before it", value=came),
        Term(name="exits of the day before it", value=left),
        Term(name="carried into it", value=carried),
        *columns(row, "entries", "exits"),
        *(
            Term(name="held at 0: entries - exits", value=one["balance"], at=one["interval_start"])
            for one in before
            if one["balance"] < 0
        ),
    )
    return equals(text, row["occupancy"], terms)


def _people(facts: FlowFacts) -> Working:
    terms = [Term(name=one["entered_label"], value=one["entered"]) for one in facts.doors]
    return equals(sum_of(terms), facts.row["people"], terms)


def limits_in_words(row: Row, limits: QueueAlert | None) -> str:
    """`queue_length_max 7, allowed 6; wait_minutes 3.2, allowed 8`."""
    allowed = {
        "queue_length_max": limits.length if limits else None,
        "wait_minutes": limits.minutes if limits else None,
    }
    return "; ".join(
        f"{name} {number(row[name])}, allowed {number(limit)}" for name, limit in allowed.items() if limit is not None
    )


def _threshold(facts: AlertFacts) -> Working:
    row = facts.zone.row
    text = f"{limits_in_words(row, facts.limits)}: passed {row['threshold']}"
    return Working(text, columns(row, "queue_length_max", "wait_minutes"))


def _of_queue(figure: str) -> Callable[[AlertFacts], Working]:
    def work(facts: AlertFacts) -> Working:
        return ZONE_WORKINGS[figure](facts.zone)

    return work


INTERVAL_WORKINGS: Mapping[str, Callable[[IntervalFacts], Working]] = {
    "entries": _over_doors("entries", "entered"),
    "exits": _over_doors("exits", "left"),
    "occupancy": _running,
}
FLOW_WORKINGS: Mapping[str, Callable[[FlowFacts], Working]] = {"people": _people}
ALERT_WORKINGS: Mapping[str, Callable[[AlertFacts], Working]] = {
    "queue_length_max": _of_queue("queue_length_max"),
    "wait_minutes": _of_queue("wait_minutes"),
    "threshold": _threshold,
}
ZONE_WORKINGS: Mapping[str, Callable[[ZoneFacts], Working]] = {
    "entries": _over_doors("entries", "entered"),
    "exits": _over_doors("exits", "left"),
    "occupancy_mean": _mean("occupancy_mean"),
    "occupancy_max": _max("occupancy_max"),
    "occupancy_mean_corrected": _corrected,
    "occupancy_source": _source,
    "stays": _over_regions("stays", lambda facts: facts.regions),
    "long_stays": _over_regions("long_stays", lambda facts: facts.long_regions),
    "engagement": of_row(quotient("long_stays", "stays", "engagement")),
    "draw_rate": _share_of_store("draw_rate", "entries"),
    "occupancy_share": _share_of_store("occupancy_share", "occupancy_mean"),
    "pass_on_rate": _pass_on,
    "dwell_minutes": _stay("dwell_minutes"),
    "queue_length_mean": _mean("queue_length_mean"),
    "queue_length_max": _max("queue_length_max"),
    "wait_minutes": _stay("wait_minutes"),
    "wait_valid": _wait_valid,
}
