"""Devices that were switched off: found where hours are derived, out of the zeros they report and the weeks before.

The verdict is part of the derivation: it is made again whenever a day is, written to the ledger and taken back there.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from retail_pipeline.fleet.calendar import trading_day_of
from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.device_off import WEEKS_BACK, device_off, silent_days
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.steps.spans import StoreDays, bounds, hours_of_days
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse

_VERSIONS = {"store_id": pl.String(), "trading_day": pl.Date(), "history_version": UTC_TIME}


@dataclass(frozen=True)
class SwitchedOff:
    """The verdict on some days.

    Attributes:
        hours: `store_id`, `sensor_id`, `hour_start` in which a device was off.
        versions: `store_id`, `trading_day`, `history_version` of the days on whose verdict earlier weeks had a say:
            the greatest `collected_at` of those weeks.
    """

    hours: pl.DataFrame
    versions: pl.DataFrame


def judge_switched_off(
    warehouse: Warehouse, stores: Sequence[Store], raw: pl.DataFrame, hours: pl.DataFrame
) -> SwitchedOff:
    """In which of `hours`, whole trading days with their `raw` rows, a device was off.

    The weeks before are read only for days with three business hours of nobody: on most there is nothing to read.
    """
    silent = silent_days(raw, hours)
    if silent.is_empty():
        return SwitchedOff(device_off(raw.clear(), raw.clear(), hours), pl.DataFrame(schema=_VERSIONS))
    before = {store_id: {day - ago for day in found for ago in WEEKS_BACK} for store_id, found in _days(silent).items()}
    quiet = [store for store in stores if store.id in before]
    past = hours_of_days(quiet, before)
    history = reads.raw_counts(warehouse, [store.id for store in quiet], *bounds(past))
    judged = raw.join(silent, on=["store_id", "sensor_id"], how="semi")
    newest = history.group_by("store_id").agg(pl.col("collected_at").max().alias("history_version"))
    return SwitchedOff(
        hours=device_off(judged, history, pl.concat([hours, past]).unique(["store_id", "hour_start"])),
        versions=silent.select("store_id", "trading_day").unique().join(newest, on="store_id"),
    )


def with_days_that_look_back(
    warehouse: Warehouse, stores: Sequence[Store], days: StoreDays, now: dt.datetime
) -> StoreDays:
    """`days` and the silent ones up to four weeks after them: their verdict rests on counts that may have changed.

    Today has none after it: only what is recovered or collected again costs this look.
    """
    later = {store.id: _later_days(store, days, now) for store in stores}
    looking = [store for store in stores if later[store.id]]
    if not looking:
        return days
    hours = hours_of_days(looking, later)
    silent = silent_days(reads.raw_counts(warehouse, [store.id for store in looking], *bounds(hours)), hours)
    more = _days(silent)
    return {store.id: {*days[store.id], *more.get(store.id, ())} for store in stores}


def _later_days(store: Store, days: StoreDays, now: dt.datetime) -> set[dt.date]:
    today = trading_day_of(store, now)
    later = {day + ago for day in days[store.id] for ago in WEEKS_BACK} - set(days[store.id])
    return {day for day in later if day <= today}


def _days(silent: pl.DataFrame) -> dict[str, set[dt.date]]:
    days: dict[str, set[dt.date]] = {}
    for store_id, _, day in silent.iter_rows():
        days.setdefault(store_id, set()).add(day)
    return days
