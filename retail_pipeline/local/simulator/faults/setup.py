"""Faults of a device's clock and settings."""

import datetime as dt

from retail_pipeline.local.simulator.faults.kinds import Options, Setup


def clock_skew(setup: Setup, options: Options) -> Setup:
    """The device's clock is `seconds` (60) ahead of UTC, or behind when negative."""
    more = dt.timedelta(seconds=float(options.get("seconds", 60)))
    return setup._replace(clock=setup.clock + more, offset=setup.offset + more)


def clock_stopped(setup: Setup, options: Options) -> Setup:
    """The device's clock stands still since `at` (default: when the fault begins, else the last midnight UTC)."""
    at = options.get("at") or setup.clock.replace(hour=0, minute=0, second=0, microsecond=0)
    stopped = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    return setup._replace(clock=min(setup.clock, stopped))


def five_minute_rows(setup: Setup, options: Options) -> Setup:
    """The device was set to rows of `minutes` (5) and nobody told the fleet file."""
    return setup._replace(interval_minutes=int(options.get("minutes", 5)))
