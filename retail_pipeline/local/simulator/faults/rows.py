"""Faults in single rows: figures and stamps that a parser must question."""

import datetime as dt

from retail_pipeline.local.simulator.faults.kinds import Options, RowPlace
from retail_pipeline.local.simulator.table import Row, figures_like, people_of
from retail_pipeline.local.simulator.truth import People


def power_off(row: Row, _place: RowPlace, _options: Options) -> list[Row]:
    """Nobody on any line, the street included: the device had no power."""
    return [row._replace(figures=tuple("0" for _ in row.figures))]


def future_rows(row: Row, place: RowPlace, options: Options) -> list[Row]:
    """Rows that have not begun hold `people` (7)."""
    count = int(options.get("people", 7))
    people = People(((count, 0),) * 4, (count,) * 4)
    is_future = row.span.start > place.clock
    return [row._replace(figures=figures_like(row.figures, people)) if is_future else row]


def unfloored_first_row(row: Row, place: RowPlace, options: Options) -> list[Row]:
    """The first row begins when it was asked from, or `seconds` (1062) late if that is a whole interval."""
    if not place.is_first:
        return [row]
    late = dt.timedelta(seconds=float(options.get("seconds", 1062)))
    return [row._replace(start=place.asked_start if row.start < place.asked_start < row.end else row.start + late)]


def duplicated_rows(row: Row, _place: RowPlace, options: Options) -> list[Row]:
    """The row stands `times` (2) in the reply."""
    return [row] * int(options.get("times", 2))


def swapped_lines(row: Row, _place: RowPlace, options: Options) -> list[Row]:
    """Two of the `lines` ([1, 4]) have changed places, as when somebody redraws them; regions likewise."""
    one, other = (int(line) - 1 for line in options.get("lines", (1, 4)))
    people = people_of(row.figures)
    lines, regions = list(people.lines), list(people.regions)
    lines[one], lines[other] = lines[other], lines[one]
    regions[one], regions[other] = regions[other], regions[one]
    return [row._replace(figures=figures_like(row.figures, People(tuple(lines), tuple(regions))))]


def counter_reset(row: Row, place: RowPlace, options: Options) -> list[Row]:
    """The counters fell to zero `minute` (30) minutes into the row: what came before is lost."""
    minutes = (row.end - row.start) / dt.timedelta(minutes=1)
    lost = min(1.0, float(options.get("minute", 30)) / minutes)
    if place.clock < row.span.start + lost * (row.span.end - row.span.start):
        return [row]
    people = people_of(row.figures)
    kept = People(
        tuple((int(line[0] * (1 - lost)), int(line[1] * (1 - lost))) for line in people.lines),
        tuple(int(stays * (1 - lost)) for stays in people.regions),
    )
    return [row._replace(figures=figures_like(row.figures, kept))]


def bad_sums(row: Row, _place: RowPlace, _options: Options) -> list[Row]:
    """The last sum is one too many."""
    return [row._replace(figures=(*row.figures[:-1], str(int(row.figures[-1]) + 1)))]


def negative(row: Row, _place: RowPlace, _options: Options) -> list[Row]:
    """Fewer than nobody came in over line 1, or stayed in region 1; the sums agree."""
    people = people_of(row.figures)
    (entered, left), *lines = people.lines
    fewer = People(((-entered - 1, left), *lines), (-people.regions[0] - 1, *people.regions[1:]))
    return [row._replace(figures=figures_like(row.figures, fewer))]


def non_numeric(row: Row, _place: RowPlace, options: Options) -> list[Row]:
    """The first figure is `text` (n/a)."""
    return [row._replace(figures=(str(options.get("text", "n/a")), *row.figures[1:]))]


def over_cap(row: Row, _place: RowPlace, options: Options) -> list[Row]:
    """More `people` (20000) than a door passes came in over line 1, or stayed in region 1; the sums agree."""
    count = int(options.get("people", 20_000))
    people = people_of(row.figures)
    (_, left), *lines = people.lines
    return [
        row._replace(figures=figures_like(row.figures, People(((count, left), *lines), (count, *people.regions[1:]))))
    ]


def other_dates(row: Row, _place: RowPlace, options: Options) -> list[Row]:
    """The stamps are those of `days` (-40) later: not what was asked for."""
    later = dt.timedelta(days=float(options.get("days", -40)))
    return [row._replace(start=row.start + later, end=row.end + later)]


def unknown_line(row: Row, _place: RowPlace, options: Options) -> list[Row]:
    """`people` (3) come in over `line` (3) too, which the fleet file need not know; regions likewise."""
    at, count = int(options.get("line", 3)) - 1, int(options.get("people", 3))
    people = people_of(row.figures)
    lines, regions = list(people.lines), list(people.regions)
    lines[at], regions[at] = (lines[at][0] + count, lines[at][1]), regions[at] + count
    return [row._replace(figures=figures_like(row.figures, People(tuple(lines), tuple(regions))))]
