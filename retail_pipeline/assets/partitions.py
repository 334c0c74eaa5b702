"""Which hours and days exist for the graph, and the names that a code location's split asks for.

An hour partition is a UTC hour; the local clock hours that *start* in it belong to it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

HOUR_KEY = "%Y-%m-%d-%H:%M"
DAY_KEY = "%Y-%m-%d"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
DAYS_KEPT = 400
MAX_DAY_KEYS = 100_000


@dataclass(frozen=True)
class Partitions:
    """The partition definitions of one code location."""

    hours: dg.HourlyPartitionsDefinition
    days: dg.DailyPartitionsDefinition
    stores: dg.DynamicPartitionsDefinition
    prefix: tuple[str, ...] = ()

    @property
    def store_hours(self) -> dg.MultiPartitionsDefinition:
        """UTC hour x store."""
        return dg.MultiPartitionsDefinition({"hour": self.hours, "store": self.stores})

    @property
    def store_days(self) -> dg.MultiPartitionsDefinition:
        """Local trading day x store, on a UTC calendar because one definition has one time zone."""
        return dg.MultiPartitionsDefinition({"day": self.days, "store": self.stores})

    def key(self, name: str) -> dg.AssetKey:
        """The asset key of a table in this code location."""
        return dg.AssetKey([*self.prefix, name])

    @property
    def mark(self) -> str:
        """The value of a run tag that tells the runs of this code location from those of others."""
        return "/".join(self.prefix) or "true"

    @property
    def start(self) -> dt.datetime:
        """The first hour of the horizon, UTC."""
        return self.hours.start.astimezone(dt.UTC)

    @property
    def first_day(self) -> dt.date:
        """The first trading day of the horizon."""
        return self.days.start.date()


def make_partitions(hours_from: dt.datetime, stores: int, location: str | None) -> Partitions:
    """Partitions whose hours begin at `hours_from` (UTC) and whose days reach back over a year where they may."""
    days_back = max(31, min(DAYS_KEPT, MAX_DAY_KEYS // max(1, stores)))
    first_day = hours_from.date() - dt.timedelta(days=days_back - 31)
    return Partitions(
        hours=dg.HourlyPartitionsDefinition(start_date=hours_from, timezone="UTC", end_offset=1),
        days=dg.DailyPartitionsDefinition(start_date=first_day.strftime(DAY_KEY), timezone="UTC", end_offset=2),
        stores=dg.DynamicPartitionsDefinition(name=f"{location}_store" if location else "store"),
        prefix=(location,) if location else (),
    )


def hour_key(hour: dt.datetime, store_id: str) -> str:
    """The partition key of a UTC hour and a store."""
    return f"{hour.astimezone(dt.UTC).strftime(HOUR_KEY)}|{store_id}"


def day_key(day: dt.date, store_id: str) -> str:
    """The partition key of a trading day and a store."""
    return f"{day.strftime(DAY_KEY)}|{store_id}"


def hours_by_store(keys: Iterable[str]) -> dict[str, list[dt.datetime]]:
    """The UTC hours asked for, per store.

    Raises:
        dg.Failure: no key at all, as reversed ends of a range give: such a run would be green and do nothing.
    """
    wanted: dict[str, list[dt.datetime]] = {}
    for key in _some(keys):
        hour, store_id = key.split("|", 1)
        wanted.setdefault(store_id, []).append(dt.datetime.strptime(hour, HOUR_KEY).replace(tzinfo=dt.UTC))
    return wanted


def days_by_store(keys: Iterable[str]) -> dict[str, list[dt.date]]:
    """The trading days asked for, per store; refuses an empty range like `hours_by_store`."""
    wanted: dict[str, list[dt.date]] = {}
    for key in _some(keys):
        day, store_id = key.split("|", 1)
        wanted.setdefault(store_id, []).append(dt.date.fromisoformat(day))
    return wanted


def _some(keys: Iterable[str]) -> list[str]:
    found = [str(key) for key in keys]
    if not found:
        raise dg.Failure(
            "The range of partitions is empty: its first key must not come after its last. Request it again in order.",
            allow_retries=False,
        )
    return found
