"""Local clock hours of many stores at once; one store's calendar in plain Python is fleet.calendar.

A local clock hour is a maximal run of instants with the same local date, local hour and UTC offset: 60 minutes, except
where a clock change cuts one (Lord Howe, Newfoundland). Offsets come from `zoneinfo`, never from the time zone
database that Polars brings along: two databases of different age would put one hour at two instants.
"""

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.business import business_spans, opening_key
from retail_pipeline.frames.numbered import beside, numbered, placed
from retail_pipeline.frames.ratios import minutes_between
from retail_pipeline.frames.schemas import STORE_HOURS, UTC_TIME, conform
from retail_pipeline.frames.spans import minutes_within

_PROBE = dt.timedelta(hours=6)
_PAD = dt.timedelta(hours=3)
_SPANS = {"timezone": pl.String(), "from_instant": UTC_TIME, "to_instant": UTC_TIME, "offset": pl.Duration("us")}
_HOUR_COLUMNS = ("hour_start", "hour_end", "local_date", "local_hour", "trading_day")


class OffsetSpan(NamedTuple):
    """`[start, end)` in UTC in which a zone keeps one UTC offset."""

    start: dt.datetime
    end: dt.datetime
    offset: dt.timedelta


def store_hours(stores: Sequence[Store], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Local clock hours of each store whose `hour_start` lies in `[start, end)`, which are UTC.

    One row per `store_id` and `hour_start`, sorted by them: `hour_end`, `local_date`, `local_hour`, `trading_day`,
    `business_share` (open minutes / minutes, 0..1), `minutes`. A trading day that has begun does not end because the
    clock goes back. Stores that keep the same calendar are worked out once.
    """
    examples = {_calendar(store): store for store in stores}
    pairs = sorted((store.id, examples[_calendar(store)].id) for store in stores)
    kept = pl.DataFrame(pairs, schema={"store_id": pl.String(), "example": pl.String()}, orient="row")
    hours = _hours_of_each(list(examples.values()), start, end).rename({"store_id": "example"})
    return conform(kept.join(hours, on="example", maintain_order="left_right"), STORE_HOURS)


def _calendar(store: Store) -> Hashable:
    return opening_key(store), store.day_starts_at


def _hours_of_each(stores: Sequence[Store], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    hours = zone_hours({store.timezone for store in stores}, start - _PAD, end)
    local_day = (pl.col("local_start") - pl.col("day_starts_at")).dt.date()
    joined = (
        _stores_frame(stores)
        .join(hours, on="timezone")
        .sort("store_id", "hour_start")
        .with_columns(local_day.cum_max().over("store_id").alias("trading_day"))
        .filter(pl.col("hour_start") >= start)
    )
    open_minutes = minutes_within(
        joined, business_spans(stores, start, end + _PAD), "store_id", "hour_start", "hour_end"
    )
    return conform(joined.with_columns((open_minutes / joined["minutes"]).alias("business_share")), STORE_HOURS)


def trading_day_hours(stores: Sequence[Store], first_day: dt.date, last_day: dt.date) -> pl.DataFrame:
    """The hours of whole trading days, both days included: what hourly and daily figures are derived over."""
    start = dt.datetime.combine(first_day, dt.time(), dt.UTC) - dt.timedelta(days=2)
    end = dt.datetime.combine(last_day, dt.time(), dt.UTC) + dt.timedelta(days=3)
    return store_hours(stores, start, end).filter(pl.col("trading_day").is_between(first_day, last_day))


def with_hours(rows: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Each row with the local hour of its store in which its `interval_start` lies.

    Adds `hour_start`, `hour_end`, `local_date`, `local_hour`, `trading_day`. A row that begins in none of `hours` is
    left out; one that runs into the next hour counts where it starts.
    """
    known = numbered(hours)
    told = known.lazy().select("hour", *_HOUR_COLUMNS)
    in_hours = placed(rows, known).pipe(beside, told, "hour").drop("hour", "day", "store")
    return in_hours.collect(engine="in-memory")


def zone_hours(zones: Iterable[str], start: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Local clock hours of each IANA zone whose `hour_start` lies in `[start, end)`.

    Columns: `timezone`, `hour_start`, `hour_end`, `local_start` (naive wall clock), `local_date`, `local_hour`,
    `minutes`.
    """
    first, last = (start - _PAD).replace(microsecond=0), (end + _PAD).replace(microsecond=0)
    spans = [(zone, *span) for zone in sorted(zones) for span in offset_spans(zone, first, last)]
    local_start = (pl.col("hour_start") + pl.col("offset")).dt.replace_time_zone(None)
    return (
        _cut_at_full_hours(pl.DataFrame(spans, schema=_SPANS, orient="row"))
        .filter(pl.col("hour_start") >= start, pl.col("hour_start") < end)
        .with_columns(local_start.alias("local_start"), minutes_between("hour_start", "hour_end").alias("minutes"))
        .with_columns(
            pl.col("local_start").dt.date().alias("local_date"),
            pl.col("local_start").dt.hour().alias("local_hour"),
        )
        .drop("offset")
    )


@lru_cache(maxsize=1024)
def offset_spans(zone: str, start: dt.datetime, end: dt.datetime) -> tuple[OffsetSpan, ...]:
    """The spans of constant UTC offset that make up `[start, end)`, exact to the second.

    Looks every six hours: no zone changes its clock twice within them.
    """
    clock = ZoneInfo(zone)
    spans: list[OffsetSpan] = []
    since, at = start, start
    while at < end:
        probe = min(at + _PROBE, end)
        if _offset(clock, probe) != _offset(clock, at):
            change = _first_change(clock, at, probe)
            spans.append(OffsetSpan(since, change, _offset(clock, at)))
            since = change
        at = probe
    if since < end:
        spans.append(OffsetSpan(since, end, _offset(clock, since)))
    return tuple(spans)


def _offset(clock: ZoneInfo, at: dt.datetime) -> dt.timedelta:
    return at.astimezone(clock).utcoffset() or dt.timedelta()


def _first_change(clock: ZoneInfo, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    before = _offset(clock, low)
    while high - low > dt.timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(clock, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _cut_at_full_hours(spans: pl.DataFrame) -> pl.DataFrame:
    first_full = (pl.col("from_instant") + pl.col("offset")).dt.truncate("1h") + pl.duration(hours=1) - pl.col("offset")
    later = pl.datetime_ranges(first_full, "to_instant", "1h", closed="left")
    return (
        spans.with_columns(pl.concat_list("from_instant", later).alias("hour_start"))
        .explode("hour_start")
        .sort("timezone", "hour_start")
        .with_columns(
            pl.col("hour_start")
            .shift(-1)
            .over("timezone", "from_instant")
            .fill_null(pl.col("to_instant"))
            .alias("hour_end")
        )
        .drop("from_instant", "to_instant")
    )


def _stores_frame(stores: Sequence[Store]) -> pl.DataFrame:
    rows = [(store.id, store.timezone, dt.timedelta(hours=store.day_starts_at.hour)) for store in stores]
    schema = {"store_id": pl.String(), "timezone": pl.String(), "day_starts_at": pl.Duration("us")}
    return pl.DataFrame(rows, schema=schema, orient="row")
