import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline.frames.snapshots import counted_snapshots
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline_tests.frames.rows import hourly_of, hours_of, raw, row
from retail_pipeline_tests.frames.zone_shop import ZONES, zone_shop
from retail_pipeline_tests.shops import utc

TEN = row("10:00", {1: (9, 1), 2: (5, 0)}, sensor="d", collected_at=utc("2026-07-18 11:03"))
OPEN = row("11:00", {1: (2, 0)}, sensor="d", is_complete=False, collected_at=utc("2026-07-18 11:20"))


def at(minutes: str) -> dt.datetime:
    return utc(f"2026-07-18 {minutes}")


def snapshots(*rows: dict[str, Any], answered_at: str | None = None, **declared: Any) -> dict[str, tuple[Any, ...]]:
    """`observed_at`, occupancy and `is_provisional` by zone."""
    store, counts = zone_shop(**declared), raw(*rows)
    heard = pl.DataFrame(
        {"store_id": ["shop-1"], "answered_at": [at(answered_at) if answered_at else None]},
        schema={"store_id": pl.String(), "answered_at": UTC_TIME},
    )
    zones = virtual_region_occupancy(counts, [store], hours_of(store))
    found = counted_snapshots(hourly_of(store, counts), zones, heard)
    return {
        zone: told for zone, *told in found.select("zone", "observed_at", "occupancy", "is_provisional").iter_rows()
    }


def test_a_complete_hour_tells_who_was_inside_at_its_end() -> None:
    told = snapshots(TEN, answered_at="11:33")
    assert told[""] == [at("11:00"), 8, False]
    assert (told["hall"], told["floor"]) == ([at("11:00"), 3, False], [at("11:00"), 5, False])


@pytest.mark.parametrize(
    ("answered_at", "observed_at"),
    [("11:33", "11:33"), ("11:10", "11:20"), (None, "11:20"), ("12:20", "12:00")],
    ids=["asked again, nothing new", "another device is silent", "one never answered", "never after its end"],
)
def test_an_open_hour_tells_who_was_inside_when_all_had_answered(answered_at: str | None, observed_at: str) -> None:
    assert snapshots(TEN, OPEN, answered_at=answered_at)[""] == [at(observed_at), 10, True]


def test_a_zone_that_lines_cannot_tell_has_no_snapshot() -> None:
    told = snapshots(TEN, zones=ZONES | {"till": ZONES["till"] | {"closed": False}})
    assert set(told) == {"", "hall", "floor", "window"}
