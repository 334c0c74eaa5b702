"""How far back the hourly partitions reach; the partitions themselves do not belong here."""

import datetime as dt
from collections.abc import Iterator

BUDGET = 100_000
"""Hours x stores per asset that the UI and the daemon still handle quickly (measured: 216,000 are sluggish)."""

SHORTEST_DAYS = 3
_DAY = dt.timedelta(days=1)


def horizon_start(now: dt.datetime, horizon_days: int, stores: int) -> dt.datetime:
    """UTC midnight of the Monday on or before `now` less `horizon_days`, so that it moves once a week.

    While hours x stores pass the budget a later Monday is taken, then, where a week is too much, a later midnight;
    never less than 3 days (or `horizon_days`, if that is less still).

    Raises:
        ValueError: `now` has no zone.
    """
    if now.tzinfo is None:
        raise ValueError(f"the horizon is reckoned from an instant with a zone, not {now}")
    starts = list(_starts(now.astimezone(dt.UTC), horizon_days))
    return next((start for start in starts if _hours_until(now, start) * stores <= BUDGET), starts[-1])


def _starts(now: dt.datetime, horizon_days: int) -> Iterator[dt.datetime]:
    """Possible starts, the preferred first."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    shortest = min(SHORTEST_DAYS, horizon_days)
    midnights = [midnight - days * _DAY for days in range(horizon_days, shortest - 1, -1)]
    yield from (start - start.weekday() * _DAY for start in midnights)
    yield from midnights


def _hours_until(now: dt.datetime, start: dt.datetime) -> int:
    """Hours from `start` to the open hour, which counts: its partition exists."""
    return int((now - start) / dt.timedelta(hours=1)) + 1
