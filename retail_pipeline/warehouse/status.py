"""What `retail-pipeline status` reads: one query each, whatever the number of stores."""

import polars as pl

from retail_pipeline.warehouse.connection import Warehouse


def device_status(warehouse: Warehouse) -> pl.DataFrame:
    """One row per declared, active device: circuit, last_ok_at, last_error, skew, and its open gaps."""
    return warehouse.read("device_status")


def latest_health(warehouse: Warehouse) -> pl.DataFrame:
    """One row per store and stage of the latest inspection; none before the first."""
    return warehouse.read("latest_health")
