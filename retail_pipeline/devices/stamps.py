"""Puts the rows of many replies on the UTC axis, each distinct stamp once; rows near a clock change one by one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from retail_pipeline.devices.clock import (
    SECOND,
    device_now,
    local_hour_start,
    readings,
    second_passes,
    to_utc,
    window_bounds,
)
from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.wall_clock import first_instant

LONGEST_INTERVAL = dt.timedelta(hours=1)
WHOLE_ANSWER = dt.timedelta(hours=23)
"""Of a window no longer than this a device sends both passes of an hour that comes twice, if it has both."""

_FORMAT = "%Y/%m/%d %H:%M:%S"
_INSTANT = pl.Datetime("us", "UTC")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_WALL = ("wall_start", "wall_end")


class Placed(NamedTuple):
    """Where a row lies (UTC); a problem says why it lies nowhere. `settles_at`: its count cannot grow after that."""

    interval_start: dt.datetime | None = None
    interval_end: dt.datetime | None = None
    settles_at: dt.datetime | None = None
    problem: str | None = None
    is_special: bool = False


_PLACED = {
    "interval_start": _INSTANT,
    "interval_end": _INSTANT,
    "settles_at": _INSTANT,
    "problem": pl.String(),
    "is_special": pl.Boolean(),
}


def heads_of(replies: Sequence[Reply], last_skew: Mapping[str, float]) -> pl.DataFrame:
    """What all rows of a reply share, one row per reply in their order.

    `sensor_id`, `store_id`, `organization_id`; `zone` of the device's wall clock; `now`, what that clock showed, under
    the skew last seen where the reply brings no clock of its own; rows may start in `[lower, upper)` (all UTC).
    """
    asks = [reply.ask for reply in replies]
    zones = [ask.device.timezone or ask.store.timezone for ask in asks]
    bounds = [_bounds(ask.start, ask.end, zone) for ask, zone in zip(asks, zones, strict=True)]
    columns = {
        "sensor_id": _text([ask.device.id for ask in asks]),
        "store_id": _text([ask.store.id for ask in asks]),
        "organization_id": _text([ask.store.organization for ask in asks]),
        "zone": _text(zones).cast(pl.Categorical()),
        "now": _instants([_microseconds(device_now(one, last_skew.get(one.ask.device.id))) for one in replies]),
        "lower": _instants([lower for lower, _ in bounds]),
        "upper": _instants([upper for _, upper in bounds]),
    }
    return pl.DataFrame(columns)


def with_heads(rows: pl.DataFrame, heads: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Adds columns of the head of each row's reply."""
    return rows.hstack(heads.select(pl.col(columns).gather(rows["reply_index"])))


def place_rows(rows: pl.DataFrame, heads: pl.DataFrame) -> pl.DataFrame:
    """Puts `interval_start`, `interval_end`, `settles_at` (UTC) and `problem` in the place of the stamps as they came.

    Those are `start` and `end` (Categorical). Also adds `now`, `lower`, `upper` of the reply. Needs `reply_index`.
    Keeps every row, in order. `EndTime` is inclusive: `10:59:59` ends at 11.
    """
    rows = with_heads(rows, heads, "zone", "now", "lower", "upper")
    key = ["zone", "start", "end"]
    spans = rows.select(key).unique().with_columns(_naive("start"), _naive("end"))
    placed = [_place(start, end, ZoneInfo(zone)) for zone, start, end in spans.select("zone", *_WALL).rows()]
    spans = spans.hstack(pl.DataFrame(placed, schema=_PLACED, orient="row"))
    places = rows.select(key).join(spans, on=key, how="left", nulls_equal=True, maintain_order="left")
    rows = rows.drop(key).hstack(places.drop("start", "end"))
    special = rows.filter("is_special")["reply_index"].unique().to_list()
    return (_place_special(rows, special) if special else rows).drop("zone", "is_special", *_WALL)


def clock_gaps(rows: pl.DataFrame, replies: Sequence[Reply]) -> pl.DataFrame:
    """The second of two repeated hours where a device sent one row for both: `reply_index`, `interval_start` (UTC).

    Only once the second hour has passed on the device's clock, and none was sent for it: a later row shows that, or the
    window that was asked for holds it and was short enough to be answered whole.
    """
    kept = rows.filter(pl.col("settles_at") > pl.col("interval_end"), pl.col("settles_at") <= pl.col("now"))
    of_kept = rows.filter(pl.col("reply_index").is_in(kept["reply_index"].unique().to_list()))
    last = dict(of_kept.group_by("reply_index").agg(pl.col("interval_start").max()).rows())
    gaps = {
        (index, local_hour_start(settles_at - SECOND, replies[index].ask.zone))
        for index, settles_at in kept.select("reply_index", "settles_at").rows()
        if last[index] >= settles_at or _was_answered_whole(replies[index].ask, settles_at)
    }
    return pl.DataFrame(sorted(gaps), schema={"reply_index": pl.Int64(), "interval_start": _INSTANT}, orient="row")


