"""Which lines and regions a figure is made from, and in which span; by the names of metrics, as far as they differ."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.graph import Door
from retail_pipeline.fleet.models import Report, Role
from retail_pipeline.steps.explain.document import Input, Uses
from retail_pipeline.steps.explain.question import ZONE_DAYS, Question

_NONE_OF_IT = {
    *("business_share", "is_business_hour", "open_hours", "hours_expected", "hours_lost"),
    *("imputation_method", "imputation_wape", "expected_wape", "share_of_week", "occupancy_source", "is_estimated"),
}
_HOUR = dt.timedelta(hours=1)
_STREET = {"passers_by"}
_STREET_TOO = {"capture_rate", "turn_in_ratio"}
_SO_FAR = {
    *("occupancy_end", "occupancy_max", "occupancy_mean", "dwell_minutes", "occupancy_share", "occupancy"),
    *("queue_length_mean", "queue_length_max", "wait_minutes", "wait_valid"),
}
_WHOLE_DAY = {"traffic_share", "occupancy_mean_corrected"}
_LONG_STAYS = {"long_stays", "engagement"}
_STAYS = {"stays", *_LONG_STAYS}
_OF_STORE_TOO = {"draw_rate", "occupancy_share", "pass_on_rate"}


def uses_of(question: Question, metric: str, hours: Sequence[dt.datetime] | None, *, is_estimated: bool) -> Uses | None:
    """The lines and regions that a figure is made from, and the span in which their intervals start; None: none.

    `hours`: starts of those that it is made from, where they are not the period itself (None). `is_estimated`: the
    occupancy of the zone comes from stays, not from lines.
    """
    if metric in _NONE_OF_IT or hours == ():
        return None
    if hours is not None:
        lines = tuple(_lines(question, metric))
        return Uses(lines=lines, regions=(), start=min(hours), end=max(hours) + _HOUR, hours=tuple(sorted(hours)))
    if question.device is not None:
        return Uses(lines=(), regions=(), heat=(question.device,), start=question.start, end=question.end)
    of_stays = metric in _STAYS or (metric == "occupancy_mean" and is_estimated)
    of_both = question.table == ZONE_DAYS and (metric == "completeness" or (of_stays and metric == "occupancy_mean"))
    return _of_counts(question, metric, with_lines=of_both or not of_stays, with_stays=of_both or of_stays)


def _of_counts(question: Question, metric: str, *, with_lines: bool, with_stays: bool) -> Uses:
    stays, longer = (tuple(_regions(question, report)) for report in (Report.REGIONS, Report.LONG_STAYS))
    start, end = _span(question, metric) if with_lines else (question.start, question.end)
    return Uses(
        lines=tuple(_lines(question, metric)) if with_lines else (),
        regions=stays if with_stays and metric != "long_stays" else (),
        long_stays=longer if metric in _LONG_STAYS else (),
        start=start,
        end=end,
    )


def used_by(rows: Iterable[Input], uses: Iterable[Uses | None]) -> tuple[Input, ...]:
    """The rows that any of the uses takes in."""
    known = [one for one in uses if one is not None]
    return tuple(row for row in rows if any(is_used(row, one) for one in known))


def is_used(row: Input, uses: Uses) -> bool:
    """Whether the row is of one of the lines or regions, and starts in the span."""
    return row.place in uses.places(row.report) and uses.holds(row.interval_start)


def _lines(question: Question, metric: str) -> Iterator[str]:
    store = question.store
    doors = {(door.sensor_id, door.line) for door in _doors(question)}
    roles = {Role.PASSERS_BY} if metric in _STREET else {Role.ENTRANCE}
    roles |= {Role.PASSERS_BY} if metric in _STREET_TOO else set()
    of_store = question.place is None or metric in _OF_STORE_TOO
    for device in store.devices_for(Report.LINES):
        for number, line in sorted(device.lines.items()):
            if (device.id, number) in doors or (of_store and line.role in roles):
                yield f"{device.id}/{number}"


def _doors(question: Question) -> Iterator[Door]:
    """Those on the boundary of the zone, or of the way."""
    for door in question.store.graph.doors:
        if question.zone in door.areas or question.way in (door.areas, door.areas[::-1]):
            yield door


def _regions(question: Question, report: Report) -> Iterator[str]:
    for device in question.store.devices_for(report):
        yield from (f"{device.id}/{number}" for number, zone in device.regions.items() if zone == question.zone)


def _span(question: Question, metric: str) -> tuple[dt.datetime, dt.datetime]:
    day_start, day_end = day_bounds(question.store, question.trading_day)
    if question.period == "day" or metric in _WHOLE_DAY:
        return day_start, day_end
    if metric in _SO_FAR:
        return day_start, question.end
    return question.start, question.end
