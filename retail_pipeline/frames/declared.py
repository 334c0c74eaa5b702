"""The declared fleet as frames to join with; nothing here decides what a count means."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Report, Store

_DEVICES = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "sensor_id": pl.String(),
    "timezone": pl.String(),
    "interval_minutes": pl.Int64(),
    "retention_days": pl.Int64(),
    "is_entrance": pl.Boolean(),
    "live_since": pl.Date(),
}


def organizations(stores: Sequence[Store]) -> pl.DataFrame:
    """`store_id`, `organization_id`: one row per store."""
    rows = [(store.id, store.organization) for store in stores]
    return pl.DataFrame(rows, schema={"store_id": pl.String, "organization_id": pl.String}, orient="row")


def devices(stores: Sequence[Store], report: Report = Report.LINES) -> pl.DataFrame:
    """One row per active device that is asked for `report`.

    Columns: `store_id`, `organization_id`, `sensor_id`, `timezone` (of its stamps), `interval_minutes` (declared),
    `retention_days` (of the report), `is_entrance`, `live_since` (the store's, a local date; NULL: from the beginning).
    """
    rows = [
        (
            store.id,
            store.organization,
            device.id,
            device.timezone or store.timezone,
            device.interval_minutes,
            device.remembers_days(report),
            device.is_entrance,
            store.live_since,
        )
        for store in stores
        for device in store.devices_for(report)
    ]
    return pl.DataFrame(rows, schema=_DEVICES, orient="row")


def entrance_devices(stores: Sequence[Store]) -> pl.DataFrame:
    """Those of `devices` whose lines make a store's entries; only they count towards completeness."""
    return devices(stores).filter("is_entrance")


def is_live(local_date: str = "local_date") -> pl.Expr:
    """Whether anything is expected on that local date; before `live_since` nothing is."""
    return pl.col("live_since").is_null() | (pl.col(local_date) >= pl.col("live_since"))
