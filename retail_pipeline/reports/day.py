"""What the report of a store's trading day is made of: plain values, gathered elsewhere, rendered elsewhere."""

import datetime as dt
from dataclasses import dataclass, field


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
    cause: str | None = None

    @property
    def is_gap(self) -> bool:
        """Whether it has ended and is not complete: shown as a gap, never as a low bar."""
        return self.has_ended and self.completeness < 1


@dataclass(frozen=True)
class ReportZone:
    """One zone over the day: crossings, stays, and the queue where it is one."""

    zone: str
    name: str
    kind: str
    entries: int | None = None
    stays: int | None = None
    occupancy_max: int | None = None
    queue_length_max: float | None = None
    wait_minutes: float | None = None


@dataclass(frozen=True)
class HeatCell:
    """Mean entries of a weekday (1 is Monday) and local hour."""

    weekday: int
    local_hour: int
    entries: float


@dataclass(frozen=True)
class DayReport:
    """A store's trading day as far as it is known at `made_at`; figures as `daily_summaries` defines them.

    `change_last_week` is a share of one here, and in per cent there.
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
    hours: tuple[ReportHour, ...] = ()
    zones: tuple[ReportZone, ...] = ()
    week: tuple[HeatCell, ...] = field(default=())
