"""Limits of the checks, which a store's `thresholds` may set otherwise; what each check looks at is not said here.

The rule of the names: a check with one limit is overridden by its own name (`no_ghost_traffic: 0.1`), a check with a
warning and an error limit by `<check>_warn` and `<check>_error`; a further limit is `<check>_<what>`.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from retail_pipeline.fleet.problems import Problem

DEFAULTS: Mapping[str, float] = MappingProxyType(
    {
        "counts_plausible": 10_000,  # people per interval and direction
        "counts_plausible_p99_factor": 8,
        "not_stuck": 4,  # equal hours in a row
        "no_ghost_traffic": 0.05,  # share of the day's entries
        "enters_balance_exits_warn": 0.05,  # share of the day's entries
        "enters_balance_exits_error": 0.15,
        "device_clock_skew_warn": 120,  # seconds
        "device_clock_skew_error": 900,
        "counts_in_their_hours": 0,  # intervals that changed after they were complete
        "overdue_warn": 45,  # minutes
        "overdue_error": 90,
        "live_counters_agree": 5,  # people
        "quarantined_rows": 0,
        "entries_as_usual": 4,  # robust deviations from the median of the same hour in four weeks
        "entries_as_usual_people": 10,
        "day_starts_when_empty": 0.05,  # share of hours that another day_starts_at would mend
    }
)


def threshold_problems(declared: Mapping[str, float]) -> Iterator[Problem]:
    """What is wrong with a store's `thresholds`: a name that no check reads, or a limit that is none."""
    for name, value in declared.items():
        if name not in DEFAULTS:
            yield Problem((name,), f"is not a threshold{_meant(name)}")
        elif value < 0:
            yield Problem((name,), f"is a number from 0 on, not {value}")


def warnings_above_errors(declared: Mapping[str, float]) -> Iterator[str]:
    """Checks whose limit of a warning lies above that of the error, so that they never warn."""
    limits = {**DEFAULTS, **declared}
    for name, limit in limits.items():
        check = name.removesuffix("_warn")
        if check != name and limit > limits[f"{check}_error"]:
            yield check


def _meant(name: str) -> str:
    close = get_close_matches(name, DEFAULTS, n=1) or [known for known in DEFAULTS if known.startswith(f"{name}_")]
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(DEFAULTS)}"