def _text(values: Sequence[str]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _instants(microseconds: Sequence[int]) -> pl.Series:
    # Polars takes zoned times one by one, eight times as long as whole numbers.
    return pl.Series(microseconds, dtype=pl.Int64).cast(_INSTANT)


def _microseconds(instant: dt.datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def _bounds(start: dt.datetime, end: dt.datetime, zone: str) -> tuple[int, int]:
    lower, upper = window_bounds(start, end, ZoneInfo(zone))
    return _microseconds(lower), _microseconds(upper)


def _was_answered_whole(ask: Ask, until: dt.datetime) -> bool:
    """Whether the reply must hold every row up to `until`, though firmware stops after 24 hours."""
    return until <= ask.end and ask.end.timestamp() - ask.start.timestamp() <= WHOLE_ANSWER.total_seconds()


def _naive(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String)
    usual = text.str.to_datetime(_FORMAT, strict=False)
    odd = text.str.strip_chars(' "\t').str.replace_all("-", "/").str.to_datetime(_FORMAT, strict=False)
    stamp = pl.coalesce(usual, pl.when(usual.is_null()).then(odd))
    # Polars reads the year -2026, and Python knows none before 1 or after 9999, on any clock.
    return pl.when(stamp.dt.year().is_between(2, 9998)).then(stamp).alias(f"wall_{column}")


def _length(start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    # Whole minutes are an exclusive end, as the heat report writes it.
    return end - start + (SECOND if end.second else dt.timedelta(0))


def _problem_of(start: dt.datetime, length: dt.timedelta) -> str | None:
    if length <= dt.timedelta(0):
        return "it ends before it starts"
    if length > LONGEST_INTERVAL:
        return "it is longer than an hour"
    # Some firmware begins the first row when it was asked from: a part of the hour under the name of the hour, or not.
    if LONGEST_INTERVAL % length or (start - start.replace(minute=0, second=0)) % length:
        return "it begins or ends within an interval: its figures may be a part of it, or all of it"
    return None


def _place(start: dt.datetime | None, end: dt.datetime | None, zone: ZoneInfo) -> Placed:
    if start is None or end is None:
        return Placed(problem="its stamps cannot be read")
    length = _length(start, end)
    if problem := _problem_of(start, length):
        return Placed(problem=problem)
    instants, last = readings(start, zone), readings(start + length - SECOND, zone)
    if not instants and not last:
        return Placed(problem=f"the clocks of {zone} skipped its hour")
    if len(instants) == 2 or len(last) == 2:
        return Placed(is_special=True)
    # A clock that skips a part of the row (Lord Howe: half an hour) begins or ends it at the jump.
    begin = instants[0] if instants else first_instant(zone, start)
    finish = last[0] + SECOND if last else first_instant(zone, start + length - SECOND)
    return Placed(begin, finish, finish)


def _place_special(rows: pl.DataFrame, special: list[int]) -> pl.DataFrame:
    is_special = pl.col("reply_index").is_in(special)
    others = rows.filter(~is_special)
    frames = [_place_reply(reply) for reply in rows.filter(is_special).partition_by("reply_index")]
    return pl.concat([others, *frames]).sort("reply_index", maintain_order=True)


def _place_reply(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of one reply in their order, since only that tells the two repeated hours apart."""
    zone = ZoneInfo(rows["zone"][0])
    spans = rows.filter(pl.col("problem").is_null()).select(_WALL).rows()
    lengths = [_length(start, end) for start, end in spans]
    starts = to_utc([start for start, _ in spans], zone, rows["lower"][0], lengths)
    placed = map(_placed, starts, lengths, second_passes(starts, lengths, zone))
    columns = [next(placed) if problem is None else Placed(problem=problem) for problem in rows["problem"]]
    return rows.with_columns(pl.DataFrame(columns, schema=_PLACED, orient="row"))


def _placed(start: dt.datetime | None, length: dt.timedelta, second: dt.datetime | None) -> Placed:
    if start is None:
        return Placed(problem="its hour came twice, and nothing tells which of the two it is")
    return Placed(start, start + length, start + length if second is None else second + SECOND)
