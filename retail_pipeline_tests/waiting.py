"""Waiting for what another process does: by its effect, with a deadline, never by a guess of how long it takes."""

import time
from collections.abc import Callable
from threading import Event

POLL_S = 0.02


def wait_until(condition: Callable[[], object], timeout: float = 30.0, poll_s: float = POLL_S) -> None:
    """Return as soon as `condition()` is true; fail when it is not within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    never = Event()
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {condition}")
        never.wait(poll_s)
