"""When people come: means of complete hours, and shares that add up to the week."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.heat_map import WHOLE_STORE, heat_maps
from retail_pipeline_tests.shops import utc

NOW = utc("2026-07-18 12:00")


def hour(start: str, entries: int | None, *, zone: str = WHOLE_STORE, is_complete: bool = True) -> dict[str, Any]:
    at = utc(start)
    who = {"store_id": "shop-1", "organization_id": "acme", "zone": zone, "hour_start": at}
    return {**who, "local_date": at.date(), "local_hour": at.hour, "entries": entries, "is_complete": is_complete}


def mapped(*hours: dict[str, Any]) -> list[tuple[object, ...]]:
    schema = {"local_hour": pl.Int16(), "entries": pl.Int64()}
    cells = heat_maps(pl.DataFrame(hours, schema_overrides=schema), NOW)
    return cells.select("zone", "weekday", "local_hour", "entries", "share_of_week", "hours").rows()


def test_a_cell_is_the_mean_of_its_complete_hours_in_four_weeks() -> None:
    assert mapped(
        hour("2026-07-17 10:00", 10),
        hour("2026-07-10 10:00", 20),
        hour("2026-07-03 10:00", 999, is_complete=False),
        hour("2026-06-01 10:00", 999),
        hour("2026-07-17 11:00", 45),
        hour("2026-07-18 12:00", 999),
    ) == [(WHOLE_STORE, 5, 10, 15.0, 0.25, 2), (WHOLE_STORE, 5, 11, 45.0, 0.75, 1)]


def test_shares_of_a_zone_add_up_by_themselves_and_nobody_all_week_has_none() -> None:
    told = mapped(
        hour("2026-07-17 10:00", 30),
        hour("2026-07-16 10:00", 8, zone="queue"),
        hour("2026-07-17 10:00", 24, zone="queue"),
        hour("2026-07-17 10:00", 0, zone="premium"),
    )
    assert {(zone, weekday): share for zone, weekday, _, _, share, _ in told} == {
        (WHOLE_STORE, 5): 1.0,
        ("queue", 4): 0.25,
        ("queue", 5): 0.75,
        ("premium", 5): None,
    }


def test_every_hour_of_a_week_adds_up_to_one() -> None:
    start = utc("2026-07-06 00:00")
    week = [hour(str((start + dt.timedelta(hours=n)).replace(tzinfo=None)), n % 7) for n in range(168)]
    assert sum(row[4] for row in mapped(*week)) == pytest.approx(1)  # type: ignore[misc]
