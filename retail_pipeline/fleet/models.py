"""Who and where: organisations, stores, devices, lines and zones, as the fleet file declares them.

Nothing here reads a file or a clock. Hardware is a *device*; the fleet file and the tables say `sensor`.
"""

import datetime as dt
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, HttpUrl, field_validator, model_validator

from retail_pipeline.fleet.graph import LineGraph, build_line_graph
from retail_pipeline.fleet.layout import OUTSIDE_AREAS, Declared, Identifier, Line, Role, Zone, ZoneKind
from retail_pipeline.fleet.opening import OpeningHours, parse_opening_hours

__all__ = [
    "INTERVAL_MINUTES",
    "OUTSIDE_AREAS",
    "Auth",
    "Device",
    "Fleet",
    "Identifier",
    "Line",
    "Organization",
    "QueueAlert",
    "Report",
    "Role",
    "Store",
    "TimeZoneName",
    "Zone",
    "ZoneKind",
]

INTERVAL_MINUTES = (5, 10, 15, 30, 60)


class Report(StrEnum):
    """The two CSV reports that are collected; the value stands in `collection_gaps.report`."""

    LINES = "lines"
    REGIONS = "regions"


class Auth(StrEnum):
    """How a device asks for its credential."""

    BASIC = "basic"
    DIGEST = "digest"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Lisbon") from error
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]


class Organization(Declared):
    """The owner of stores; every fact row names it."""

    id: Identifier
    name: str


class QueueAlert(Declared):
    """When a queue is worth a word: its length in people, or the wait in minutes."""

    length: int | None = Field(default=None, gt=0)
    minutes: float | None = Field(default=None, gt=0)


class Device(Declared):
    """A counting device over a door. Its stamps are naive wall clock in `timezone` (default: the store's)."""

    id: Identifier
    url: HttpUrl
    credential: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    auth: Auth = Auth.BASIC
    reports: tuple[Report, ...] = (Report.LINES,)
    interval_minutes: int = 60
    retention_days: int = Field(default=30, ge=1, le=366)
    timezone: TimeZoneName | None = None
    active: bool = True
    live: bool = False
    lines: dict[int, Line] = Field(default_factory=dict)
    regions: dict[int, str] = Field(default_factory=dict)

    @field_validator("interval_minutes")
    @classmethod
    def _known_interval(cls, minutes: int) -> int:
        if minutes not in INTERVAL_MINUTES:
            raise ValueError(f"interval_minutes is one of {INTERVAL_MINUTES}, not {minutes}")
        return minutes

    @field_validator("lines", "regions")
    @classmethod
    def _one_to_four(cls, numbered: dict[int, object]) -> dict[int, object]:
        if wrong := sorted(set(numbered) - {1, 2, 3, 4}):
            raise ValueError(f"a device has lines and regions 1 to 4, not {wrong}")
        return numbered

    @property
    def is_entrance(self) -> bool:
        """Whether a line of this device makes entries; only such devices count towards completeness."""
        return any(line.role is Role.ENTRANCE for line in self.lines.values())

    def has(self, report: Report) -> bool:
        """Whether this device is asked for `report`."""
        return report in self.reports


class Store(Declared):
    """A shop. Its hours are local clock hours, its days are trading days that begin at `day_starts_at`."""

    id: Identifier
    organization: Identifier
    name: str
    timezone: TimeZoneName
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    opening_hours: OpeningHours = Field(default_factory=OpeningHours)
    exceptions: dict[dt.date, str] = Field(default_factory=dict)
    day_starts_at: dt.time = dt.time(0)
    live_since: dt.date | None = None
    capacity: int | None = Field(default=None, gt=0)
    language: str = "en"
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    recipients: tuple[str, ...] = ()
    entries_per_staff_hour: float | None = Field(default=None, gt=0)
    target_conversion_rate: float | None = Field(default=None, gt=0, le=1)
    queue_alert: QueueAlert | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)
    sensors: tuple[Device, ...] = ()
    zones: dict[Identifier, Zone] = Field(default_factory=dict)

    @field_validator("opening_hours", mode="before")
    @classmethod
    def _read_opening_hours(cls, declared: object) -> object:
        return parse_opening_hours(declared) if isinstance(declared, dict) else declared

    @field_validator("day_starts_at")
    @classmethod
    def _whole_hour_until_noon(cls, start: dt.time) -> dt.time:
        if start.minute or start.second or start.hour > 12:
            raise ValueError(f"day_starts_at is a whole hour from 00:00 to 12:00, not {start}")
        return start

    @model_validator(mode="after")
    def _zones_can_be_told_apart(self) -> Self:
        if len(self.zones) > 4:
            raise ValueError(f"store {self.id} declares {len(self.zones)} zones; a store has up to four")
        _ = self.graph
        return self

    @cached_property
    def zone_info(self) -> ZoneInfo:
        """The store's IANA zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def graph(self) -> LineGraph:
        """Which zones the counted lines determine, and why others are not."""
        lines = [
            (device.id, number, line)
            for device in self.sensors
            if device.active
            for number, line in device.lines.items()
        ]
        return build_line_graph(self.id, self.zones, lines)

    @property
    def active_devices(self) -> tuple[Device, ...]:
        """The devices that are asked."""
        return tuple(device for device in self.sensors if device.active)

    def devices_for(self, report: Report) -> tuple[Device, ...]:
        """The active devices that are asked for `report`; empty where the store has none."""
        return tuple(device for device in self.active_devices if device.has(report))

    def device_zone(self, device: Device) -> ZoneInfo:
        """The zone of the device's wall clock."""
        return ZoneInfo(device.timezone or self.timezone)


class Fleet(Declared):
    """Everything that is declared: the whole fleet file."""

    organizations: tuple[Organization, ...] = ()
    stores: tuple[Store, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Self:
        _refuse_repeats("organization", [organization.id for organization in self.organizations])
        _refuse_repeats("store", [store.id for store in self.stores])
        _refuse_repeats("sensor", [device.id for store in self.stores for device in store.sensors])
        known = {organization.id for organization in self.organizations}
        for store in self.stores:
            if store.organization not in known:
                raise ValueError(
                    f"store {store.id} names the organization {store.organization!r}, which is not declared"
                )
        return self

    @cached_property
    def _stores_by_id(self) -> dict[str, Store]:
        return {store.id: store for store in self.stores}

    def store(self, store_id: str) -> Store:
        """The store of that id.

        Raises:
            KeyError: no such store in the fleet file.
        """
        return self._stores_by_id[store_id]

    def has_store(self, store_id: str) -> bool:
        """Whether the fleet file declares the store."""
        return store_id in self._stores_by_id

    @property
    def store_ids(self) -> tuple[str, ...]:
        """Ids of the declared stores, in the file's order."""
        return tuple(self._stores_by_id)


def _refuse_repeats(what: str, names: list[str]) -> None:
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"each {what} id stands once; repeated: {', '.join(repeated)}")
