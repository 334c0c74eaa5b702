"""What devices told of a period, added up by the line and by the region."""

from collections.abc import Iterable, Iterator

from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.explain.document import Input
from retail_pipeline.steps.explain.question import Question
from retail_pipeline.steps.explain.working import Row


def crossed(counts: Iterable[Input], question: Question) -> Iterator[Row]:
    """Sums of each line in the period: crossings into the place that is asked for, or along the way, and back."""
    lines: dict[str, list[Input]] = {}
    for one in _counted(counts, question, Report.LINES):
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


def stayed(counts: Iterable[Input], question: Question, report: Report) -> Iterator[Row]:
    """Stays of each region in the period, by its `label`."""
    regions: dict[str, int] = {}
    for one in _counted(counts, question, report):
        label = f"{one.sensor_id} region {one.number}"
        regions[label] = regions.get(label, 0) + (one.stays or 0)
    return ({"label": label, "stays": stays} for label, stays in sorted(regions.items()))


def _counted(counts: Iterable[Input], question: Question, report: Report) -> Iterator[Input]:
    """Rows of the report that begin in the period and count for something."""
    for one in counts:
        if one.report == report and one.left_out is None and question.start <= one.interval_start < question.end:
            yield one
