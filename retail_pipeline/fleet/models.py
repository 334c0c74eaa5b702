"""Who and where: organisations and their stores, as the fleet file declares them, and all names of its parts.

Nothing here reads a file or a clock.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, field_validator, model_validator

from retail_pipeline.fleet.device import INTERVAL_MINUTES, Auth, Device, Report, TimeZoneName
from retail_pipeline.fleet.graph import LineGraph, build_line_graph
from retail_pipeline.fleet.keeping import COUNTS, Keep
from retail_pipeline.fleet.layout import OUTSIDE_AREAS, Declared, Identifier, Line, Role, Zone, ZoneKind, written_as
from retail_pipeline.fleet.opening import OpeningHours, parse_opening_hours, spans_problem
from retail_pipeline.fleet.problems import Problem, refuse
from retail_pipeline.fleet.public_holidays import known_countries
from retail_pipeline.fleet.thresholds import threshold_problems

__all__ = [
    "INTERVAL_MINUTES",
    "OUTSIDE_AREAS",
    "Auth",
    "Device",
    "Fleet",
    "Identifier",
    "Keep",
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


def _known_country(code: str) -> str:
    if code not in known_countries():
        raise ValueError(f"{code!r} is not a country whose public holidays are known; write it in two letters, as PT")
    return code


CountryCode = Annotated[str, AfterValidator(_known_country)]
Currency = Annotated[str, written_as(r"[A-Z]{3}", "is a currency in three letters, as EUR")]


RecipientName = Annotated[
    str,
    written_as(
        r"[A-Z][A-Z0-9_]*",
        "is the name of a recipient in capitals, as SHOP_MANAGERS; RETAIL_REPORT_URLS_<NAME> holds its addresses",
    ),
]


class Organization(Declared):
    """The owner of stores; every fact row names it, and is kept as long as `keep` says.

    `language` is that of its overview; `recipients` are sent the overview of each day, once.
    """

    id: Identifier
    name: str
    language: str = "en"
    recipients: tuple[RecipientName, ...] = ()
    keep: Keep = Field(default_factory=Keep)


class QueueAlert(Declared):
    """When a queue is worth a word: its length in people, or the wait in minutes."""

    length: int | None = Field(default=None, gt=0)
    minutes: float | None = Field(default=None, gt=0)


class Store(Declared):
    """A shop. Its hours are local clock hours, its days are trading days that begin at `day_starts_at`.

    `recipients` are sent the page of each day; with `resend_reports` also the one that late counts changed.
    Stores are the same when all they declare is the same; their hash is that of the id.
    """

    id: Identifier
    organization: Identifier
    name: str
    timezone: TimeZoneName
    country: CountryCode | None = None
    opening_hours: OpeningHours = Field(default_factory=OpeningHours)
    exceptions: dict[dt.date, str] = Field(default_factory=dict)
    day_starts_at: dt.time = dt.time(0)
    live_since: dt.date | None = None
    capacity: int | None = Field(default=None, gt=0)
    language: str = "en"
    currency: Currency | None = None
    recipients: tuple[RecipientName, ...] = ()
    resend_reports: bool = False
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
        if start.replace(hour=0) != dt.time(0) or start.hour > 12:
            raise ValueError(f"is a whole hour from 00:00 to 12:00, not {start}")
        return start

    @field_validator("exceptions")
    @classmethod
    def _spans_of_exceptions(cls, exceptions: dict[dt.date, str]) -> dict[dt.date, str]:
        refuse(Problem((str(day),), problem) for day, text in exceptions.items() if (problem := spans_problem(text)))
        return exceptions

    @field_validator("thresholds")
    @classmethod
    def _thresholds_that_a_check_reads(cls, thresholds: dict[str, float]) -> dict[str, float]:
        refuse(threshold_problems(thresholds))
        return thresholds

    @model_validator(mode="after")
    def _zones_are_known_and_can_be_told_apart(self) -> Self:
        refuse([*self._zone_problems(), *self._region_problems()])
        _ = self.graph
        return self

    def _zone_problems(self) -> Iterator[Problem]:
        if len(self.zones) > 4:
            yield Problem(("zones",), f"store {self.id} declares {len(self.zones)} zones; a store has up to four")
        for name in sorted(OUTSIDE_AREAS & self.zones.keys()):
            yield Problem(("zones", name), f"store {self.id} cannot have a zone {name}: that is not in the shop")

    def _region_problems(self) -> Iterator[Problem]:
        for device in self.sensors:
            for number, zone in device.regions.items():
                if zone not in self.zones:
                    known = ", ".join(self.zones) or "none"
                    sentence = f"store {self.id}, region {device.id}/{number} names the zone {zone!r}, which is not"
                    at = ("sensors", device.id, "regions", number)
                    yield Problem(at, f"{sentence} declared; declared are {known}")

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def zone_info(self) -> ZoneInfo:
        """The store's IANA zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def graph(self) -> LineGraph:
        """Which zones the counted lines determine, and why others are not."""
        lines = [(device.id, number, line) for device in self.sensors for number, line in device.lines.items()]
        inactive = {device.id for device in self.sensors if not device.active}
        return build_line_graph(self.id, self.zones, lines, inactive)

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
    _scope: frozenset[str] | None = PrivateAttr(default=None)
    _elsewhere: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Self:
        sensors = [("stores", store.id, "sensors", device.id) for store in self.stores for device in store.sensors]
        refuse(
            [
                *_repeats("organization", [("organizations", organization.id) for organization in self.organizations]),
                *_repeats("store", [("stores", store.id) for store in self.stores]),
                *_repeats("sensor", sensors),
                *self._ownership_problems(),
                *self._keep_problems(),
            ]
        )
        return self

    def _ownership_problems(self) -> Iterator[Problem]:
        known = {organization.id for organization in self.organizations}
        for store in self.stores:
            if store.organization not in known:
                sentence = f"store {store.id} names the organization {store.organization!r}, which is not declared"
                yield Problem(("stores", store.id, "organization"), sentence)

    def _keep_problems(self) -> Iterator[Problem]:
        """Counts that went before the device forgets them would be missed, asked for and stored again."""
        kept = {organization.id: organization.keep.raw_sensor_counts for organization in self.organizations}
        for store in self.stores:
            age = kept.get(store.organization)
            for device in store.sensors:
                if age is not None and age.least_days <= device.retention_days:
                    sentence = f"is kept {age}, but {device.id} remembers {device.retention_days} days: what is removed"
                    at = ("organizations", store.organization, "keep", COUNTS)
                    yield Problem(at, f"{sentence} would be collected again")

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

    def fingerprint(self) -> str:
        """Changes whenever anything declared changes."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def scope(self) -> frozenset[str] | None:
        """Ids of the organisations for which this fleet speaks, None: for all. What belongs to others is theirs."""
        return self._scope

    @property
    def elsewhere(self) -> frozenset[str]:
        """Ids of the organisations that the fleet file declares and for which others speak."""
        return self._elsewhere

    def only(self, organization_ids: Collection[str]) -> "Fleet":
        """The part of the fleet that belongs to these organisations, and speaks for them alone."""
        part = Fleet(
            organizations=tuple(one for one in self.organizations if one.id in organization_ids),
            stores=tuple(store for store in self.stores if store.organization in organization_ids),
        )
        part._scope = frozenset(organization_ids)
        part._elsewhere = frozenset(one.id for one in self.organizations).difference(organization_ids)
        return part


def _repeats(what: str, places: Sequence[tuple[str, ...]]) -> Iterator[Problem]:
    for name, times in Counter(place[-1] for place in places).items():
        if times > 1:
            last = [place for place in places if place[-1] == name][-1]
            yield Problem(last, f"each {what} id stands once; {name} stands {times} times")
