"""What counted lines tell of a zone in an hour, out of the intervals of `virtual_region_occupancy`."""

import polars as pl

from retail_pipeline.frames.drift import corrected_mean
from retail_pipeline.frames.numbered import by_area_and_day, numbered, placed, running
from retail_pipeline.frames.ratios import minutes_between, ratio


def zone_line_hours(zones: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """One row per `store_id`, `zone` and `hour_start` in which a door of the zone was counted; needs whole days.

    Columns: `entries`, `exits`, `occupancy_mean` (time-weighted), `occupancy_max`, `lines_version`; `lines_complete`:
    counted through the whole hour; `was_reset`: the trading day began in the hour, or more people had left than come,
    so that the count was held at nobody. `occupancy_mean_corrected` stands once the whole day was counted: a hole in it
    is no drift.
    """
    minutes = minutes_between("interval_start", "interval_end")
    balance, smaller_side = corrected_mean("area_day", minutes)
    net = running(pl.col("entries") - pl.col("exits"), "area_day")
    return (
        _placed_intervals(zones, numbered(hours))
        .with_columns(minutes.alias("minutes"), (net < 0).alias("is_held"))
        .with_columns(balance.alias("balance"), pl.when(_day_is_counted()).then(smaller_side).alias("smaller_side"))
        .group_by("area", "hour")
        .agg(
            pl.col("store_id", "zone", "hour_start").first(),
            pl.col("entries", "exits").sum(),
            _mean().alias("occupancy_mean"),
            pl.col("occupancy").max().alias("occupancy_max"),
            ratio(pl.col("balance").sum(), pl.col("smaller_side").sum()).alias("occupancy_mean_corrected"),
            (pl.col("is_held") | (pl.col("hour_start") == pl.col("day_start"))).any().alias("was_reset"),
            (pl.col("is_complete").all() & (pl.col("minutes").sum() >= _whole_hour())).alias("lines_complete"),
            pl.col("input_version").max().alias("lines_version"),
        )
        .drop("area", "hour")
        .collect(engine="in-memory")
    )


def _placed_intervals(zones: pl.DataFrame, hours: pl.DataFrame) -> pl.LazyFrame:
    """Intervals in the order of zones and of time, with the numbers, hours and days that they belong to."""
    areas = zones.select("store_id", "zone").unique(maintain_order=True).with_row_index("area")
    told = hours.lazy().select("hour", "hour_start", "hour_end")
    placed_zones = placed(zones, hours).join(areas.lazy(), on=["store_id", "zone"])
    return (
        by_area_and_day(placed_zones)
        .join(told, on="hour", how="left", maintain_order="left")
        .join(_days(hours).lazy(), on="day", how="left", maintain_order="left")
    )


def _days(hours: pl.DataFrame) -> pl.DataFrame:
    return hours.group_by("day").agg(
        pl.col("hour_start").min().alias("day_start"),
        pl.col("minutes").sum().alias("day_minutes"),
    )


def _day_is_counted() -> pl.Expr:
    """Complete intervals fill the day; an interval is complete only after its end, so such a day is over."""
    counted = (pl.col("minutes") * pl.col("is_complete")).sum().over("area_day")
    return pl.col("occupancy").is_not_null() & (counted >= pl.col("day_minutes"))


def _mean() -> pl.Expr:
    """Occupancy, time-weighted; NULL where it is not told."""
    people, minutes = pl.col("occupancy"), pl.col("minutes")
    return ratio((people * minutes).sum(), minutes.filter(people.is_not_null()).sum())


def _whole_hour() -> pl.Expr:
    return minutes_between("hour_start", "hour_end").first()
