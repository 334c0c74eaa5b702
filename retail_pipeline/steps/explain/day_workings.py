"""How each figure of `daily_summaries` comes about, out of the hours of the day."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from retail_pipeline.steps.explain.document import Term
from retail_pipeline.steps.explain.working import (
    Row,
    Working,
    columns,
    difference,
    equals,
    joined,
    number,
    of_row,
    quotient,
    term,
    terms_of,
)


@dataclass(frozen=True)
class DayFacts:
    """A trading day of a store and what its figures rest on.

    Attributes:
        row: the day as `daily_summaries` would have it now.
        hours: its hours in `hourly_analytics` with `minutes`, in order; hours without a row are left out.
        calendar: all its hours: `hour_start`, `hour_end`, `open_minutes`, `is_expected`.
        lost: starts of hours whose gap is closed as lost.
        week_before: the day a week before, if there is one; `year_before` the one 52 weeks before.
        quality_because: why the letter is what it is.
    """

    row: Row
    hours: tuple[Row, ...]
    calendar: tuple[Row, ...]
    lost: tuple[object, ...]
    week_before: Row | None
    year_before: Row | None
    quality_because: str

    @property
    def complete(self) -> tuple[Row, ...]:
        """Hours that a peak or an average may come from."""
        return tuple(one for one in self.hours if one["is_complete"])


def _sum(figure: str) -> Callable[[DayFacts], Working]:
    def work(facts: DayFacts) -> Working:
        terms = terms_of(facts.hours, figure)
        return equals(joined(one.value for one in terms), facts.row[figure], terms)

    return work


def _capture(figure: str, whole: str) -> Callable[[DayFacts], Working]:
    """From the sums of the hours in which both were measured; averages of ratios are nobody's ratio."""

    def work(facts: DayFacts) -> Working:
        both = [one for one in facts.hours if one["entries"] is not None and one["passers_by"] is not None]
        entries, passers_by = (sum(one[name] for one in both) for name in ("entries", "passers_by"))
        terms = (Term(name="entries", value=entries), Term(name="passers_by", value=passers_by))
        of = f" over {len(both)} hours that measured both"
        text = whole.format(entries=number(entries), passers_by=number(passers_by)) + of
        return equals(text, facts.row[figure], (*terms, *terms_of(both, "entries"), *terms_of(both, "passers_by")))

    return work


def _business_people(rows: Iterable[Row]) -> float:
    minutes = (one["entries"] * round(one["business_share"] * one["minutes"]) / one["minutes"] for one in rows)
    return float(sum(minutes))


def _business_entries(facts: DayFacts) -> Working:
    of = [one for one in facts.hours if one["entries"] is not None and one["business_share"] > 0]
    text = joined(f"{one['entries']:,} x {number(one['business_share'])}" for one in of)
    return equals(text, facts.row["business_entries"], (*terms_of(of, "entries"), *terms_of(of, "business_share")))


def _average(facts: DayFacts) -> Working:
    of = [one for one in facts.complete if one["business_share"] > 0 and one["entries"] is not None]
    people = _business_people(of)
    hours = sum(round(one["business_share"] * one["minutes"]) for one in of) / 60
    terms = (Term(name="entries inside opening hours", value=people), Term(name="open hours", value=hours))
    text = f"{number(people)} / {number(hours)} open hours that are complete"
    return equals(text, facts.row["average_hourly_entries"], (*terms, *terms_of(of, "entries")))


def _peak(figure: str) -> Callable[[DayFacts], Working]:
    def work(facts: DayFacts) -> Working:
        of = [one for one in facts.complete if one["business_share"] > 0]
        entries = number(facts.row["peak_hour_entries"])
        text = f"most of {len(of)} complete open hours: {entries} at {number(facts.row['peak_hour'])} o'clock"
        return equals(text, facts.row[figure], terms_of(of, "entries"))

    return work


def _occupancy_max(facts: DayFacts) -> Working:
    text = f"greatest occupancy_max of {len(facts.complete)} complete hours"
    return equals(text, facts.row["occupancy_max"], terms_of(facts.complete, "occupancy_max"))


def _occupancy_max_at(facts: DayFacts) -> Working:
    text = f"start of the first complete hour that reached {number(facts.row['occupancy_max'])}"
    return Working(text, terms_of(facts.complete, "occupancy_max"))


def _open_hours(facts: DayFacts) -> Working:
    of = [one for one in facts.calendar if one["open_minutes"] > 0]
    text = f"{number(sum(one['open_minutes'] for one in of))} open minutes / 60"
    return equals(text, facts.row["open_hours"], terms_of(of, "open_minutes"))


