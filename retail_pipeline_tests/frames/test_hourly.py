from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.frames.schemas import HOURLY_ANALYTICS
from retail_pipeline_tests.frames.rows import COLLECTED, DAY, LATER, hourly_of, hours_of, raw, row
from retail_pipeline_tests.shops import door, shop, store_of, utc

STREET = {4: {"role": "passers_by"}}
DOOR_AND_STREET = [door("d", lines={1: {"role": "entrance"}} | STREET)]


def test_an_hour_says_who_came_who_passed_and_who_is_inside() -> None:
    store = store_of(sensors=DOOR_AND_STREET)
    rows = raw(
        row("10:00", {1: (6, 1), 4: (20, 15)}, sensor="d", minutes=15),
        row("10:15", {1: (2, 3), 4: (10, 5)}, sensor="d", minutes=45),
    )
    expected = {
        "store_id": "shop-1",
        "organization_id": "acme",
        "hour_start": utc("2026-07-18 10:00"),
        "hour_end": utc("2026-07-18 11:00"),
        "local_date": DAY,
        "local_hour": 10,
        "trading_day": DAY,
        "entries": 8,
        "exits": 4,
        "net_flow": 4,
        "passers_by": 50,
        "capture_rate": 8 / 58,
        "turn_in_ratio": 8 / 50,
        "traffic_share": 1.0,
        "occupancy_end": 4,
        "occupancy_max": 5,
        "occupancy_mean": (5 * 15 + 4 * 45) / 60,
        "occupancy_mean_corrected": None,
        "dwell_minutes": None,
        "dwell_valid": False,
        "is_business_hour": True,
        "business_share": 1.0,
        "index_vs_normal": None,
        "entries_imputed": None,
        "exits_imputed": None,
        "imputation_method": None,
        "imputation_wape": None,
        "completeness": 1.0,
        "quality": "A",
        "is_complete": True,
        "input_version": COLLECTED,
    }
    assert_frame_equal(hourly_of(store, rows), pl.DataFrame([expected], schema=HOURLY_ANALYTICS))


def one_hour(rows: list[dict[str, Any]], *columns: str, **declared: object) -> tuple[Any, ...]:
    """Those columns of the only hour."""
    return hourly_of(store_of(**declared), raw(*rows)).select(columns).row(0)


def test_a_store_without_a_street_line_knows_no_passers_by() -> None:
    columns = ("passers_by", "capture_rate", "turn_in_ratio")
    assert one_hour([row("10:00", {1: (5, 5)})], *columns) == (None, None, None)


def test_an_empty_street_gives_no_ratio_and_an_empty_shop_a_rate_of_zero() -> None:
    columns = ("passers_by", "capture_rate", "turn_in_ratio")
    assert one_hour([row("10:00", sensor="d")], *columns, sensors=DOOR_AND_STREET) == (0, None, None)
    walked_by = [row("10:00", {4: (9, 1)}, sensor="d")]
    assert one_hour(walked_by, *columns, sensors=DOOR_AND_STREET) == (10, 0.0, 0.0)
    all_came_in = [row("10:00", {1: (3, 0)}, sensor="d")]
    assert one_hour(all_came_in, *columns, sensors=DOOR_AND_STREET) == (0, 1.0, None)


def test_an_hour_that_nothing_reported_has_no_row() -> None:
    hourly = hourly_of(store_of(), raw(row("10:00", {1: (1, 0)}), row("12:00", {1: (0, 1)})))
    assert hourly["local_hour"].to_list() == [10, 12]
    assert hourly["occupancy_end"].to_list() == [1, 0]


def test_a_reported_zero_is_a_row_with_zero() -> None:
    assert one_hour([row("10:00")], "entries", "exits", "occupancy_mean", "is_complete") == (0, 0, 0.0, True)


def test_an_hour_of_the_street_alone_leaves_the_entries_unknown() -> None:
    sensors = [door("d"), door("street", lines=STREET)]
    columns = ("entries", "net_flow", "occupancy_end", "passers_by", "capture_rate", "completeness", "is_complete")
    rows = [row("10:00", {4: (3, 2)}, sensor="street")]
    assert one_hour(rows, *columns, sensors=sensors) == (None, None, None, 5, None, 0.0, False)


def test_a_store_without_an_entrance_line_has_no_hours() -> None:
    store = store_of(sensors=[door("street", lines=STREET)])
    assert hourly_of(store, raw(row("10:00", {4: (3, 2)}, sensor="street"))).is_empty()


