"""How many random cases properties are tried with: few by default, more with `RETAIL_FAULT_CASES=1000`."""

import os

from hypothesis import HealthCheck, Phase, settings


def how_many(few: int) -> int:
    """The number of cases where `few` are enough for everyday use."""
    return max(few, int(os.environ.get("RETAIL_FAULT_CASES", "0")))


def cases(few: int) -> settings:
    """Settings for a property that `few` cases are enough for in everyday use."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    # A case runs a whole week: to shrink one would take longer than to read it.
    phases = [Phase.explicit, Phase.reuse, Phase.generate]
    return settings(phases=phases, deadline=None, max_examples=how_many(few), suppress_health_check=slow)
