"""How many connections this process may hold at once: many systems begin with 256 or 1,024 open files."""

import sys

_FOR_OTHERS = 100
"""Files that a process needs beside: databases, logs, its own code."""


def connections_at_once(wanted: int) -> int:
    """`wanted`, or as many as the system allows. Where more are allowed than are set, they are set, as Go does."""
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415  (not on every system)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _FOR_OTHERS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError):
        raised = soft
    return max(1, min(wanted, raised - _FOR_OTHERS))
