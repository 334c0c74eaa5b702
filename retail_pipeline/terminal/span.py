"""Spans as people type them: `--from` and `--to` as UTC hours."""

import datetime as dt

_HOUR = dt.timedelta(hours=1)


class RunRefusedError(Exception):
    """What was asked for makes no sense; the message names the option."""


def hours_between(first: dt.datetime, end: dt.datetime | None, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The whole hours around `[first, end)`, UTC; without an end, up to the open hour. A time without zone is UTC.

    Raises:
        RunRefusedError: it ends before it begins.
    """
    start, last = whole_hour(as_utc(first)), as_utc(end or now)
    whole = whole_hour(last)
    stop = whole if whole == last else whole + _HOUR
    if start >= stop:
        raise RunRefusedError(f"--from {start:%Y-%m-%dT%H:%M} is not before --to.")
    return start, stop


def as_utc(moment: dt.datetime) -> dt.datetime:
    """The moment in UTC, which it is taken for where it has no zone."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def whole_hour(moment: dt.datetime) -> dt.datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)
