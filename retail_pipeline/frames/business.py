"""When stores are open, as spans in UTC; the rules (exceptions, public holidays, weekdays) are fleet.calendar's."""

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence

import polars as pl

from retail_pipeline.fleet.calendar import open_spans
from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.frames.spans import SPAN_END, SPAN_START

_SPANS = {"store_id": pl.String(), SPAN_START: UTC_TIME, SPAN_END: UTC_TIME}
Span = tuple[dt.datetime, dt.datetime]


def business_spans(stores: Sequence[Store], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Open spans of each store that may touch `[start, end)`: `store_id`, `span_start`, `span_end`.

    The spans of a store do not overlap. Stores that keep the same hours are worked out once.
    """
    known: dict[Hashable, list[Span]] = {}
    rows: list[tuple[str, dt.datetime, dt.datetime]] = []
    for store in stores:
        key = opening_key(store)
        if key not in known:
            known[key] = _merged(_spans_near(store, start, end))
        rows.extend((store.id, *span) for span in known[key])
    return pl.DataFrame(rows, schema=_SPANS, orient="row")


def opening_key(store: Store) -> Hashable:
    """The same for stores that are open at the same instants."""
    return store.timezone, store.country, store.opening_hours, tuple(sorted(store.exceptions.items()))


def keeps_hours(store: Store) -> bool:
    """Whether the store declares any opening hours; without them no traffic can be called outside of them."""
    return any(store.opening_hours.week) or bool(store.opening_hours.holidays) or bool(store.exceptions)


def _spans_near(store: Store, start: dt.datetime, end: dt.datetime) -> Iterable[Span]:
    # A span begins on its local date and may run into the next; local dates lie up to 14 h off UTC.
    first = start.date() - dt.timedelta(days=2)
    for ahead in range((end.date() - first).days + 2):
        yield from open_spans(store, first + dt.timedelta(days=ahead))


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
