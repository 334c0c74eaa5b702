from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames.schemas import VIRTUAL_REGION_OCCUPANCY
from retail_pipeline.frames.zones import virtual_region_occupancy
from retail_pipeline_tests.frames.rows import COLLECTED, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of, utc

HALL, TILL = {"kind": "entrance", "name": "Hall"}, {"kind": "queue", "name": "Till"}
DOOR = {"role": "entrance", "from": "outside", "to": "hall"}
TO_TILL = {"role": "interior", "from": "hall", "to": "till"}


def shop_with_till(**declared: object) -> Store:
    """A hall behind the door and a till behind the hall, both counted by one device."""
    return store_of(
        **{"sensors": [door("d", lines={1: DOOR, 2: TO_TILL})], "zones": {"hall": HALL, "till": TILL}} | declared
    )


def zones_of(store: Store, *rows: dict[str, Any]) -> pl.DataFrame:
    return virtual_region_occupancy(raw(*rows), [store], hours_of(store))


def figures(zones: pl.DataFrame, zone: str) -> list[tuple[Any, ...]]:
    """Start time, entries, exits and occupancy of each interval."""
    return (
        zones.filter(zone=zone)
        .select(pl.col("interval_start").dt.time().cast(pl.String), "entries", "exits", "occupancy")
        .rows()
    )


def test_a_door_between_two_zones_takes_from_one_what_it_gives_the_other() -> None:
    zones = zones_of(shop_with_till(), row("10:00", {1: (5, 1), 2: (3, 1)}, sensor="d"))
    fixed = {
        "store_id": "shop-1",
        "organization_id": "acme",
        "interval_start": utc("2026-07-18 10:00"),
        "interval_end": utc("2026-07-18 11:00"),
        "occupancy_reason": None,
        "is_complete": True,
        "input_version": COLLECTED,
    }
    expected = [
        fixed | {"zone": "hall", "zone_kind": "entrance", "entries": 6, "exits": 4, "occupancy": 2},
        fixed | {"zone": "till", "zone_kind": "queue", "entries": 3, "exits": 1, "occupancy": 2},
    ]
    assert_frame_equal(zones, pl.DataFrame(expected, schema=VIRTUAL_REGION_OCCUPANCY))


def test_occupancy_runs_through_the_trading_day_and_starts_anew() -> None:
    store = shop_with_till(day_starts_at="04:00")
    hours = hours_of(store, utc("2026-07-17 00:00").date(), utc("2026-07-18 00:00").date())
    rows = raw(
        row("03:00", {2: (4, 0)}, sensor="d"),
        row("04:00", {2: (1, 0)}, sensor="d"),
        row("05:00", {2: (2, 1)}, sensor="d"),
    )
    till = figures(virtual_region_occupancy(rows, [store], hours), "till")
    assert [occupancy for *_, occupancy in till] == [4, 1, 2]


def test_occupancy_is_never_negative_and_forgets_nothing() -> None:
    rows = [row("10:00", {2: (0, 3)}, sensor="d"), row("11:00", {2: (4, 0)}, sensor="d")]
    assert figures(zones_of(shop_with_till(), *rows), "till") == [("10:00:00", 0, 3, 0), ("11:00:00", 4, 0, 1)]


def test_an_inverted_line_counts_the_other_way_round() -> None:
    store = shop_with_till(sensors=[door("d", lines={1: DOOR, 2: TO_TILL | {"inverted": True}})])
    assert figures(zones_of(store, row("10:00", {2: (1, 4)}, sensor="d")), "till") == [("10:00:00", 4, 1, 3)]


def test_a_zone_with_an_uncounted_boundary_has_flows_but_no_occupancy() -> None:
    store = shop_with_till(zones={"hall": HALL, "till": TILL | {"closed": False}})
    till = zones_of(store, row("10:00", {2: (3, 1)}, sensor="d")).filter(zone="till")
    assert till.select("entries", "exits", "occupancy").row(0) == (3, 1, None)
    assert "closed: false" in till["occupancy_reason"].item()


def test_an_interval_without_a_row_has_no_zone_row() -> None:
    zones = zones_of(shop_with_till(), row("10:00", sensor="d"), row("12:00", sensor="d"))
    assert zones["interval_start"].n_unique() == 2


TWO_DEVICES = [door("d", lines={1: DOOR}), door("e", lines={1: TO_TILL})]


def hall_of_two(*rows: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Start, end, entries, exits, is_complete of the hall, whose two doors are seen by two devices."""
    hall = zones_of(shop_with_till(sensors=TWO_DEVICES), *rows).filter(zone="hall")
    start, end = (pl.col(name).dt.strftime("%H:%M") for name in ("interval_start", "interval_end"))
    return hall.select(start, end, "entries", "exits", "is_complete").rows()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [row("10:00", {1: (5, 0)}, sensor="d"), row("10:00", {1: (2, 0)}, sensor="e")],
            [("10:00", "11:00", 5, 2, True)],
            id="devices that agree are added per interval",
        ),
        pytest.param(
            [
                row("10:00", {1: (5, 0)}, sensor="d"),
                row("10:00", {1: (2, 0)}, sensor="e", minutes=30),
                row("10:30", {1: (1, 0)}, sensor="e", minutes=30),
            ],
            [("10:00", "11:00", 5, 3, True)],
            id="half hours are added to the hour of the other device",
        ),
        pytest.param(
            [
                *(row(f"10:{minute:02}", {1: (1, 0)}, sensor="d", minutes=10) for minute in range(0, 60, 10)),
                *(row(f"10:{minute:02}", {1: (1, 0)}, sensor="e", minutes=15) for minute in range(0, 60, 15)),
            ],
            [("10:00", "11:00", 6, 4, True)],
            id="intervals of 10 and 15 minutes meet in the whole hour",
        ),
        pytest.param(
            [row("10:30", {1: (5, 0)}, sensor="d", minutes=30), row("10:45", {1: (2, 0)}, sensor="e", minutes=15)],
            [("10:30", "11:00", 5, 2, False)],
            id="a slot that one device fills by half is not complete",
        ),
        pytest.param(
            [row("10:00", {1: (5, 0)}, sensor="d")],
            [("10:00", "11:00", 5, 0, False)],
            id="a silent second device leaves the interval incomplete",
        ),
        pytest.param(
            [row("10:00", sensor="d"), row("10:00", sensor="e", is_complete=False)],
            [("10:00", "11:00", 0, 0, False)],
            id="an interval that still runs is not complete",
        ),
    ],
)
def test_devices_of_one_zone_are_added_on_their_common_grid(
    rows: list[dict[str, Any]], expected: list[tuple[Any, ...]]
) -> None:
    assert hall_of_two(*rows) == expected


def test_a_store_without_zones_has_no_rows() -> None:
    zones = zones_of(store_of(), row("10:00", {1: (1, 1)}))
    assert_frame_equal(zones, pl.DataFrame(schema=VIRTUAL_REGION_OCCUPANCY))
