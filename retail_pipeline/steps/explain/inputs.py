"""The counts behind figures: every line and region in every interval, as reported."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from retail_pipeline.fleet.models import Report, Role
from retail_pipeline.frames.counts import lines_frame
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.stays import declared_regions
from retail_pipeline.steps.explain.compared import marked
from retail_pipeline.steps.explain.document import Input
from retail_pipeline.steps.explain.evidence import Evidence
from retail_pipeline.steps.explain.question import Question

OFF = "the device was switched off: its zeros are no counts"


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
