"""Zones, hours and days as `derive.py` has them derived, column by column, by one lazy query for one layout.

It knows that every store keeps UTC and opens from nine to seven, that one device counts all four lines of each store,
an hour a row, and that nothing is missing, late or estimated: what the same figures cost without any generality.
"""

from typing import Literal

import polars as pl

from retail_pipeline.frames.numbered import running
from retail_pipeline.frames.schemas import DAILY_SUMMARIES, HOURLY_ANALYTICS, VIRTUAL_REGION_OCCUPANCY

_ZONES = {
    "entrance": ("entrance", ["line1_in", "line2_out"], ["line1_out", "line2_in"]),
    "queue": ("queue", ["line3_in"], ["line3_out"]),
    "shopping": ("shopping", ["line2_in", "line3_out"], ["line2_out", "line3_in"]),
}
_WEEK = 7
_MOST = 1 << 16
"""More people than an hour has here."""

_ENTRIES, _EXITS, _PASSERS_BY = pl.col("entries"), pl.col("exits"), pl.col("passers_by")
_OCCUPANCY = pl.col("occupancy_end")


def everything_by_hand(rows: pl.DataFrame, engine: Literal["streaming", "in-memory"]) -> list[pl.DataFrame]:
    """The frames of zones, hours and days, in the order of their keys."""
    by_hour = _in_order(rows)
    hourly = _hourly(by_hour)
    return pl.collect_all([_zones(by_hour), _conform(hourly, HOURLY_ANALYTICS), _daily(hourly)], engine=engine)


def _in_order(rows: pl.DataFrame) -> pl.LazyFrame:
    """In the order of stores and hours, with numbers for both and for the days of each store."""
    return (
        rows.lazy()
        .sort("store_id", "interval_start")
        .with_columns(store=pl.col("store_id").rle_id(), trading_day=pl.col("interval_start").dt.date())
        .with_columns(day=_day_number().set_sorted(), hour=pl.int_range(pl.len()))
    )


def _day_number() -> pl.Expr:
    return pl.col("store").cast(pl.Int64) * (1 << 32) + pl.col("trading_day").to_physical()


def _zones(by_hour: pl.LazyFrame) -> pl.LazyFrame:
    zones = [
        by_hour.select(
            *("store", "store_id", "organization_id", "hour", "interval_start", "interval_end", "is_complete"),
            zone=pl.lit(zone),
            zone_kind=pl.lit(kind),
            entries=_people(into),
            exits=_people(out),
            occupancy=running(_people(into) - _people(out), "day").clip(lower_bound=0),
            occupancy_reason=pl.lit(None, pl.String),
            input_version="collected_at",
        )
        for zone, (kind, into, out) in _ZONES.items()
    ]
    stores_and_zones = [one.with_columns(place=pl.col("store") * len(zones) + n) for n, one in enumerate(zones)]
    in_order = pl.concat(stores_and_zones).sort(pl.col("place").cast(pl.Int64) * (1 << 32) + pl.col("hour"))
    return _conform(in_order, VIRTUAL_REGION_OCCUPANCY)


def _people(lines: list[str]) -> pl.Expr:
    return pl.sum_horizontal(pl.col(line).cast(pl.Int64) for line in lines)


def _hourly(by_hour: pl.LazyFrame) -> pl.LazyFrame:
    local_hour = pl.col("interval_start").dt.hour()
    is_open = local_hour.is_between(9, 18)
    return (
        by_hour.select(
            *("store", "day", "store_id", "organization_id", "trading_day", "is_complete"),
            hour_start="interval_start",
            hour_end="interval_end",
            local_date="trading_day",
            local_hour=local_hour,
            entries=_people(["line1_in"]),
            exits=_people(["line1_out"]),
            passers_by=_people(["line4_in", "line4_out"]),
            is_business_hour=is_open,
            business_share=is_open.cast(pl.Float64),
            completeness=pl.lit(1.0),
            quality=pl.lit("A"),
            input_version="collected_at",
            **{f"{name}_imputed": pl.lit(None, pl.Float64) for name in ("entries", "exits")},
            imputation_method=pl.lit(None, pl.String),
            imputation_wape=pl.lit(None, pl.Float64),
        )
        .with_columns(
            occupancy_end=running(_ENTRIES - _EXITS, "day").clip(lower_bound=0),
            entries_of_day=_ENTRIES.sum().over("day"),
            exits_of_day=_EXITS.sum().over("day"),
            entries_so_far=running(_ENTRIES, "day"),
            exits_so_far=running(_EXITS, "day"),
            normal=_normal(),
        )
        .with_columns(
            net_flow=_ENTRIES - _EXITS,
            capture_rate=_ratio(_ENTRIES, _ENTRIES + _PASSERS_BY),
            turn_in_ratio=_ratio(_ENTRIES, _PASSERS_BY),
            traffic_share=_ratio(_ENTRIES, pl.col("entries_of_day")),
            occupancy_max=_OCCUPANCY,
            occupancy_mean=_OCCUPANCY.cast(pl.Float64),
            occupancy_mean_corrected=_corrected(),
            dwell_minutes=pl.when(_is_steady()).then(_OCCUPANCY * 60 / _ENTRIES),
            dwell_valid=_is_steady(),
            index_vs_normal=_ratio(_ENTRIES, pl.col("normal")),
        )
    )


