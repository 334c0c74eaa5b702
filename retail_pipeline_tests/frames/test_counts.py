import polars as pl
import pytest

from retail_pipeline.frames.counts import crossings, entrance_crossings, lines_frame, through_doors
from retail_pipeline.frames.schemas import HOURLY_ANALYTICS, conform
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import door, store_of, utc

LINES = {
    1: {"role": "entrance"},
    2: {"role": "entrance", "inverted": True},
    3: {"role": "ignored"},
    4: {"role": "passers_by"},
}


def test_every_declared_line_crosses_in_its_own_direction() -> None:
    store = store_of(sensors=[door("d", lines=LINES)])
    crossed = crossings(raw(row("10:00", {1: (5, 2), 2: (1, 3), 4: (9, 8)}, sensor="d")), lines_frame([store]))
    assert crossed.sort("line").select("line", "role", "in_count", "out_count").rows() == [
        (1, "entrance", 5, 2),
        (2, "entrance", 3, 1),
        (3, "ignored", 0, 0),
        (4, "passers_by", 9, 8),
    ]
    assert entrance_crossings(crossed)["in_count"].sum() == 8
    assert crossed.filter(role="passers_by")["out_count"].sum() == 8


def test_lines_that_nobody_declared_are_left_out() -> None:
    crossed = crossings(raw(row("10:00", {1: (1, 0), 3: (7, 7)})), lines_frame([store_of()]))
    assert crossed.select("line", "in_count").rows() == [(1, 1)]


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param({"active": False}, id="a device that is no longer active counts nothing"),
        pytest.param({"reports": ["regions"]}, id="a device that is not asked for lines counts nothing"),
    ],
)
def test_devices_that_are_not_asked_are_left_out(declared: dict[str, object]) -> None:
    store = store_of(sensors=[door("d", **declared)])
    assert crossings(raw(row("10:00", {1: (1, 0)}, sensor="d")), lines_frame([store])).is_empty()


def test_a_row_counts_once_for_every_area_that_its_device_has_a_door_of() -> None:
    schema = {
        "area": pl.UInt32(),
        "store_id": pl.String(),
        "sensor_id": pl.String(),
        "line": pl.Int8(),
        "in_enters": pl.Boolean(),
        "is_asked": pl.Boolean(),
    }
    told = [
        (0, "shop-1", "d", 1, True, True),
        (0, "shop-1", "d", 2, False, True),
        (1, "shop-1", "d", 2, True, True),
        (1, "shop-1", "e", 1, True, False),
        (2, "shop-2", "d", 1, True, True),
    ]
    doors = pl.DataFrame(told, schema=schema, orient="row")
    rows = raw(row("10:00", {1: (5, 2), 2: (1, 3)}, sensor="d"), row("10:00", {1: (7, 7)}, sensor="e"))
    found = through_doors(rows.lazy(), doors).select("area", "doors", "entries", "exits").collect().sort("area")
    assert found.rows() == [(0, 2, 5 + 3, 2 + 1), (1, 1, 1, 3)]


def test_an_interval_keeps_its_bounds_and_its_reply_s_time() -> None:
    crossed = crossings(raw(row("10:00", minutes=15, is_complete=False)), lines_frame([store_of()]))
    assert crossed.select("interval_start", "interval_end", "is_complete").row(0) == (
        utc("2026-07-18 10:00"),
        utc("2026-07-18 10:15"),
        False,
    )


def test_a_frame_that_misses_a_column_is_refused() -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="store_id"):
        conform(pl.DataFrame({"entries": [1]}), HOURLY_ANALYTICS)
