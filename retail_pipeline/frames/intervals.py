"""People in an area over time, from the crossings of its doors: a store as a whole, or one of its zones.

Devices of one area are added up per interval. Where they count in different intervals, the area takes the longest of
the hour, or the whole hour when the others do not fit into that: rows of two devices never stand side by side.
"""

import polars as pl

from retail_pipeline.frames.ratios import minutes_between

_AREA = ("store_id", "area")
_HOUR = ("hour_start", "hour_end", "trading_day")
_INTERVAL = ("interval_start", "interval_end")


def area_intervals(flows: pl.DataFrame) -> pl.DataFrame:
    """One row per `store_id`, `area` and interval, sorted by them, with the running occupancy at the interval's end.

    `flows` are crossings of the area's doors with their local hour: `store_id`, `area`, `sensor_id`, `interval_start`,
    `interval_end`, `hour_start`, `hour_end`, `trading_day`, `entries`, `exits`, `is_complete`, `collected_at`, and
    `devices_expected`, the number of devices that the area's doors belong to.

    Occupancy is entries - exits since the trading day began, never below 0. `is_complete`: every one of those devices
    has complete rows for the whole interval. An interval that no device reported has no row and adds nothing.
    """
    on_grid = _on_common_grid(_per_device(flows))
    return (
        on_grid.group_by(*_AREA, *_HOUR, "bucket")
        .agg(*_bounds(), *_sums(), _all_devices_complete(), pl.col("collected_at").max().alias("input_version"))
        .drop("bucket")
        .sort(*_AREA, "interval_start")
        .with_columns(_running_occupancy())
    )


def _per_device(flows: pl.DataFrame) -> pl.DataFrame:
    return flows.group_by(*_AREA, "sensor_id", *_HOUR, *_INTERVAL).agg(
        pl.col("entries", "exits").sum(),
        pl.col("is_complete").all(),
        pl.col("collected_at").max(),
        pl.col("devices_expected").first(),
    )


def _on_common_grid(rows: pl.DataFrame) -> pl.DataFrame:
    hour = [*_AREA, "hour_start"]
    minutes, offset = pl.col("minutes"), pl.col("offset")
    longest = minutes.max().over(hour)
    is_alone = pl.col("sensor_id").n_unique().over(hour) == 1
    fits = (offset % longest + minutes <= longest).all().over(hour)
    whole_hour = minutes_between("hour_start", "hour_end")
    return (
        rows.with_columns(
            minutes_between(*_INTERVAL).alias("minutes"),
            minutes_between("hour_start", "interval_start").alias("offset"),
        )
        .with_columns(pl.when(is_alone).then(minutes).when(fits).then(longest).otherwise(whole_hour).alias("grid"))
        .with_columns(pl.when(is_alone).then(offset).otherwise(offset // pl.col("grid")).alias("bucket"))
    )


def _bounds() -> list[pl.Expr]:
    # Devices that agree keep their own bounds; the others take the slot of the grid, cut at the hour.
    agree = (pl.col("interval_start").n_unique() == 1) & (pl.col("interval_end").n_unique() == 1)
    slot = pl.duration(minutes=pl.col("grid"))
    start = (pl.col("hour_start") + slot * pl.col("bucket")).first()
    end = (pl.col("hour_start") + slot * (pl.col("bucket") + 1)).first()
    return [
        pl.when(agree).then(pl.col("interval_start").first()).otherwise(start).alias("interval_start"),
        pl.when(agree).then(pl.col("interval_end").first()).otherwise(end).alias("interval_end"),
    ]


def _sums() -> list[pl.Expr]:
    return [pl.col("entries").sum(), pl.col("exits").sum()]


def _all_devices_complete() -> pl.Expr:
    expected = pl.col("devices_expected").first()
    every_device = pl.col("sensor_id").n_unique() == expected
    whole_interval = pl.col("minutes").sum() >= expected * pl.col("grid").first()
    return (every_device & whole_interval & pl.col("is_complete").all()).alias("is_complete")


def _running_occupancy() -> pl.Expr:
    net = pl.col("entries") - pl.col("exits")
    return net.cum_sum().over(*_AREA, "trading_day").clip(lower_bound=0).alias("occupancy")
