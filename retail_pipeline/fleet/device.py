"""A counting device as the fleet file declares it; how it is asked does not belong here.

Hardware is a *device*; the fleet file and the tables say `sensor`.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, HttpUrl, field_validator, model_validator

from retail_pipeline.fleet.addresses import is_link_local
from retail_pipeline.fleet.layout import Declared, Identifier, Line, Role, written_as
from retail_pipeline.fleet.problems import Problem, refuse

INTERVAL_MINUTES = (5, 10, 15, 30, 60)
HEAT_DAYS = 7
"""So long a device without a memory card remembers its heat, however long it remembers its counts."""

CREDENTIALS_ADVICE = "name a credential; RETAIL_CREDENTIAL_<NAME>_USERNAME and _PASSWORD hold it"


class Report(StrEnum):
    """The CSV reports that are collected; the value stands in `collection_gaps.report`.

    `long_stays` are the stays in regions that lasted longer than the device's `long_stay_seconds`, as it filters them.
    `heat` is the device's own heat over time: values whose unit no maker documents, never people.
    """

    LINES = "lines"
    REGIONS = "regions"
    LONG_STAYS = "long_stays"
    HEAT = "heat"


class Auth(StrEnum):
    """How a device asks for its credential."""

    BASIC = "basic"
    DIGEST = "digest"


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    # "localtime" is whatever this machine is set to, and "Factory" no place.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Lisbon")
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]
CredentialName = Annotated[str, written_as(r"[A-Z][A-Z0-9_]*", "is the name of a credential in capitals, as SHOPS")]


class Device(Declared):
    """A counting device over a door. Its stamps are naive wall clock in `timezone` (default: the store's).

    `counters` says that it shows running totals of its day, which are held against its rows. They are totals over every
    line that the device knows, so only entrance lines, all mounted the same way round, make them a store's figures
    (`live`).
    """

    id: Identifier
    url: HttpUrl
    allow_link_local: bool = False
    credential: CredentialName | None = None
    auth: Auth = Auth.BASIC
    reports: tuple[Report, ...] = Field(default=(Report.LINES,), min_length=1)
    long_stay_seconds: int = Field(default=60, ge=1, le=3600)
    interval_minutes: int = 60
    retention_days: int = Field(default=30, ge=1, le=366)
    timezone: TimeZoneName | None = None
    active: bool = True
    counters: bool = False
    live: bool = False
    lines: dict[int, Line] = Field(default_factory=dict)
    regions: dict[int, str] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: HttpUrl) -> HttpUrl:
        if url.username is not None or url.password is not None:
            raise ValueError(f"holds a user or password; {CREDENTIALS_ADVICE}")
        if url.query is not None or url.fragment is not None:
            raise ValueError("is the address of the device only, without anything after a ? or #")
        return url

    @field_validator("reports")
    @classmethod
    def _long_ones_are_a_share_of_all(cls, reports: tuple[Report, ...]) -> tuple[Report, ...]:
        if Report.LONG_STAYS in reports and Report.REGIONS not in reports:
            raise ValueError("long_stays are told as a share of all stays: name regions too")
        return reports

    @field_validator("reports")
    @classmethod
    def _heat_stands_beside_counts(cls, reports: tuple[Report, ...]) -> tuple[Report, ...]:
        if set(reports) == {Report.HEAT}:
            raise ValueError("heat counts nobody: name lines or regions too")
        return reports

    @field_validator("interval_minutes")
    @classmethod
    def _known_interval(cls, minutes: int) -> int:
        if minutes not in INTERVAL_MINUTES:
            raise ValueError(f"is one of {', '.join(map(str, INTERVAL_MINUTES))} minutes, not {minutes}")
        return minutes

    @field_validator("lines", "regions")
    @classmethod
    def _one_to_four(cls, numbered: dict[int, object]) -> dict[int, object]:
        wrong = sorted(set(numbered) - {1, 2, 3, 4})
        refuse(Problem((number,), f"devices number their lines and regions 1 to 4, not {number}") for number in wrong)
        return numbered

    @model_validator(mode="after")
    def _is_reachable_and_counts_live_what_it_says(self) -> Self:
        refuse([*self._address_problems(), *self._live_problems()])
        return self

    def _address_problems(self) -> Iterator[Problem]:
        if not self.allow_link_local and is_link_local(self.url.host or ""):
            advice = "cloud machines keep their secrets there; set allow_link_local: true if a device really is"
            yield Problem(("url",), f"sensor {self.id} has a link-local address: {advice}")

    def _live_problems(self) -> Iterator[Problem]:
        if not self.live:
            return
        if not self.is_entrance:
            yield Problem(("live",), f"sensor {self.id} is live, but has no entrance line")
        others = [(number, line.role) for number, line in self.lines.items() if line.role is not Role.ENTRANCE]
        for number, role in others:
            sentence = f"sensor {self.id} is live, but its line {number} is {role}: live counters add up all lines"
            yield Problem(("live",), sentence)
        if len({line.inverted for line in self.lines.values()}) > 1:
            inverted = ", ".join(str(number) for number, line in self.lines.items() if line.inverted)
            yield Problem(("live",), f"sensor {self.id} is live, but only its lines {inverted} are inverted")

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def is_entrance(self) -> bool:
        """Whether a line of this device makes entries; only such devices count towards completeness."""
        return any(line.role is Role.ENTRANCE for line in self.lines.values())

    @property
    def shows_counters(self) -> bool:
        """Whether it is asked for its live counters."""
        return self.counters or self.live

    def has(self, report: Report) -> bool:
        """Whether this device is asked for `report`."""
        return report in self.reports

    @property
    def main_report(self) -> Report:
        """The first report of people that it is asked for."""
        return next(report for report in self.reports if report is not Report.HEAT)

    def remembers_days(self, report: Report) -> int:
        """How many days back it still tells `report`."""
        return min(self.retention_days, HEAT_DAYS) if report is Report.HEAT else self.retention_days
