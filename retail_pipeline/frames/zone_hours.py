"""`zone_hours`: a store's zones, hour by hour. Counted lines and a device's own stays stand apart, and labelled.

What lines tell (entries, exits, occupancy) and what a region report tells (stays) are never added. Where lines cannot
tell the occupancy, stays times the zone's typical stay estimate it; where nothing can, it is NULL.
"""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import OUTSIDE_AREAS, Store, ZoneKind
from retail_pipeline.frames.littles_law import dwell_is_valid, is_steady, stay_minutes
from retail_pipeline.frames.ratios import ratio
from retail_pipeline.frames.schemas import ZONE_HOURS, conform
from retail_pipeline.frames.stays import declared_regions, engagement, long_zone_stays, zone_stays
from retail_pipeline.frames.zone_lines import zone_line_hours

_NOT_COUNTED = "no counted line reported in this hour"
LINES, ESTIMATED, NOT_MEASURABLE = "lines", "estimated", "not_measurable"
"""Values of `occupancy_source`."""

_HOUR = ("store_id", "hour_start")
_KEY = ("store_id", "zone", "hour_start")
_ZONES = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "zone": pl.String(),
    "zone_kind": pl.String(),
    "typical_stay_minutes": pl.Float64(),
    "has_doors": pl.Boolean(),
    "occupancy_reason": pl.String(),
}


def zone_hours(
    zones: pl.DataFrame,
    flows: pl.DataFrame,
    regional: pl.DataFrame,
    hourly: pl.DataFrame,
    stores: Sequence[Store],
    hours: pl.DataFrame,
    *,
    long_stays: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per store, declared zone and local hour that a line or a region of the zone reported.

    A frame of `ZONE_HOURS`, sorted by key; needs whole trading days of `virtual_region_occupancy` (`zones`),
    `zone_flows`, `regional_counts` and `hourly_analytics`; `long_stays` are rows of `long_stay_counts`. Dwell, wait and
    engagement are told of hours that were counted to their end.
    """
    long = regional.clear() if long_stays is None else long_stays
    reported = zone_stays(regional, stores, hours).join(
        zone_line_hours(zones, hours), on=_KEY, how="full", coalesce=True
    )
    return conform(
        reported.join(_declared_zones(stores), on=["store_id", "zone"])
        .join(hours.drop("business_share"), on=_HOUR)
        .join(_store_figures(hourly), on=_HOUR, how="left")
        .join(_onward(flows), on=_KEY, how="left")
        .join(long_zone_stays(long, stores, hours), on=_KEY, how="left")
        .with_columns(*_occupancy(), _is_complete(), _version())
        .with_columns(*_rates(), *_queue(), _dwell(), engagement())
        .sort(_KEY),
        ZONE_HOURS,
    )


def _declared_zones(stores: Sequence[Store]) -> pl.DataFrame:
    rows = [
        (
            *(store.id, store.organization, name, str(zone.kind), zone.typical_stay_minutes),
            *(bool(store.graph.doors_of(name)), store.graph.open_reasons.get(name)),
        )
        for store in stores
        for name, zone in store.zones.items()
    ]
    has_regions = declared_regions(stores).select("store_id", "zone", pl.lit(value=True).alias("has_regions")).unique()
    return pl.DataFrame(rows, schema=_ZONES, orient="row").join(has_regions, on=["store_id", "zone"], how="left")


def _store_figures(hourly: pl.DataFrame) -> pl.DataFrame:
    return hourly.select(
        *_HOUR,
        pl.col("entries").alias("store_entries"),
        pl.col("occupancy_mean").alias("store_occupancy"),
        pl.col("input_version").alias("hourly_version"),
    )


def _onward(flows: pl.DataFrame) -> pl.DataFrame:
    """People who went from a zone to another zone, not out of the store."""
    return (
        flows.filter(~pl.col("to_area").is_in(OUTSIDE_AREAS))
        .group_by("store_id", pl.col("from_area").alias("zone"), "hour_start")
        .agg(pl.col("people").sum().alias("onward"))
    )


def _occupancy() -> list[pl.Expr]:
    by_lines = pl.col("occupancy_mean").is_not_null()
    estimate = pl.col("stays") * pl.col("typical_stay_minutes") / pl.col("minutes")
    source = pl.when(by_lines).then(pl.lit(LINES)).when(estimate.is_not_null()).then(pl.lit(ESTIMATED))
    return [
        pl.coalesce("occupancy_mean", estimate),
        source.otherwise(pl.lit(NOT_MEASURABLE)).alias("occupancy_source"),
        pl.when(~by_lines).then(pl.coalesce("occupancy_reason", pl.lit(_NOT_COUNTED))).alias("occupancy_reason"),
    ]


def _is_complete() -> pl.Expr:
    """Whether every source that the zone declares was there for the whole hour."""
    lines = ~pl.col("has_doors") | pl.col("lines_complete").fill_null(value=False)
    regions = pl.col("has_regions").is_null() | pl.col("stays_complete").fill_null(value=False)
    return (lines & regions).alias("is_complete")


def _version() -> pl.Expr:
    return pl.max_horizontal("lines_version", "stays_version", "long_version", "hourly_version").alias("input_version")


def _rates() -> list[pl.Expr]:
    """All over the store's own figure, so that the zones of a kind may be added up."""
    is_entrance = pl.col("zone_kind") == str(ZoneKind.ENTRANCE)
    by_lines = pl.col("occupancy_source") == LINES
    return [
        ratio(pl.col("entries"), pl.col("store_entries")).alias("draw_rate"),
        pl.when(by_lines).then(ratio(pl.col("occupancy_mean"), pl.col("store_occupancy"))).alias("occupancy_share"),
        pl.when(is_entrance).then(ratio(pl.col("onward"), pl.col("store_entries"))).alias("pass_on_rate"),
    ]


def _dwell() -> pl.Expr:
    return (
        pl.when(_told_by_lines() & dwell_is_valid(pl.col("entries"), pl.col("exits")))
        .then(_stay())
        .alias("dwell_minutes")
    )


def _queue() -> list[pl.Expr]:
    is_queue = pl.col("zone_kind") == str(ZoneKind.QUEUE)
    by_lines = is_queue & (pl.col("occupancy_source") == LINES)
    somebody = pl.col("entries") > 0
    is_valid = (
        _told_by_lines() & is_steady(pl.col("entries"), pl.col("exits")) & somebody & ~pl.col("was_reset")
    ).fill_null(value=False)
    return [
        pl.when(by_lines).then("occupancy_mean").alias("queue_length_mean"),
        pl.when(by_lines).then("occupancy_max").alias("queue_length_max"),
        pl.when(is_queue & is_valid).then(_stay()).alias("wait_minutes"),
        pl.when(is_queue).then(is_valid).alias("wait_valid"),
    ]


def _told_by_lines() -> pl.Expr:
    """An hour that is still counted has had people for less time than it lasts: its rates would be wrong."""
    return (pl.col("occupancy_source") == LINES) & pl.col("lines_complete").fill_null(value=False)


def _stay() -> pl.Expr:
    return stay_minutes(pl.col("occupancy_mean"), pl.col("entries"), pl.col("minutes"))
