"""Every fault that devices are known for, what the ledger must call it, and a fleet with a store for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retail_pipeline.fleet.models import Fleet
from retail_pipeline_tests.shops import door, fleet_of, shop

ZONES = (
    "Europe/Lisbon",
    "Asia/Kolkata",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "Pacific/Chatham",
)
INTERVALS = (60, 60, 30, 60, 60, 60, 60, 30, 60, 5, 60)
LINES = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}


@dataclass(frozen=True)
class Case:
    """A fault and what it may do to hours while it lasts.

    `cause` is what the ledger calls missing hours; None: none are missing. `tells_other_figures`: nobody can know from
    the report that its figures are not those of the hour.
    """

    fault: str
    cause: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tells_other_figures: bool = False
    is_dead_port: bool = False
    timezone: str | None = None

    @property
    def store_id(self) -> str:
        """The store whose only device has this fault."""
        told = "-".join(str(value) for value in self.options.values())
        return f"{self.fault}{'-' if told else ''}{told}".replace("_", "-").replace("--", "-minus-").lower()

    @property
    def sensor_id(self) -> str:
        """Its only device."""
        return f"{self.store_id}-door"


def _missing(cause: str, *faults: str) -> list[Case]:
    return [Case(fault, cause) for fault in faults]


CASES = (
    Case("no-port", "unreachable", is_dead_port=True),
    *_missing("unreachable", "refused", "hang", "slow_drip", "429", "500", "502", "wrong_content_length"),
    Case("flapping", "unreachable", timezone="Europe/Lisbon"),  # fails on the hour, where whole hours end
    *_missing("refused", "401", "403"),
    *_missing("not_a_report", "html_login", "empty_body", "redirect", "gzip_bomb", "endless_body"),
    *_missing("malformed", "truncated_body", "missing_columns", "clock_stopped", "other_dates"),
    *_missing("malformed", "negative", "bad_sums", "non_numeric", "over_cap"),
    *(Case(fault) for fault in ("bom", "crlf", "latin1", "total_spelling", "missing_total", "extra_columns")),
    *(Case(fault) for fault in ("reordered_columns", "future_rows", "unfloored_first_row", "duplicated_rows")),
    Case("five_minute_rows"),
    Case("five_minute_rows", options={"minutes": 30}),
    Case("power_off", tells_other_figures=True),
    Case("unknown_line", tells_other_figures=True),  # the undeclared line counts people whom truth does not have
    Case("swapped_lines", tells_other_figures=True),
    Case("counter_reset", tells_other_figures=True),
    Case("clock_skew", options={"seconds": 240}, tells_other_figures=True),
    Case("clock_skew", options={"seconds": -240}, tells_other_figures=True),
    Case("clock_skew", options={"seconds": 9000}, tells_other_figures=True),
)


def fleet_of_cases(cases: tuple[Case, ...] = CASES, healthy: int = 7) -> Fleet:
    """A store for each case with healthy ones between them, in seven zones, with rows of 60, 30 and 5 minutes."""
    places: list[tuple[str, str | None]] = [(case.store_id, case.timezone) for case in cases]
    every = max(1, len(places) // healthy)
    for number in range(healthy):
        places.insert(number * (every + 1), (f"healthy-{number}", ZONES[number % len(ZONES)]))
    return fleet_of(*(_store(name, at, timezone) for at, (name, timezone) in enumerate(places)))


def healthy_sensors(fleet: Fleet) -> list[str]:
    """Devices without a fault."""
    return [device.id for store in fleet.stores if store.id.startswith("healthy") for device in store.sensors]


def _store(name: str, at: int, timezone: str | None) -> dict[str, Any]:
    # A device that changes its interval is declared with whole hours, or nothing would change.
    minutes = 60 if name.startswith("five-minute") else INTERVALS[at % len(INTERVALS)]
    device = door(f"{name}-door", lines=LINES, interval_minutes=minutes, credential="SHOPS", auth="basic")
    if at % 3 == 0:
        device |= {"reports": ["lines", "regions"], "regions": {1: "hall"}, "auth": "digest"}
    zones = {"hall": {"kind": "entrance", "name": "Hall"}}
    return shop(name, device, timezone=timezone or ZONES[at % len(ZONES)], zones=zones, capacity=500)