def _normal() -> pl.Expr:
    """The median of one to four weeks before, two of which are known: their mean without the extremes."""
    weeks = [_ENTRIES.shift(24 * _WEEK * week).over("store") for week in (1, 2, 3, 4)]
    known = pl.sum_horizontal(week.is_not_null() for week in weeks).cast(pl.Int64)
    total, extremes = pl.sum_horizontal(weeks), pl.min_horizontal(weeks) + pl.max_horizontal(weeks)
    return pl.when(known > 2).then((total - extremes) / (known - 2)).when(known == 2).then(total / known)


def _corrected() -> pl.Expr:
    came, left = pl.col("entries_of_day"), pl.col("exits_of_day")
    smaller, larger = pl.min_horizontal(came, left), pl.max_horizontal(came, left)
    balance = (pl.col("entries_so_far") * left - pl.col("exits_so_far") * came).clip(lower_bound=0)
    return pl.when(larger == 0).then(0.0).when(smaller > 0).then(balance / smaller)


def _is_steady() -> pl.Expr:
    return ((_ENTRIES - _EXITS).abs() <= 0.25 * pl.max_horizontal(_ENTRIES, _EXITS)) & (_ENTRIES >= 5)


def _daily(hourly: pl.LazyFrame) -> pl.LazyFrame:
    open_entries = _ENTRIES.filter("is_business_hour")
    days = hourly.group_by("day").agg(
        pl.col("store", "store_id", "organization_id", "trading_day").first(),
        pl.col("entries", "exits", "passers_by").sum(),
        day_start=pl.col("hour_start").first(),
        day_end=pl.col("hour_end").last(),
        business_entries=open_entries.sum().cast(pl.Float64),
        average_hourly_entries=open_entries.sum() / open_entries.len(),
        peak_hour=pl.col("local_hour").filter("is_business_hour").get(open_entries.arg_max()),
        peak_hour_entries=open_entries.max(),
        peak_hour_is_tied=(open_entries == open_entries.max()).sum() > 1,
        occupancy_max=_OCCUPANCY.max(),
        occupancy_max_at=pl.col("hour_start").get(_OCCUPANCY.arg_max()),
        open_hours=open_entries.len().cast(pl.Float64),
        hours_expected=pl.len(),
        hours_reported=pl.len(),
        completeness=pl.col("completeness").mean(),
        quality=pl.col("quality").first(),
        is_complete=pl.col("is_complete").all(),
        input_version=pl.col("input_version").max(),
    )
    last_week = _ENTRIES.shift(_WEEK).over("store")
    whole = (
        days.sort("day")
        .join(_power_hours(hourly), on="day", how="left", maintain_order="left")
        .with_columns(
            net_flow=_ENTRIES - _EXITS,
            drift=_ENTRIES - _EXITS,
            drift_share=_ratio(_ENTRIES - _EXITS, _ENTRIES),
            capture_rate=_ratio(_ENTRIES, _ENTRIES + _PASSERS_BY),
            turn_in_ratio=_ratio(_ENTRIES, _PASSERS_BY),
            non_business_entries=_ENTRIES - pl.col("business_entries"),
            hours_lost=pl.lit(0),
            imputed_share=_ratio(pl.lit(0.0), _ENTRIES),
            entries_last_week=last_week,
            change_last_week=100 * _ratio(_ENTRIES - last_week, last_week),
            entries_52_weeks_ago=pl.lit(None),
            change_52_weeks=pl.lit(None),
        )
    )
    return _conform(whole, DAILY_SUMMARIES)


def _power_hours(hourly: pl.LazyFrame) -> pl.LazyFrame:
    number = pl.int_range(pl.len()).alias("number")
    came = hourly.select("day", number, "local_hour", "entries", "entries_of_day").filter(_ENTRIES > 0)
    busiest = came.sort(pl.col("day") * _MOST - _ENTRIES, maintain_order=True)
    return (
        busiest.filter((running(_ENTRIES, "day") - _ENTRIES) * 5 < pl.col("entries_of_day") * 2)
        .sort("number")
        .group_by("day", maintain_order=True)
        .agg(power_hours="local_hour")
    )


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole != 0).then(part / whole)


def _conform(frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
