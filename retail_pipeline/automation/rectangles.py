"""Rectangles of partitions: one run for every hour, or day, and store between two ends."""

import datetime as dt
from collections.abc import Collection, Sequence

import dagster as dg

from retail_pipeline.assets.partitions import DAY_KEY, RANGE_END, RANGE_START, day_key, hour_key
from retail_pipeline.assets.summaries import DUE_ONLY


def hour_rectangle(first: dt.datetime, last: dt.datetime, stores: Sequence[str]) -> dict[str, str]:
    """Tags of one run for every hour and store of the rectangle.

    `stores` are as Dagster lists them, in the order of insertion: the ends of a range follow that order, never the
    alphabet's.
    """
    return {RANGE_START: hour_key(first, stores[0]), RANGE_END: hour_key(last, stores[-1])}


def day_rectangle(first: dt.date, last: dt.date, stores: Sequence[str]) -> dict[str, str]:
    """Tags of one run for every trading day and store of the rectangle."""
    return {RANGE_START: day_key(first, stores[0]), RANGE_END: day_key(last, stores[-1])}


def day_range(days: Collection[dt.date]) -> dict[str, str]:
    """Tags of one run for every day from the first to the last, of an asset that knows no stores; does what is due."""
    ends = {RANGE_START: min(days).strftime(DAY_KEY), RANGE_END: max(days).strftime(DAY_KEY)}
    return {**ends, DUE_ONLY: "true"}


def request_of_due_days(
    due: Collection[tuple[str, dt.date]], stores: Sequence[str], nothing_due: str, run_key: str | None = None
) -> dg.RunRequest | dg.SkipReason:
    """One run for the rectangle around the days (store, trading day) that are due; the body does only those."""
    if not due or not stores:
        return dg.SkipReason(nothing_due)
    days = [day for _, day in due]
    return dg.RunRequest(run_key=run_key, tags={**day_rectangle(min(days), max(days), stores), DUE_ONLY: "true"})
