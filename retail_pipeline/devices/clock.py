"""The device's wall clock in UTC. Every trap of its stamps is met here, and nowhere else.

Not here: which rows are kept. Zones come from the fleet file; nothing is guessed from traffic.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from retail_pipeline.devices.models import Reply

MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(hours=24)


@lru_cache(maxsize=65_536)
def readings(naive: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, ...]:
    """The instants (UTC) at which a wall clock shows `naive`: one, two in a repeated hour, none in a skipped one."""
    instants = {naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
    return tuple(sorted(i for i in instants if i.astimezone(zone).replace(tzinfo=None) == naive))


def to_utc(
    naive: Sequence[dt.datetime],
    zone: ZoneInfo,
    not_before: dt.datetime | None = None,
    lengths: Sequence[dt.timedelta] | None = None,
) -> list[dt.datetime | None]:
    """UTC starts of the rows of one reply, whose device-local stamps are given in the reply's order.

    In a repeated hour a lone row stands for the first of the two hours, and two rows for both, in order; a row that
    would begin before the one above it ended is the second (`lengths`, where known, say when that was). A reply that
    runs backwards in time is read from its end.

    Args:
        naive: start stamps, in the order of the reply.
        zone: of the device.
        not_before: the (UTC) hour in which the window that was asked for begins.
        lengths: how long each row lasts on the wall clock.

    Returns:
        None for a stamp that the clock skipped, that stands a third time, or whose lone row of a repeated hour could
        be either because the window begins between the two.
    """
    lengths = lengths or [dt.timedelta(0)] * len(naive)
    if len(naive) > 1 and naive[0] > naive[-1]:
        return to_utc(naive[::-1], zone, not_before, lengths[::-1])[::-1]
    times, seen = Counter(naive), Counter[dt.datetime]()
    placed: list[dt.datetime | None] = []
    ended: dt.datetime | None = None
    for stamp, length in zip(naive, lengths, strict=True):
        instants = readings(stamp, zone)
        after = instants[seen[stamp] :] if len(instants) == 2 else instants
        if len(instants) == 2 and ended is not None:
            after = tuple(instant for instant in after if instant >= ended) or after[-1:]
        start = after[0] if after else None
        if start is not None and times[stamp] == 1 < len(after) and not_before is not None and start < not_before:
            start = None
        seen[stamp] += 1
        placed.append(start)
        ended = start + length if start is not None else ended
    return placed


def second_passes(
    starts: Sequence[dt.datetime | None], lengths: Sequence[dt.timedelta], zone: ZoneInfo
) -> list[dt.datetime | None]:
    """For each row of a reply, the last second (UTC) of the repeated time that no row of its own stands for.

    None for every row outside a repeated hour, and where the device sent both. A row with a second pass holds, as far
    as anyone can tell, the people of two hours.
    """
    spans = [(start, start + length) for start, length in zip(starts, lengths, strict=True) if start is not None]
    missing: list[dt.datetime | None] = []
    for start, length in zip(starts, lengths, strict=True):
        second = None if start is None else _twin(start + length - SECOND, zone)
        is_covered = second is not None and any(begin <= second < end for begin, end in spans)
        missing.append(None if is_covered else second)
    return missing


def _twin(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """When the wall clock shows the same time again; None unless the instant is the first of the two."""
    instants = readings(instant.astimezone(zone).replace(tzinfo=None), zone)
    return instants[1] if len(instants) == 2 and instants[0] == instant else None


def local_hour_start(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The beginning (UTC) of the local clock hour around an instant: a full hour, or the clock change inside it."""
    start = instant.replace(second=0, microsecond=0)
    offset = instant.astimezone(zone).utcoffset()
    while start.astimezone(zone).minute and (start - MINUTE).astimezone(zone).utcoffset() == offset:
        start -= MINUTE
    return start


@lru_cache(maxsize=4096)
def window_bounds(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Between which instants (UTC, half-open) rows of a reply may start, for a window asked for.

    Firmware floors the start to the hour of its own clock, and may ignore the end and give 24 rows: 25 hours across
    a repeated hour of which it keeps one.
    """
    local = start.astimezone(zone)
    floor = start - dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    a_day_later = readings(floor.astimezone(zone).replace(tzinfo=None) + DAY, zone)
    return floor.astimezone(dt.UTC), max(end.astimezone(dt.UTC), floor.astimezone(dt.UTC) + DAY, *a_day_later)


def clock_skew(reply: Reply) -> float | None:
    """Seconds by which the device's clock is ahead of UTC; None where the device does not send a `Date`."""
    if reply.device_clock is None:
        return None
    return (reply.device_clock - reply.received_at).total_seconds()


def device_now(reply: Reply, last_skew: float | None) -> dt.datetime:
    """What the device's clock showed (UTC) at the reply: its `Date`, else our clock with the skew last seen."""
    return reply.device_clock or reply.received_at + dt.timedelta(seconds=last_skew or 0.0)
