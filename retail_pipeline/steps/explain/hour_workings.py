"""How each figure of `hourly_analytics` comes about, with the numbers of the hour in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from retail_pipeline.frames.imputation import WEEKS as WEEKS_OF_ESTIMATE
from retail_pipeline.frames.normal import WEEKS as WEEKS_OF_NORMAL
from retail_pipeline.steps.explain.document import Term
from retail_pipeline.steps.explain.working import (
    Row,
    Working,
    columns,
    difference,
    equals,
    error_when_tested,
    greatest_of,
    joined,
    number,
    of_row,
    quotient,
    sum_of,
    term,
    time_weighted,
)


@dataclass(frozen=True)
class HourFacts:
    """An hour of a store and what its figures rest on.

    Attributes:
        row: the hour as `hourly_analytics` would have it now.
        minutes: how long the hour is.
        crossed: sums of each declared line in the hour: `label`, `role`, `entered`, `left`.
        intervals: the intervals of the trading day at the store's entrances, in order: `hour_start`,
            `interval_start`, `minutes`, `entries`, `exits`, `occupancy`, `corrected`.
        devices: per entrance device the minutes in complete intervals: `sensor_id`, `complete_minutes`.
        day: the hours of the trading day.
        weeks_before: the same local weekday and hour one to four weeks before, where complete: `weeks`, figures.
        tested: sums of the back-test: `error`, `entries`, `hours`; None where nothing was tested.
        quality_because: why the letter is what it is.
    """

    row: Row
    minutes: float
    crossed: tuple[Row, ...]
    intervals: tuple[Row, ...]
    devices: tuple[Row, ...]
    day: tuple[Row, ...]
    weeks_before: tuple[Row, ...]
    tested: Row | None
    quality_because: str

    @property
    def own_intervals(self) -> tuple[Row, ...]:
        """Those of the hour itself."""
        return tuple(one for one in self.intervals if one["hour_start"] == self.row["hour_start"])

    @property
    def intervals_so_far(self) -> tuple[Row, ...]:
        """From the beginning of the trading day to the end of the hour."""
        return tuple(one for one in self.intervals if one["hour_start"] <= self.row["hour_start"])


def _over_lines(figure: str, way: str, role: str) -> Callable[[HourFacts], Working]:
    def work(facts: HourFacts) -> Working:
        terms = [Term(name=one[f"{way}_label"], value=one[way]) for one in facts.crossed if one["role"] == role]
        return equals(sum_of(terms), facts.row[figure], terms)

    return work


def _capture_rate(facts: HourFacts) -> Working:
    row = facts.row
    entries, passers_by = number(row["entries"]), number(row["passers_by"])
    terms = columns(row, "entries", "passers_by")
    return equals(f"{entries} / ({entries} + {passers_by})", row["capture_rate"], terms)


def _occupancy_end(facts: HourFacts) -> Working:
    came, left = (sum(one[name] for one in facts.intervals_so_far) for name in ("entries", "exits"))
    terms = (Term(name="entries so far", value=came), Term(name="exits so far", value=left))
    held = ", held at 0" if came < left else ""
    return equals(f"{number(came)} - {number(left)} since the day began{held}", facts.row["occupancy_end"], terms)


def _occupancy_max(facts: HourFacts) -> Working:
    terms = _of_intervals(facts, "occupancy")
    return equals(greatest_of([one.value for one in terms]), facts.row["occupancy_max"], terms)


def _occupancy_mean(facts: HourFacts) -> Working:
    return _weighted(facts, "occupancy", "occupancy_mean", ())


def _occupancy_corrected(facts: HourFacts) -> Working:
    sides = {name: sum(one[name] for one in facts.intervals) for name in ("entries", "exits")}
    of_day = tuple(Term(name=f"{name} of the day", value=people) for name, people in sides.items())
    return _weighted(facts, "corrected", "occupancy_mean_corrected", of_day)


def _weighted(facts: HourFacts, people: str, figure: str, more: tuple[Term, ...]) -> Working:
    own = facts.own_intervals
    mean = time_weighted([one[people] for one in own], [one["minutes"] for one in own])
    return equals(mean, facts.row[figure], (*more, *_of_intervals(facts, people)))


def _of_intervals(facts: HourFacts, name: str) -> tuple[Term, ...]:
    return tuple(Term(name=name, value=one[name], at=one["interval_start"]) for one in facts.own_intervals)


def _business_share(facts: HourFacts) -> Working:
    share = facts.row["business_share"]
    minutes = round(share * facts.minutes)
    terms = (Term(name="open minutes", value=minutes), Term(name="minutes", value=facts.minutes))
    return equals(f"{minutes} / {number(facts.minutes)} minutes", share, terms)


def _is_business_hour(facts: HourFacts) -> Working:
    row = facts.row
    return equals(
        f"business_share {number(row['business_share'])} > 0", row["is_business_hour"], columns(row, "business_share")
    )


def _completeness(facts: HourFacts) -> Working:
    terms = [
        Term(name=f"complete minutes of {one['sensor_id']}", value=one["complete_minutes"]) for one in facts.devices
    ]
    minutes = joined(one.value for one in terms)
    whole = f"({len(terms)} x {number(facts.minutes)})"
    return equals(f"({minutes}) / {whole}", facts.row["completeness"], terms)


def _traffic_share(facts: HourFacts) -> Working:
    terms = tuple(term(one, "entries") for one in facts.day if one["entries"] is not None)
    day = sum(one["entries"] for one in facts.day if one["entries"] is not None)
    return equals(f"{number(facts.row['entries'])} / {number(day)} of the day", facts.row["traffic_share"], terms)


def _dwell_valid(facts: HourFacts) -> Working:
    row = facts.row
    entries, exits = row["entries"], row["exits"]
    terms = columns(row, "is_complete", "entries", "exits")
    if entries is None:
        return equals("nothing measured", row["dwell_valid"], terms)
    larger = max(entries, exits)
    rule = f"entries {entries:,} >= 5, |{entries:,} - {exits:,}| <= 25 % of {larger:,}"
    return equals(f"{'complete' if row['is_complete'] else 'not complete'}, {rule}", row["dwell_valid"], terms)


def _dwell_minutes(facts: HourFacts) -> Working:
    row = facts.row
    mean, entries = number(row["occupancy_mean"]), number(row["entries"])
    terms = columns(row, "occupancy_mean", "entries")
    return equals(f"{mean} x {number(facts.minutes)} / {entries}", row["dwell_minutes"], terms)


def _index(facts: HourFacts) -> Working:
    median, terms = _weeks(facts, "entries", WEEKS_OF_NORMAL)
    return equals(f"{number(facts.row['entries'])} / {median}", facts.row["index_vs_normal"], terms)


def _imputed(figure: str) -> Callable[[HourFacts], Working]:
    def work(facts: HourFacts) -> Working:
        median, terms = _weeks(facts, figure, WEEKS_OF_ESTIMATE)
        return equals(median, facts.row[f"{figure}_imputed"], terms)

    return work


def _weeks(facts: HourFacts, figure: str, weeks: int) -> tuple[str, tuple[Term, ...]]:
    """The median over the weeks before, in words, and the hours that it is of."""
    terms = tuple(term(one, figure) for one in facts.weeks_before if one["weeks"] <= weeks)
    if not terms:
        return f"median of none of the {weeks} weeks before", ()
    return f"median({joined((one.value for one in terms), ', ')})", terms


def _method(facts: HourFacts) -> Working:
    return Working(f"{number(facts.row['imputation_method'])}")


def _wape(facts: HourFacts) -> Working:
    return error_when_tested(facts.tested, facts.row["imputation_wape"])


def _quality(facts: HourFacts) -> Working:
    return Working(facts.quality_because)


HOUR_WORKINGS: Mapping[str, Callable[[HourFacts], Working]] = {
    "entries": _over_lines("entries", "entered", "entrance"),
    "exits": _over_lines("exits", "left", "entrance"),
    "net_flow": of_row(difference("entries", "exits", "net_flow")),
    "passers_by": _over_lines("passers_by", "passed", "passers_by"),
    "capture_rate": _capture_rate,
    "turn_in_ratio": of_row(quotient("entries", "passers_by", "turn_in_ratio")),
    "occupancy_end": _occupancy_end,
    "occupancy_max": _occupancy_max,
    "occupancy_mean": _occupancy_mean,
    "occupancy_mean_corrected": _occupancy_corrected,
    "business_share": _business_share,
    "is_business_hour": _is_business_hour,
    "completeness": _completeness,
    "traffic_share": _traffic_share,
    "dwell_valid": _dwell_valid,
    "dwell_minutes": _dwell_minutes,
    "index_vs_normal": _index,
    "entries_imputed": _imputed("entries"),
    "exits_imputed": _imputed("exits"),
    "imputation_method": _method,
    "imputation_wape": _wape,
    "quality": _quality,
}
