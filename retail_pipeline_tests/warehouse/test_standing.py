"""Slices whose rows have been read: what stands as it should is not sent again."""

from typing import Any

import polars as pl
import pytest

from retail_pipeline.warehouse import reads, tables, write
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import RepeatedKeys
from retail_pipeline_tests.warehouse.builders import DAY, HOUR, NOON, hour_row, hours, slices
from retail_pipeline_tests.warehouse.test_merge import STORES

LATER = NOON + HOUR


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each frame that went to the server."""
    heights: list[int] = []
    really = write.copy_into_temp

    def copy(connection: Any, target: Any, rows: pl.DataFrame) -> None:
        heights.append(rows.height)
        really(connection, target, rows)

    monkeypatch.setattr(write, "copy_into_temp", copy)
    return heights


def write_again(warehouse: Warehouse, *rows: dict[str, object], end: Any = NOON + DAY) -> list[object]:
    standing = reads.hourly(warehouse, STORES, NOON - DAY, NOON + 2 * DAY)
    with warehouse.transaction() as connection:
        return tables.write_hourly(connection, hours(*rows), slices(NOON, end), standing)["hour_start"].to_list()


def stored(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return reads.hourly(warehouse, STORES, NOON - DAY, NOON + 2 * DAY).select("hour_start", "entries").rows()


def test_only_what_is_new_or_differs_is_sent(warehouse: Warehouse, sent: list[int]) -> None:
    write_again(warehouse, hour_row(entries=5, passers_by=None), hour_row(LATER, entries=6))
    assert write_again(
        warehouse,
        hour_row(entries=5, passers_by=None, run_id="another"),
        hour_row(LATER, entries=7),
        hour_row(LATER + HOUR, entries=8),
    ) == [LATER, LATER + HOUR]
    assert sent == [2, 2]
    assert stored(warehouse) == [(NOON, 5), (LATER, 7), (LATER + HOUR, 8)]


def test_nothing_is_sent_where_all_stands(warehouse: Warehouse, sent: list[int]) -> None:
    rows = (hour_row(entries=None, capture_rate=1 / 3), hour_row(LATER, entries=6))
    write_again(warehouse, *rows)
    assert write_again(warehouse, *rows) == []
    assert sent == [2]


def test_a_row_that_is_no_longer_derived_is_removed(warehouse: Warehouse) -> None:
    write_again(warehouse, hour_row(), hour_row(LATER))
    assert write_again(warehouse, hour_row(LATER)) == [NOON]
    assert [hour for hour, _ in stored(warehouse)] == [LATER]


def test_rows_outside_the_slices_stand(warehouse: Warehouse, sent: list[int]) -> None:
    write_again(warehouse, hour_row(), hour_row(LATER))
    assert write_again(warehouse, hour_row(), end=LATER) == []
    assert [hour for hour, _ in stored(warehouse)] == [NOON, LATER]
    assert sent == [2]


def test_a_repeated_key_is_refused_though_one_of_its_rows_stands(warehouse: Warehouse) -> None:
    write_again(warehouse, hour_row(entries=5))
    with pytest.raises(RepeatedKeys, match=r"1 rows .*hourly_analytics"):
        write_again(warehouse, hour_row(entries=5), hour_row(entries=6))
