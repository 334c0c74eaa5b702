"""What the report of a store's trading day is made of: plain values, gathered elsewhere, rendered elsewhere."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportHour:
    """One local hour. None is unknown, never zero; `usual` is the median of the same hour in the four weeks before."""

    hour_start: dt.datetime
    local_hour: int
    is_open: bool
    has_ended: bool
    completeness: float
    entries: int | None = None
    imputed: float | None = None
    usual: float | None = None
    passers_by: int | None = None
    capture_rate: float | None = None
    occupancy_mean: float | None = None
    occupancy_max: int | None = None
    quality: str | None = None
    cause: str | None = None

    @property
    def is_gap(self) -> bool:
        """Whether it has ended and is not complete: shown as a gap, never as a low bar."""
        return self.has_ended and self.completeness < 1

    @property
    def is_shown(self) -> bool:
        """Open hours, and others in which somebody came."""
        return self.is_open or bool(self.entries)


@dataclass(frozen=True)
class ZoneHour:
    """A zone in a local hour that was counted whole."""

    hour_start: dt.datetime
    local_hour: int
    entries: int | None = None
    stays: int | None = None
    queue_length_max: int | None = None
    wait_minutes: float | None = None


@dataclass(frozen=True)
class ReportZone:
    """One zone over the day, as frames/zone_days.py adds it up: lines and the device's own stays stand apart."""

    zone: str
    name: str
    kind: str
    entries: int | None = None
    stays: int | None = None
    occupancy_mean: float | None = None
    is_estimated: bool = False
    occupancy_max: int | None = None
    queue_length_max: int | None = None
    wait_minutes: float | None = None
    completeness: float | None = None
    hours: tuple[ZoneHour, ...] = ()


@dataclass(frozen=True)
class ReportAlert:
    """A queue that passed a limit of its store in an hour; a limit that was kept is None."""

    zone_name: str
    local_hour: int
    queue_length_max: int | None
    wait_minutes: float | None
    longest: int | None
    slowest: float | None


@dataclass(frozen=True)
class HeatCell:
    """Mean entries of a weekday (1 is Monday) and local hour."""

    weekday: int
    local_hour: int
    entries: float


@dataclass(frozen=True)
class DayReport:
    """A store's trading day as far as it is known at `made_at`; figures as `daily_summaries` defines them.

    `change_last_week` is a share of one here, and in per cent there. `queue_limit` is the length that the store allows.
    """

    store_id: str
    store_name: str
    organization_name: str
    timezone: str
    language: str
    trading_day: dt.date
    made_at: dt.datetime
    input_version: dt.datetime
    is_complete: bool
    completeness: float | None
    entries: int | None
    exits: int | None
    passers_by: int | None
    capture_rate: float | None
    average_hourly_entries: float | None
    peak_hour: int | None
    peak_hour_entries: int | None
    occupancy_max: int | None
    capacity: int | None
    drift: int | None
    drift_share: float | None
    entries_last_week: int | None
    change_last_week: float | None
    quality: str | None = None
    imputed_share: float | None = None
    queue_limit: int | None = None
    hours: tuple[ReportHour, ...] = ()
    zones: tuple[ReportZone, ...] = ()
    alerts: tuple[ReportAlert, ...] = ()
    week: tuple[HeatCell, ...] = ()

    @property
    def gaps(self) -> list[ReportHour]:
        """The hours that ended and are not complete."""
        return [hour for hour in self.hours if hour.is_gap]

    @property
    def has_open_gap(self) -> bool:
        """Whether the shop was open in one of them: the day has lost people, and is like no whole one."""
        return any(hour.is_open for hour in self.gaps)

    @property
    def shown(self) -> tuple[ReportHour, ...]:
        """All hours from the first to the last that is open, or in which somebody came; none between them is left out.

        A picture in which an hour of nobody is missing would join its neighbours.
        """
        worth = [number for number, hour in enumerate(self.hours) if hour.is_shown]
        return self.hours[worth[0] : worth[-1] + 1] if worth else ()
