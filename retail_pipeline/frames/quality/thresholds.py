"""Limits of the checks, and what a store's `thresholds` may say instead.

The rule of the names: a check with one limit is overridden by its own name (`no_ghost_traffic: 0.1`), a check with a
warning and an error limit by `<check>_warn` and `<check>_error`; a further limit is `<check>_<what>`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from retail_pipeline.fleet.models import Store

DEFAULTS: Mapping[str, float] = MappingProxyType(
    {
        "counts_plausible": 10_000,  # people per interval and direction
        "counts_plausible_p99_factor": 8,
        "not_stuck": 4,  # equal hours in a row
        "no_ghost_traffic": 0.05,  # share of the day's entries
        "enters_balance_exits_warn": 0.05,  # share of the day's entries
        "enters_balance_exits_error": 0.15,
        "device_clock_skew_warn": 120,  # seconds
        "device_clock_skew_error": 900,
        "overdue_warn": 45,  # minutes
        "overdue_error": 90,
        "quarantined_rows": 0,
        "entries_as_usual": 4,  # robust deviations from the median of the same hour in four weeks
        "entries_as_usual_people": 10,
    }
)


def limits(stores: Sequence[Store], *names: str) -> pl.DataFrame:
    """One row per store: `store_id` and the store's value of each threshold named."""
    rows = [(store.id, *(float(store.thresholds.get(name, DEFAULTS[name])) for name in names)) for store in stores]
    return pl.DataFrame(rows, schema={"store_id": pl.String()} | dict.fromkeys(names, pl.Float64()), orient="row")


def unknown_thresholds(store: Store) -> list[str]:
    """Names under the store's `thresholds` that no check reads, so that a slip of the pen is told, not ignored."""
    return sorted(set(store.thresholds) - set(DEFAULTS))
