"""People in an area over time, from the crossings of its doors: a store as a whole, or one of its zones.

Devices of one area are added up per interval. Where they count in different intervals, the area takes the longest of
the hour, or the whole hour when the others do not fit into that: rows of two devices never stand side by side.
"""

import polars as pl

from retail_pipeline.frames.counts import through_doors
from retail_pipeline.frames.numbered import by_area_and_day, running

_AREA_HOUR = ("area", "hour")
_INTERVAL = ("interval_start", "interval_end")
_COLUMNS = ("area", "hour", "day", *_INTERVAL, "entries", "exits", "is_complete", "collected_at")


def area_intervals(rows: pl.LazyFrame, doors: pl.DataFrame, hours: pl.DataFrame) -> pl.LazyFrame:
    """One row per `area` and interval, in the order of both, with the running occupancy at the interval's end.

    `rows` are raw rows as `placed` gives them, `hours` comes from `numbered`. `doors` are those of the areas: `area` (a
    number), `store_id`, `sensor_id`, `line` and `in_enters`, whether IN, as reported, enters the area.

    Columns: `area`, `hour`, `day`, `area_day` (a number for each day of each area), the interval, `entries`, `exits`,
    `occupancy`, `is_complete`, `collected_at`.
    Occupancy is entries - exits since the trading day began, never below 0. `is_complete`: every device that the area's
    doors belong to has complete rows for the whole interval. An interval that no device reported has no row and adds
    nothing.
    """
    devices = pl.col("sensor_id").n_unique().over("area")
    alone, together = (doors.filter(condition) for condition in (devices == 1, devices > 1))
    intervals = through_doors(rows, alone).select(_COLUMNS)
    if not together.is_empty():
        intervals = pl.concat([intervals, _added_up(through_doors(rows, together), together, hours)])
    net = pl.col("entries") - pl.col("exits")
    return by_area_and_day(intervals).with_columns(running(net, "area_day").clip(lower_bound=0).alias("occupancy"))


def _added_up(flows: pl.LazyFrame, doors: pl.DataFrame, hours: pl.DataFrame) -> pl.LazyFrame:
    """The devices of each area on a common grid."""
    expected = doors.group_by("area").agg(pl.col("sensor_id").n_unique().cast(pl.Int64).alias("devices_expected"))
    on_grid = _on_common_grid(
        flows.join(hours.lazy().select("hour", "hour_start", "hour_end"), on="hour").join(expected.lazy(), on="area")
    )
    return (
        on_grid.group_by(*_AREA_HOUR, "day", "bucket")
        .agg(*_bounds(), pl.col("entries", "exits").sum(), _all_devices_complete(), pl.col("collected_at").max())
        .select(_COLUMNS)
    )


def _on_common_grid(rows: pl.LazyFrame) -> pl.LazyFrame:
    seconds, offset = pl.col("seconds"), pl.col("offset")
    longest = seconds.max().over(_AREA_HOUR)
    is_alone = (pl.col("sensor_id") == pl.col("sensor_id").first()).all().over(_AREA_HOUR)
    fits = (offset % longest + seconds <= longest).all().over(_AREA_HOUR)
    return (
        rows.with_columns(
            _seconds_between(*_INTERVAL).alias("seconds"),
            _seconds_between("hour_start", "interval_start").alias("offset"),
        )
        .with_columns(
            pl.when(is_alone)
            .then(seconds)
            .when(fits)
            .then(longest)
            .otherwise(_seconds_between("hour_start", "hour_end"))
            .alias("grid"),
            is_alone.alias("is_alone"),
        )
        .with_columns(pl.when("is_alone").then(offset).otherwise(offset // pl.col("grid")).alias("bucket"))
    )


def _seconds_between(start: str, end: str) -> pl.Expr:
    return (pl.col(end) - pl.col(start)).dt.total_seconds()


def _bounds() -> list[pl.Expr]:
    # Devices that agree keep their own bounds; the others take the slot of the grid, cut at the hour.
    first, last = pl.col("interval_start"), pl.col("interval_end")
    agree = (first.min() == first.max()) & (last.min() == last.max())
    slot = pl.duration(seconds=pl.col("grid"))
    start = (pl.col("hour_start") + slot * pl.col("bucket")).first()
    end = (pl.col("hour_start") + slot * (pl.col("bucket") + 1)).first()
    return [
        pl.when(agree).then(first.first()).otherwise(start).alias("interval_start"),
        pl.when(agree).then(last.first()).otherwise(end).alias("interval_end"),
    ]


def _all_devices_complete() -> pl.Expr:
    expected = pl.col("devices_expected").first()
    every_device = pl.col("sensor_id").n_unique() == expected
    whole_interval = pl.col("seconds").sum() >= expected * pl.col("grid").first()
    return (every_device & whole_interval & pl.col("is_complete").all()).alias("is_complete")
