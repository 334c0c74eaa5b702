"""The limits that hold for each store, as a frame to join with."""

from collections.abc import Sequence

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.fleet.thresholds import DEFAULTS


def limits(stores: Sequence[Store], *names: str) -> pl.DataFrame:
    """One row per store: `store_id` and the store's value of each threshold named."""
    rows = [(store.id, *(float(store.thresholds.get(name, DEFAULTS[name])) for name in names)) for store in stores]
    return pl.DataFrame(rows, schema={"store_id": pl.String()} | dict.fromkeys(names, pl.Float64()), orient="row")
