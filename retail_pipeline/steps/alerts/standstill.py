"""When nothing can be known: the warehouse is away or the fleet file is wrong, and no incident can be written down."""

import datetime as dt
from collections.abc import Collection, Sequence

from retail_pipeline.steps.alerts.telling import Memory, Receiver
from retail_pipeline.steps.alerts.words import pipeline, without_secrets

TOLERATED = dt.timedelta(minutes=5)
"""A restart or an edit of the fleet file takes less."""


def headline(location: str) -> str:
    """What is said of a code location."""
    return f"{pipeline(location)}: nothing can be collected or inspected"


def stands_still(
    location: str,
    receivers: Sequence[Receiver],
    memory: Memory,
    reason: str,
    secrets: Collection[str],
    now: dt.datetime,
) -> Memory:
    """Tell each receiver once, when it has lasted a while; what is remembered now."""
    since = memory.standing_still_since or now
    told = set(memory.standstill_told_to)
    if now - since >= TOLERATED:
        body = f"{without_secrets(reason, secrets)} (since {since:%Y-%m-%d %H:%M} UTC)"
        waiting = (one for one in receivers if one.key not in told)
        told |= {one.key for one in waiting if one.send(headline(location), body, is_over=False)}
    return memory.model_copy(update={"standing_still_since": since, "standstill_told_to": tuple(sorted(told))})


def goes_on(location: str, receivers: Sequence[Receiver], memory: Memory, now: dt.datetime) -> Memory:
    """Tell those who were told of a standstill that it is over; who does not take it now is told at the next tick."""
    since = memory.standing_still_since
    if since is None:
        return memory
    body = f"From {since:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC."
    left = [
        one.key
        for one in receivers
        if one.key in memory.standstill_told_to and not one.send(f"Over: {headline(location)}", body, is_over=True)
    ]
    return memory.model_copy(
        update={"standing_still_since": since if left else None, "standstill_told_to": tuple(left)}
    )
