"""Which device is asked for which window, so that each poll costs one request a device.

A reply holds 24 hours at the most, so a window is never longer (DEVICE_PROTOCOL: a longer one silently loses the rest).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from retail_pipeline.devices.models import Ask
from retail_pipeline.fleet.calendar import LocalHour, device_windows, hours_starting_in
from retail_pipeline.fleet.models import Device, Fleet, Report, Store

OPEN_HOUR_MINIMUM_AGE = dt.timedelta(minutes=10)
REPLY_SPAN = dt.timedelta(hours=24)
HOUR = dt.timedelta(hours=1)
NOON, AFTER_NOON = dt.time(12, 20), dt.time(12, 50)


@dataclass(frozen=True)
class WantedHour:
    """One partition to collect: a UTC hour of a store and the local clock hours that start in it."""

    store: Store
    hour: dt.datetime
    local_hours: tuple[LocalHour, ...]


def wanted_hours(
    fleet: Fleet, report: Report, hours: Mapping[str, Sequence[dt.datetime]], now: dt.datetime
) -> list[WantedHour]:
    """The partitions that can hold something: live stores with that report, hours at least ten minutes old.

    Unknown, inactive and not yet live stores are left out: nothing is expected of them. Where a local hour began less
    than ten minutes ago at half past, the one before it, which runs into the hour asked for, is wanted in its place:
    it has just become final.
    """
    wanted = []
    for store_id, store_hours in hours.items():
        if not fleet.has_store(store_id) or not fleet.store(store_id).devices_for(report):
            continue
        store = fleet.store(store_id)
        for hour in store_hours:
            if local := _collectable_hours(store, hour, now):
                wanted.append(WantedHour(store, hour, local))
            elif hour - HOUR not in store_hours and (before := _running_into(store, hour, now)):
                wanted.append(WantedHour(store, hour - HOUR, before))
    return wanted


def _collectable_hours(store: Store, hour: dt.datetime, now: dt.datetime) -> tuple[LocalHour, ...]:
    return tuple(local for local in hours_starting_in(store, hour) if is_collectable(store, local, now))


def _running_into(store: Store, hour: dt.datetime, now: dt.datetime) -> tuple[LocalHour, ...]:
    """The local hours that start in the UTC hour before and end in this one, which has begun."""
    before = _collectable_hours(store, hour - HOUR, now) if hour <= now else ()
    return before if before and before[-1].hour_end > hour else ()


def is_collectable(store: Store, hour: LocalHour, now: dt.datetime) -> bool:
    """Whether a local hour is live and old enough to hold a count worth keeping."""
    is_live = store.live_since is None or hour.local_date >= store.live_since
    return is_live and hour.hour_start + OPEN_HOUR_MINIMUM_AGE <= now


def just_ended(store: Store, now: dt.datetime) -> LocalHour | None:
    """The local hour of a live store that ended last; None before its first.

    In zones off by a quarter of an hour no poll has it among its hours once it has ended, yet each reply should
    hold it.
    """
    open_hour = now.replace(minute=0, second=0, microsecond=0)
    near = [hour for ago in (3, 2, 1, 0) for hour in hours_starting_in(store, open_hour - ago * HOUR)]
    ended = [hour for hour in near if hour.hour_end <= now and is_collectable(store, hour, now)]
    return ended[-1] if ended else None


def plan_asks(report: Report, wanted: Sequence[WantedHour], probes: AbstractSet[str], now: dt.datetime) -> list[Ask]:
    """One ask per device where the last 24 hours hold all that is wanted, else one per local day touched.

    Devices in `probes` have not answered for long: they are asked cheaply, and after all others, which may sit behind
    the same router.
    """
    by_store: dict[str, list[WantedHour]] = {}
    for one in wanted:
        by_store.setdefault(one.store.id, []).append(one)
    asks = [
        Ask(store=hours[0].store, device=device, report=report, start=start, end=end, is_probe=device.id in probes)
        for hours in by_store.values()
        for device in hours[0].store.devices_for(report)
        for start, end in _windows(hours[0].store, device, hours, now)
    ]
    return sorted(asks, key=lambda ask: ask.is_probe)


def _windows(
    store: Store, device: Device, wanted: Sequence[WantedHour], now: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    local = [hour for one in wanted for hour in one.local_hours]
    first, newest = min(hour.hour_start for hour in local), rolling_window(store, device, now)
    if first >= newest[0]:
        whole_day = _day_at_noon(store.device_zone(device), now)
        return [whole_day if whole_day and first >= whole_day[0] else newest]
    span = device_windows(store.device_zone(device), first, max(hour.hour_end for hour in local))
    return [(start, end) for start, end in span if any(start < h.hour_end and h.hour_start < end for h in local)]


def _day_at_noon(zone: ZoneInfo, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """The device's whole day, at the one poll between 12:20 and 12:50 of its clock; None at all others.

    Rows of the afternoon hold nobody yet, unless the clock is fast or shows another zone than declared: once a day that
    is looked for, since a device need not tell its time and a window that ends with the open hour can't show it.
    """
    if not NOON <= now.astimezone(zone).time() < AFTER_NOON:
        return None
    day = device_windows(zone, now, now + HOUR)
    return day[0] if len(day) == 1 else None


def rolling_window(store: Store, device: Device, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """The 24 hours that end with the device's open hour, UTC."""
    local = now.astimezone(store.device_zone(device))
    past_the_hour = dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    end = now - past_the_hour + HOUR
    return end - REPLY_SPAN, end
