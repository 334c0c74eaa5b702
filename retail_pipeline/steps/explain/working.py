"""Arithmetic as people write it down: the numbers of a formula, and the line in which they stand."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from retail_pipeline.steps.explain.document import Term

Row = Mapping[str, Any]
"""A row of a table by column."""

_SHOWN = 6


class Working(NamedTuple):
    """A line of arithmetic that ends with the figure, and the numbers in it."""

    text: str
    terms: tuple[Term, ...] = ()


def number(value: object) -> str:
    """As it stands in a line: thousands apart, six digits of a fraction."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    return str(value)


def equals(expression: str, value: object, terms: Iterable[Term] = ()) -> Working:
    """`expression = value`."""
    return Working(f"{expression} = {number(value)}", tuple(terms))


def term(row: Row, name: str) -> Term:
    """A column of a row of hours or days, with its moment."""
    return Term(name=name, value=row[name], at=row.get("hour_start"), day=row.get("trading_day"))


def terms_of(rows: Iterable[Row], name: str) -> tuple[Term, ...]:
    """A column of rows of hours or days, where it is known."""
    return tuple(term(one, name) for one in rows if one[name] is not None)


def columns(row: Row, *names: str) -> tuple[Term, ...]:
    """Columns of the row that is being explained."""
    return tuple(Term(name=name, value=row[name]) for name in names)


def joined(values: Iterable[object], sign: str = " + ") -> str:
    """`3 + 4 + 5`; of many, the first few and how many there are."""
    shown = [number(value) for value in values]
    if len(shown) <= _SHOWN:
        return sign.join(shown) or "0"
    return f"{sign.join(shown[: _SHOWN - 1])}{sign}.. ({len(shown)} in all)"


def sum_of(terms: Sequence[Term]) -> str:
    """`3 + 4`; a single number says what it is."""
    return terms[0].name if len(terms) == 1 else joined(one.value for one in terms)


def time_weighted(people: Sequence[object], minutes: Sequence[float]) -> str:
    """`(3 x 30 + 4 x 30) / 60 minutes`; a single interval needs no weights."""
    if len(people) == 1:
        return f"{number(people[0])} over {number(minutes[0])} minutes"
    sums = joined(f"{number(one)} x {number(length)}" for one, length in zip(people, minutes, strict=True))
    return f"({sums}) / {number(sum(minutes))} minutes"


def greatest_of(people: Sequence[object], only: str = "at the end of its only interval") -> str:
    """`greatest of 3, 4`; of a single one, that it is the `only` one."""
    return f"greatest of {joined(people, ', ')}" if len(people) != 1 else only


class OfRow(Protocol):
    """Facts of a row of a table."""

    @property
    def row(self) -> Row:
        """The row as it comes to now."""


def of_row(work: Callable[[Row], Working]) -> Callable[[OfRow], Working]:
    """The working of a figure that comes of its own row alone."""
    return lambda facts: work(facts.row)


def difference(whole: str, part: str, value: str) -> Callable[[Row], Working]:
    """The working of what remains of a column without another."""

    def work(row: Row) -> Working:
        return equals(f"{number(row[whole])} - {number(row[part])}", row[value], columns(row, whole, part))

    return work


def error_when_tested(tested: Row | None, value: object) -> Working:
    """The working of a back-test: sums of `error` and `entries` over `hours`; None where nothing was tested."""
    if tested is None:
        return equals("no hour could be tested", value)
    names = {"sum of errors": "error", "sum of entries": "entries", "hours tested": "hours"}
    terms = tuple(Term(name=name, value=tested[of]) for name, of in names.items())
    text = f"{number(tested['error'])} / {number(tested['entries'])} over {tested['hours']:,} tested hours"
    return equals(text, value, terms)


def quotient(part: str, whole: str, value: str) -> Callable[[Row], Working]:
    """The working of a share of two columns."""

    def work(row: Row) -> Working:
        return equals(f"{number(row[part])} / {number(row[whole])}", row[value], columns(row, part, whole))

    return work
