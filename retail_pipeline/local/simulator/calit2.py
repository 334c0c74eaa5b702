"""The CalIt2 replay: real half-hourly counts of a building's main door, 15 weeks, repeated for ever.

The figures are in `local/data/calit2.csv`, their attribution in `local/data/NOTICE`. The building has other doors, so
entries and exits of a day differ by several per cent.
"""

import csv
import datetime as dt
from functools import cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

FIRST_DATE = dt.date(2005, 7, 24)  # a Sunday
DAYS = 105
SLOTS_A_DAY = 48
SLOT = dt.timedelta(minutes=30)


class Slot(NamedTuple):
    """People in half an hour."""

    entries: int
    exits: int


def calit2_slot(wall: dt.datetime) -> int:
    """Index into the 5,040 half hours of the data for a naive wall clock of the store.

    The date maps to `FIRST_DATE + (date - FIRST_DATE).days % 105` days: 15 whole weeks, so weekdays agree, and
    2005-07-24 itself maps to its own figures, as do all dates a multiple of 105 days from it. The time of day is kept:
    the slot that the file names 10:30 is replayed from 10:30 until before 11:00 of the store's wall clock. So a local
    calendar day adds up to the 48 lines of its data date. When clocks go back, the repeated half hours are replayed
    a second time (a 25-hour day has 50 slots); when they go forward, the skipped ones are left out (46 slots).
    """
    day = (wall.date() - FIRST_DATE).days % DAYS
    return day * SLOTS_A_DAY + wall.hour * 2 + wall.minute // 30


@cache
def calit2_slots() -> tuple[Slot, ...]:
    """All half hours of the data file, in the order of time."""
    text = resources.files("retail_pipeline.local").joinpath("data", "calit2.csv").read_text(encoding="utf-8")
    return tuple(Slot(int(row["in"]), int(row["out"])) for row in csv.DictReader(text.splitlines()))


def replayed_people(zone: ZoneInfo, start: dt.datetime, end: dt.datetime) -> Slot:
    """Entries and exits in the UTC span `[start, end)`; people of a slot that is cut are spread evenly over it."""
    entries = exits = 0
    while start < end:
        slot_start, slot_end, slot = _slot_around(zone, start)
        upto = min(end, slot_end)
        entries += _share(slot.entries, slot_start, start, upto)
        exits += _share(slot.exits, slot_start, start, upto)
        start = upto
    return Slot(entries, exits)


def _slot_around(zone: ZoneInfo, instant: dt.datetime) -> tuple[dt.datetime, dt.datetime, Slot]:
    # Clocks change on the bounds of slots, so the wall clock tells how long ago the slot began.
    wall = instant.astimezone(zone).replace(tzinfo=None, fold=0)
    into = dt.timedelta(minutes=wall.minute % 30, seconds=wall.second, microseconds=wall.microsecond)
    return instant - into, instant - into + SLOT, calit2_slots()[calit2_slot(wall)]


def _share(people: int, slot_start: dt.datetime, start: dt.datetime, end: dt.datetime) -> int:
    # Floors of the running share: parts of a slot always add up to the slot.
    return int(people * ((end - slot_start) / SLOT)) - int(people * ((start - slot_start) / SLOT))
