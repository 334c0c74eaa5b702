"""The counts behind a figure: every line and region in every interval, as reported, and which figure uses it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from retail_pipeline.fleet.calendar import day_bounds
from retail_pipeline.fleet.graph import Door
from retail_pipeline.fleet.models import Report, Role
from retail_pipeline.frames.counts import lines_frame
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.stays import declared_regions
from retail_pipeline.steps.explain.compared import marked
from retail_pipeline.steps.explain.document import Input, Uses
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.question import ZONE_DAYS, Question

_NONE_OF_IT = {
    *("business_share", "is_business_hour", "open_hours", "hours_expected", "hours_lost"),
    *("imputation_method", "imputation_wape", "expected_wape", "share_of_week", "occupancy_source", "is_estimated"),
}
_HOUR = dt.timedelta(hours=1)
_STREET = {"passers_by"}
_STREET_TOO = {"capture_rate", "turn_in_ratio"}
_SO_FAR = {"occupancy_end", "occupancy_max", "occupancy_mean", "dwell_minutes", "occupancy_share"}
_SO_FAR_OF_ZONE = {"occupancy", "queue_length_mean", "queue_length_max", "wait_minutes", "wait_valid"}
_WHOLE_DAY = {"traffic_share", "occupancy_mean_corrected"}
_LONG_STAYS = {"long_stays", "engagement"}
_STAYS = {"stays", *_LONG_STAYS}
_OF_STORE_TOO = {"draw_rate", "occupancy_share", "pass_on_rate"}
OFF = "the device was switched off: its zeros are no counts"


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


def inputs(question: Question, evidence: Evidence) -> tuple[Input, ...]:
    """Every line of the store, and where a zone is asked for every region, over the trading day; in order of time.

    Also the lines in the hours that it is compared with, and the heat of the device that is asked for.
    """
    areas = {(door.sensor_id, door.line): door.areas for door in question.store.graph.doors}
    heat = evidence.day.heat.filter(pl.col("sensor_id") == pl.lit(question.device, pl.String()))
    told = [
        *(_of_line(row, areas) for row in _line_rows(question, evidence).iter_rows(named=True)),
        *(_of_region(row) for row in _region_rows(question, evidence).iter_rows(named=True)),
        *(_of_device(row) for row in heat.iter_rows(named=True)),
    ]
    return tuple(sorted(told, key=lambda one: (one.interval_start, one.sensor_id, one.report, one.number or 0)))


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
    if metric in _SO_FAR | _SO_FAR_OF_ZONE:
        return day_start, question.end
    return question.start, question.end


def _line_rows(question: Question, evidence: Evidence) -> pl.DataFrame:
    lines = lines_frame([question.store]).filter(pl.col("role") != str(Role.IGNORED))
    own = marked(evidence.day.counts.placed, evidence.day.counts.off)
    others = evidence.compared.placed
    placed = own if others is None else pl.concat([own, others.select(own.columns)])
    per_line = [
        placed.with_columns(
            pl.lit(number, pl.Int8).alias("line"),
            pl.col(f"line{number}_in").alias("in_count"),
            pl.col(f"line{number}_out").alias("out_count"),
        )
        for number in (1, 2, 3, 4)
    ]
    return pl.concat(per_line).join(lines, on=["store_id", "sensor_id", "line"])


def _region_rows(question: Question, evidence: Evidence) -> pl.DataFrame:
    regions = declared_regions([question.store]).filter(pl.col("zone") == pl.lit(question.zone, pl.String()))
    names = [f"region{number}" for number in (1, 2, 3, 4)]
    reports = {Report.REGIONS: evidence.day.regional, Report.LONG_STAYS: evidence.day.long_stays}
    told = [rows.with_columns(pl.lit(str(report)).alias("report")) for report, rows in reports.items()]
    rows = marked(with_hours(pl.concat(told), evidence.day.hours), evidence.day.counts.off)
    return (
        rows.unpivot(names, index=[name for name in rows.columns if name not in names], variable_name="region")
        .drop_nulls("value")
        .join(regions, on=["store_id", "sensor_id", "region"])
    )


def _of_line(row: dict[str, Any], areas: Mapping[tuple[str, int], tuple[str, str]]) -> Input:
    """`areas`: where the doors of the store lead, as the line graph has it where the line does not say."""
    names = ("role", "inverted", "in_count", "out_count")
    from_area, to_area = areas.get((row["sensor_id"], row["line"]), (row["from_area"], row["to_area"]))
    return _input(
        row,
        **{name: row[name] for name in names},
        from_area=from_area,
        to_area=to_area,
        report=Report.LINES,
        number=row["line"],
        left_out=OFF if row["is_off"] else None,
    )


def _of_region(row: dict[str, Any]) -> Input:
    return _input(
        row,
        report=row["report"],
        number=int(row["region"].removeprefix("region")),
        role="region",
        zone=row["zone"],
        stays=row["value"],
        left_out=OFF if row["is_off"] else None,
    )


def _of_device(row: dict[str, Any]) -> Input:
    return _input(row, report=Report.HEAT, role="device", heat=row["value"])


def _input(row: dict[str, Any], **told: Any) -> Input:  # noqa: ANN401 - fields of any type
    """What every report has in common, and beside it what was `told`; what was not is None."""
    common = {name: row[name] for name in ("sensor_id", "interval_start", "interval_end", "is_complete", "reply_id")}
    return Input(**{**dict.fromkeys(Input.model_fields), "inverted": False, **common, **told})
