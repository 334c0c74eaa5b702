"""What is allowed in a fleet file but seldom meant; what is refused does not belong here."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from retail_pipeline.fleet.models import Device, Fleet, Role, Store
from retail_pipeline.fleet.thresholds import warnings_above_errors

# The last year that a 32-bit time can tell: there, only the rules that stand today are left of any zone's history.
_STANDING_RULES = (dt.datetime(2037, 1, 15, tzinfo=dt.UTC), dt.datetime(2037, 7, 15, tzinfo=dt.UTC))


def fleet_advice(fleet: Fleet) -> list[str]:
    """Sentences about what the fleet file declares and probably does not mean, in its order; none if all is well.

    They are warnings: the pipeline runs with all of it.
    """
    stores = [sentence for store in fleet.stores for sentence in _store_advice(store)]
    return [*stores, *_shared_addresses(fleet)]


def told_zones(fleet: Fleet) -> list[str]:
    """A sentence per store with zones: whose occupancy the counted lines determine; why others' not is advice."""
    return [
        f"store {store.id}: the counted lines tell the occupancy of {', '.join(store.graph.closed_zones) or 'no zone'}"
        f" ({len(store.graph.closed_zones)} of {len(store.zones)} zones)"
        for store in fleet.stores
        if store.zones
    ]


def _store_advice(store: Store) -> Iterator[str]:
    who = f"store {store.id}"
    if not any(device.is_entrance for device in store.active_devices):
        yield f"{who} has no entrance line on an active device: it will have no entries and is never complete"
    if not store.opening_hours.holidays and not any(store.opening_hours.week):
        yield f"{who} declares no opening hours: it counts as closed, so nothing is ever overdue"
    if beside := _doors_beside_live_ones(store):
        yield f"{who} has live doors, but {beside} is none: nobody can tell who is inside before all its doors are live"
    for zone, reason in store.graph.open_reasons.items():
        yield f"{who}, zone {zone}: its occupancy will not be published: {reason}"
    for check in warnings_above_errors(store.thresholds):
        yield f"{who}: the threshold {check}_warn lies above {check}_error, so that nothing is ever only a warning"
    for device in store.active_devices:
        yield from _device_advice(store, device)


def _doors_beside_live_ones(store: Store) -> str:
    doors = [device for device in store.active_devices if device.is_entrance]
    return ", ".join(door.id for door in doors if not door.live) if any(door.live for door in doors) else ""


def _device_advice(store: Store, device: Device) -> Iterator[str]:
    who = f"store {store.id}, sensor {device.id}"
    if _straddles(store.zone_info, store.device_zone(device), device.interval_minutes):
        yield (
            f"{who}: its rows of {device.interval_minutes} minutes in {store.device_zone(device)} straddle two hours"
            f" of the store ({store.timezone}) and count where they start; a shorter interval would not"
        )
    doors = {(door.sensor_id, door.line) for door in store.graph.doors}
    for number, line in device.lines.items() if store.zones else ():
        if line.role is Role.ENTRANCE and (device.id, number) not in doors:
            yield f"{who}, line {number}: it leads to no zone; name one in its key to, if it leads to one"


def _straddles(store_zone: ZoneInfo, device_zone: ZoneInfo, interval_minutes: int) -> bool:
    """Whether a row that begins on the device's hour can lie on both sides of one of the store's hours."""
    return any(
        (_offset_minutes(store_zone, instant) - _offset_minutes(device_zone, instant)) % interval_minutes
        for instant in _STANDING_RULES
    )


def _offset_minutes(zone: ZoneInfo, instant: dt.datetime) -> int:
    return round((instant.astimezone(zone).utcoffset() or dt.timedelta()) / dt.timedelta(minutes=1))


def _shared_addresses(fleet: Fleet) -> Iterator[str]:
    sensors = defaultdict(list)
    for store in fleet.stores:
        for device in store.active_devices:
            sensors[str(device.url).rstrip("/")].append(device.id)
    for names in sensors.values():
        if len(names) > 1:
            yield f"sensors {', '.join(names)} have the same url: the same people would be counted twice"
