"""What stored counts of whole trading days come to now; writing it is derive.py's, telling it explain's."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.device_off import measured
from retail_pipeline.frames.hourly import compared_hours, measured_hours
from retail_pipeline.frames.imputation import LOOK_BACK, hours_to_estimate
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.normal import WEEKS
from retail_pipeline.frames.numbered import numbered
from retail_pipeline.frames.schemas import HOUR_HISTORY
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline.steps.spans import bounds
from retail_pipeline.steps.switched_off import SwitchedOff, judge_switched_off
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse

_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)


@dataclass(frozen=True)
class DayCounts:
    """Trading days of stores, from the counts to the figures of their hours.

    Attributes:
        placed: the raw rows with their local hours.
        off: in which hours a device was switched off.
        present: the raw rows that count for zones: those of devices that were on.
        past: complete hours of the weeks before that these are compared with (`HOUR_HISTORY`).
        zones: a frame of `VIRTUAL_REGION_OCCUPANCY`.
        hourly: a frame of `HOURLY_ANALYTICS`.
    """

    placed: pl.DataFrame
    off: SwitchedOff
    present: pl.DataFrame
    past: pl.DataFrame
    zones: pl.DataFrame
    hourly: pl.DataFrame


def figures_of_days(
    warehouse: Warehouse, stores: Sequence[Store], hours: pl.DataFrame, now: dt.datetime, *, whole_past: bool = False
) -> DayCounts:
    """The figures of whole trading days, whose `hours` these are, out of what the warehouse holds of them.

    With `whole_past` the weeks before are read as if every store lacked an hour: for those who tell how well estimates
    do.
    """
    ids = [store.id for store in stores]
    start, end = bounds(hours)
    numbers = numbered(hours)
    raw = reads.raw_counts(warehouse, ids, start, end)
    placed = with_hours(raw, numbers)
    counted = placed.select(raw.columns)
    off = judge_switched_off(warehouse, stores, counted, hours)
    figures = measured_hours(counted, stores, numbers, now, off.hours)
    lacking = set(ids) if whole_past else set(hours_to_estimate(figures, now)["store_id"])
    past = _past(warehouse, ids, lacking, start, end)
    late = reads.recovered_hours(warehouse, ids, start, end)
    hourly = compared_hours(figures, stores, now, past, late)
    present = counted if off.hours.is_empty() else measured(counted, off.hours, numbers)
    zones = virtual_region_occupancy(present, stores, numbers)
    return DayCounts(placed, off, present, past, zones, _with_history(hourly, off))


def _past(
    warehouse: Warehouse, ids: Sequence[str], lacking: Collection[str], start: dt.datetime, end: dt.datetime
) -> pl.DataFrame:
    """What hours of `[start, end)` are compared with: the same hours of four weeks, which is all that an index needs.

    Of stores that are `lacking` an hour everything that its estimate and the test of that rest on.
    """
    others = [store_id for store_id in ids if store_id not in lacking]
    reads_of = [(others, *span) for span in _weeks_before(start, end)]
    reads_of.append((sorted(lacking), start - LOOK_BACK - _DAY, end))
    found = [reads.hour_history(warehouse, some, *span) for some, *span in reads_of if some]
    return pl.concat([pl.DataFrame(schema=HOUR_HISTORY), *found])


def _weeks_before(start: dt.datetime, end: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """`[start, end)` in each week that an index looks at, with a day around it for clocks that have changed since."""
    spans = [(start - week * _WEEK - _DAY, end - week * _WEEK + _DAY) for week in range(WEEKS, 0, -1)]
    return spans if spans[0][1] < spans[1][0] else [(spans[0][0], spans[-1][1])]


def _with_history(hourly: pl.DataFrame, off: SwitchedOff) -> pl.DataFrame:
    """Weeks before that had a say are inputs too: when they change the verdict, the day's summary is due."""
    newest = pl.max_horizontal("input_version", "history_version")
    return (
        hourly.join(off.versions, on=["store_id", "trading_day"], how="left", maintain_order="left")
        .with_columns(newest.alias("input_version"))
        .drop("history_version")
    )
