"""A device that is set to other intervals: nobody is counted twice, and the newer report stands."""

import polars as pl
import pytest

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.warehouse.builders import HOUR, NOON, raw, raw_row
from retail_pipeline_tests.warehouse.test_merge import stored, write

HALF = HOUR / 2
LATER = NOON + HOUR


def bounds(warehouse: Warehouse) -> list[tuple[float, float]]:
    """Start and end in hours after noon."""
    rows = stored(warehouse).select("interval_start", "interval_end").rows()
    return [((start - NOON) / HOUR, (end - NOON) / HOUR) for start, end in rows]


def test_from_60_to_30_minutes(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(NOON - HOUR), raw_row(), raw_row(NOON + HOUR)))
    changed = write(warehouse, raw(*(raw_row(NOON + n * HALF, 30, LATER, line1_in=1) for n in range(2))))
    assert changed["interval_start"].to_list() == [NOON, NOON + HALF]
    assert bounds(warehouse) == [(-1, 0), (0, 0.5), (0.5, 1), (1, 2)]


def test_from_30_to_60_minutes(warehouse: Warehouse) -> None:
    write(warehouse, raw(*(raw_row(NOON + n * HALF, 30) for n in range(4))))
    write(warehouse, raw(raw_row(collected_at=LATER)))
    assert bounds(warehouse) == [(0, 1), (1, 1.5), (1.5, 2)]


def test_the_second_half_alone_takes_the_whole_hour_out(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row()))
    write(warehouse, raw(raw_row(NOON + HALF, 30, LATER)))
    assert bounds(warehouse) == [(0.5, 1)]


def test_an_older_reply_of_the_old_setting_changes_nothing(warehouse: Warehouse) -> None:
    write(warehouse, raw(*(raw_row(NOON + n * HALF, 30, LATER) for n in range(2))))
    assert write(warehouse, raw(raw_row(NOON - HALF, collected_at=NOON))).is_empty()
    assert bounds(warehouse) == [(0, 0.5), (0.5, 1)]


@pytest.mark.parametrize("stands", [False, True], ids=["both new", "the older stands already"])
def test_both_settings_in_one_batch(warehouse: Warehouse, *, stands: bool) -> None:
    old = raw_row(NOON)
    if stands:
        write(warehouse, raw(old))
    write(warehouse, raw(old, raw_row(NOON + HALF, 30, LATER)))
    assert bounds(warehouse) == [(0.5, 1)]


def test_another_device_may_count_at_the_same_time(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(), raw_row(NOON + HALF, 30, LATER, sensor_id="pune-door", store_id="pune")))
    assert bounds(warehouse) == [(0, 1), (0.5, 1)]


def test_what_was_complete_and_is_removed_is_kept_as_a_revision(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(line1_in=7)))
    write(warehouse, raw(raw_row(NOON + HALF, 30, LATER, line1_in=3)))
    with warehouse.transaction() as connection:
        rows = connection.execute(
            "SELECT column_name, old_value, new_value FROM retail.revisions WHERE column_name = 'line1_in'"
        ).fetchall()
    assert rows == [("line1_in", "7", None)]


def test_regions_follow_the_same_rule(warehouse: Warehouse) -> None:
    stays = raw(raw_row(), raw_row(NOON + HALF, 30, LATER)).with_columns(
        *(pl.lit(1).alias(f"region{n}") for n in range(1, 5)), total=4
    )
    assert write(warehouse, stays[:1], Report.REGIONS).height == 1
    assert write(warehouse, stays[1:], Report.REGIONS).height == 1
    with warehouse.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM retail.regional_counts").fetchone() == (1,)
        assert tables.COUNTS[Report.REGIONS][0].table == "regional_counts"
