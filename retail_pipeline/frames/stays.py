"""Stays that devices count in their regions, by zone and hour: neither occupancy nor unique people."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Store
from retail_pipeline.frames.local_time import with_hours
from retail_pipeline.frames.ratios import minutes_between, ratio, sum_or_null
from retail_pipeline.frames.schemas import REGION_COUNTS

_REGIONS = {"store_id": pl.String(), "sensor_id": pl.String(), "region": pl.String(), "zone": pl.String()}
_ZONE = ("store_id", "zone")
_INTERVAL = ("store_id", "sensor_id", "interval_start", "interval_end", "is_complete", "collected_at")


def zone_stays(regional: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    """One row per `store_id`, `zone` and `hour_start` in which a region of the zone was reported.

    Columns: `stays`, `stays_complete` (every region of the zone was counted through the whole hour), `stays_version`.
    `regional` are rows of `regional_counts`; regions that nobody declared are left out.
    """
    return _by_zone(regional, declared_regions(stores), hours).rename(
        {"counted": "stays", "is_whole": "stays_complete", "version": "stays_version"}
    )


def long_zone_stays(long_stays: pl.DataFrame, stores: Sequence[Store], hours: pl.DataFrame) -> pl.DataFrame:
    """The same of stays that devices say were long: `long_stays`, `long_complete`, `long_version`.

    Complete only where every device that counts a region of the zone filters its stays by length.
    """
    return _by_zone(long_stays, declared_regions(stores), hours).rename(
        {"counted": "long_stays", "is_whole": "long_complete", "version": "long_version"}
    )


def engagement() -> pl.Expr:
    """Long stays as a share of all, of an hour in which both were counted whole: they are asked for one by one."""
    is_told = (pl.col("stays_complete") & pl.col("long_complete")).fill_null(value=False)
    return pl.when(is_told).then(ratio(pl.col("long_stays"), pl.col("stays"))).alias("engagement")


def _by_zone(rows: pl.DataFrame, regions: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    expected = regions.group_by(_ZONE).agg(pl.len().alias("regions"))
    by_region = rows.select(*_INTERVAL, *REGION_COUNTS).unpivot(
        REGION_COUNTS, index=_INTERVAL, variable_name="region", value_name="stays"
    )
    counted = by_region.drop_nulls("stays").join(regions, on=["store_id", "sensor_id", "region"])
    minutes = minutes_between("interval_start", "interval_end").sum()
    whole_hour = pl.col("regions") * minutes_between("hour_start", "hour_end")
    return (
        with_hours(counted, hours)
        .join(expected, on=_ZONE)
        .group_by(*_ZONE, "hour_start")
        .agg(
            sum_or_null(pl.col("stays").cast(pl.Int64)).alias("counted"),
            (pl.col("is_complete").all() & (minutes >= whole_hour.first())).alias("is_whole"),
            pl.col("collected_at").max().alias("version"),
        )
    )


def declared_regions(stores: Sequence[Store]) -> pl.DataFrame:
    """`store_id`, `sensor_id`, `region` (as `region1`), `zone`: the regions of every device that is asked for them."""
    rows = [
        (store.id, device.id, f"region{number}", zone)
        for store in stores
        for device in store.devices_for(Report.REGIONS)
        for number, zone in device.regions.items()
    ]
    return pl.DataFrame(rows, schema=_REGIONS, orient="row")