def test_what_was_counted_before_the_store_went_live_is_not_derived() -> None:
    assert hourly_of(store_of(live_since="2026-07-19"), raw(row("10:00", {1: (3, 2)}))).is_empty()


def test_the_rows_of_a_device_that_was_taken_down_are_not_derived() -> None:
    sensors = [door("d"), door("gone", active=False)]
    rows = raw(
        row("10:00", {1: (1, 1)}, sensor="d"), row("10:00", {1: (9, 9)}, sensor="gone"), row("11:00", sensor="gone")
    )
    assert hourly_of(store_of(sensors=sensors), rows).select("local_hour", "entries").rows() == [(10, 1)]


def test_two_doors_share_one_occupancy() -> None:
    sensors = [door("a", interval_minutes=30), door("b")]
    rows = [
        row("10:00", {1: (4, 0)}, sensor="a", minutes=30),
        row("10:30", {1: (0, 0)}, sensor="a", minutes=30),
        row("10:00", {1: (0, 3)}, sensor="b"),
    ]
    columns = ("entries", "exits", "occupancy_end", "occupancy_max", "occupancy_mean", "is_complete")
    assert one_hour(rows, *columns, sensors=sensors) == (4, 3, 1, 1, 1.0, True)


def test_the_open_hour_is_provisional() -> None:
    store = store_of()
    rows = raw(row("10:00", {1: (2, 0)}, is_complete=False))
    hour = hourly_of(store, rows, as_of=utc("2026-07-18 10:32"))
    assert hour.select("entries", "completeness", "is_complete").row(0) == (2, 0.0, False)


def test_the_version_of_an_hour_is_its_newest_row() -> None:
    newer = utc("2026-07-20 00:00")
    rows = [row("10:00", sensor="a"), row("10:00", sensor="b", collected_at=newer)]
    assert one_hour(rows, "input_version", sensors=[door("a"), door("b")]) == (newer,)


@pytest.mark.parametrize(
    ("opening", "share", "is_business"),
    [
        pytest.param("10:00-20:00", 1.0, True, id="open all the hour"),
        pytest.param("10:45-20:00", 0.25, True, id="open for a quarter of it"),
        pytest.param("11:00-20:00", 0.0, False, id="not open yet"),
    ],
)
def test_an_hour_is_business_for_the_share_of_it_that_is_open(opening: str, share: float, is_business: bool) -> None:
    declared = {"opening_hours": {"mon-sun": opening}}
    assert one_hour([row("10:00")], "business_share", "is_business_hour", **declared) == (share, is_business)


def test_hours_of_a_device_that_was_off_are_not_measured() -> None:
    store = store_of()
    off = pl.DataFrame({"sensor_id": ["shop-1-door"], "hour_start": [utc("2026-07-18 11:00")]})
    rows = raw(row("10:00", {1: (2, 1)}), row("11:00"), row("12:00", {1: (1, 0)}))
    hourly = hourly_analytics(rows, [store], hours_of(store), LATER, off)
    assert hourly.select("entries", "occupancy_end", "completeness", "is_complete").rows() == [
        (2, 1, 1.0, True),
        (None, None, 0.0, False),
        (1, 2, 1.0, True),
    ]
    assert hourly["input_version"].null_count() == 0


def test_stores_and_days_do_not_mix() -> None:
    stores = [store_of(**shop("a", door("a-door"))), store_of(**shop("b", door("b-door"), timezone="Asia/Kolkata"))]
    hours = hours_of(stores, DAY, utc("2026-07-19 00:00").date())
    rows = raw(
        row("10:00", {1: (3, 0)}, sensor="a-door", store="a"),
        row("10:30", {1: (5, 0)}, sensor="b-door", store="b"),
        row("2026-07-19 10:00", {1: (1, 0)}, sensor="a-door", store="a"),
    )
    hourly = hourly_analytics(rows, stores, hours, LATER)
    assert hourly.select("store_id", "trading_day", "local_hour", "occupancy_end").rows() == [
        ("a", DAY, 10, 3),
        ("a", utc("2026-07-19 00:00").date(), 10, 1),
        ("b", DAY, 16, 5),
    ]


def test_no_rows_give_no_hours() -> None:
    assert_frame_equal(hourly_of(store_of(), raw()), pl.DataFrame(schema=HOURLY_ANALYTICS))
