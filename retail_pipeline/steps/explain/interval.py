"""Which interval a moment lies in, as the warehouse has it: devices choose how long theirs are."""

import datetime as dt
from collections.abc import Iterator

import polars as pl

from retail_pipeline.steps.explain.question import DEVICE_HEAT, Question
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse

_LONGEST = dt.timedelta(hours=1)


def placed_in_interval(question: Question, warehouse: Warehouse) -> Question:
    """The question about the interval that holds its start; where none does, about the hole between those around it.

    A zone's interval that was not derived yet is as long as the longest that a device at its boundary told.
    """
    if question.period != "interval":
        return question
    around = [rows.select("interval_start", "interval_end") for rows in _known(question, warehouse)]
    for rows in around:
        mine = rows.filter(pl.col("interval_start") <= question.start, pl.col("interval_end") > question.start)
        if mine.height:
            return question.within(*mine.sort(pl.col("interval_end") - pl.col("interval_start")).row(-1))
    return question.within(*_hole(question, pl.concat(around)))


def _known(question: Question, warehouse: Warehouse) -> Iterator[pl.DataFrame]:
    """Rows whose interval may be meant, best first, with those around them."""
    asked = [question.store.id], question.start - _LONGEST, question.start + _LONGEST
    if question.table == DEVICE_HEAT:
        yield reads.device_heat(warehouse, *asked).filter(pl.col("sensor_id") == question.device)
        return
    yield reads.zones(warehouse, *asked).filter(pl.col("zone") == question.zone)
    doors = {door.sensor_id for door in question.store.graph.doors_of(str(question.zone))}
    yield reads.raw_counts(warehouse, *asked).filter(pl.col("sensor_id").is_in(list(doors)))


def _hole(question: Question, around: pl.DataFrame) -> tuple[dt.datetime, dt.datetime]:
    """Within the hour, from the end of the last row before it to the start of the first one after it."""
    start, end = question.whole_hours
    ends, starts = (around[name].to_list() for name in ("interval_end", "interval_start"))
    before = [one for one in ends if one <= question.start]
    after = [one for one in starts if one > question.start]
    return max([start, *before]), min([end, *after])