def _counted(figure: str, words: str, rows: Callable[[DayFacts], int]) -> Callable[[DayFacts], Working]:
    def work(facts: DayFacts) -> Working:
        return equals(f"{rows(facts)} {words}", facts.row[figure])

    return work


def _completeness(facts: DayFacts) -> Working:
    ended = {one["hour_start"] for one in facts.calendar if one["is_expected"]}
    terms = terms_of([one for one in facts.hours if one["hour_start"] in ended], "completeness")
    expected = number(facts.row["hours_expected"])
    return equals(f"({joined(one.value for one in terms)}) / {expected}", facts.row["completeness"], terms)


def _power_hours(facts: DayFacts) -> Working:
    chosen = facts.row["power_hours"] or ()
    of = [one for one in facts.complete if one["local_hour"] in chosen]
    total = sum(one["entries"] for one in facts.complete if one["entries"] is not None)
    text = f"{joined(one['entries'] for one in of)} >= 40 % of {number(total)}"
    hours = ", ".join(str(hour) for hour in chosen)
    return Working(f"{text}: {hours} o'clock", terms_of(of, "entries"))


def _imputed_share(facts: DayFacts) -> Working:
    of = [one for one in facts.hours if one["entries_imputed"] is not None]
    added = sum(max(0.0, one["entries_imputed"] - (one["entries"] or 0)) for one in of)
    text = f"{number(added)} / ({number(facts.row['entries'])} + {number(added)})"
    terms = (*columns(facts.row, "entries"), Term(name="imputed people", value=added))
    return equals(text, facts.row["imputed_share"], (*terms, *terms_of(of, "entries_imputed")))


def _quality(facts: DayFacts) -> Working:
    return Working(facts.quality_because, terms_of(facts.hours, "quality"))


def _entries_before(figure: str, before: str) -> Callable[[DayFacts], Working]:
    def work(facts: DayFacts) -> Working:
        day = getattr(facts, before)
        if day is None:
            return equals("no such day is known", facts.row[figure])
        terms = (
            term(day, "entries"),
            term(day, "completeness"),
            Term(name="completeness", value=facts.row["completeness"]),
        )
        return equals(f"entries of {day['trading_day']}", facts.row[figure], terms)

    return work


def _change(figure: str, entries_before: str) -> Callable[[DayFacts], Working]:
    def work(facts: DayFacts) -> Working:
        row = facts.row
        now, then = number(row["entries"]), number(row[entries_before])
        return equals(f"100 x ({now} - {then}) / {then}", row[figure], columns(row, "entries", entries_before))

    return work


DAY_WORKINGS: Mapping[str, Callable[[DayFacts], Working]] = {
    "entries": _sum("entries"),
    "exits": _sum("exits"),
    "net_flow": of_row(difference("entries", "exits", "net_flow")),
    "passers_by": _sum("passers_by"),
    "capture_rate": _capture("capture_rate", "{entries} / ({entries} + {passers_by})"),
    "turn_in_ratio": _capture("turn_in_ratio", "{entries} / {passers_by}"),
    "business_entries": _business_entries,
    "non_business_entries": of_row(difference("entries", "business_entries", "non_business_entries")),
    "average_hourly_entries": _average,
    "peak_hour": _peak("peak_hour"),
    "peak_hour_entries": _peak("peak_hour_entries"),
    "peak_hour_is_tied": _peak("peak_hour_is_tied"),
    "occupancy_max": _occupancy_max,
    "occupancy_max_at": _occupancy_max_at,
    "drift": of_row(difference("entries", "exits", "drift")),
    "drift_share": of_row(quotient("drift", "entries", "drift_share")),
    "open_hours": _open_hours,
    "hours_expected": _counted(
        "hours_expected", "hours have ended", lambda facts: sum(one["is_expected"] for one in facts.calendar)
    ),
    "hours_reported": _counted(
        "hours_reported",
        "ended hours with entries",
        lambda facts: sum(one["entries"] is not None and one["has_ended"] for one in facts.hours),
    ),
    "hours_lost": _counted("hours_lost", "hours are closed as lost", lambda facts: len(facts.lost)),
    "completeness": _completeness,
    "power_hours": _power_hours,
    "imputed_share": _imputed_share,
    "quality": _quality,
    "entries_last_week": _entries_before("entries_last_week", "week_before"),
    "change_last_week": _change("change_last_week", "entries_last_week"),
    "entries_52_weeks_ago": _entries_before("entries_52_weeks_ago", "year_before"),
    "change_52_weeks": _change("change_52_weeks", "entries_52_weeks_ago"),
}
