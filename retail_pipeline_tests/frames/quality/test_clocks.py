from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.quality.clocks import device_clock_skew, no_future_rows
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline_tests.frames.rows import raw, row
from retail_pipeline_tests.shops import store_of, utc


def skews(seconds: float | None, sensor: str = "shop-1-door") -> pl.DataFrame:
    schema = {"store_id": pl.String, "sensor_id": pl.String, "skew_seconds": pl.Float64, "last_ok_at": UTC_TIME}
    return pl.DataFrame([("shop-1", sensor, seconds, utc("2026-07-18 10:32"))], schema=schema, orient="row")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(-120, [], id="two minutes either way pass"),
        pytest.param(None, [], id="a skew that nobody knows passes"),
        pytest.param(121, [("warn", 121.0, 120.0)], id="more is a warning"),
        pytest.param(-900, [("warn", 900.0, 120.0)], id="a quarter of an hour still is"),
        pytest.param(-901, [("error", 901.0, 900.0)], id="beyond it is an error"),
    ],
)
def test_a_clock_that_is_off_is_told(seconds: float | None, expected: list[tuple[Any, ...]]) -> None:
    found = device_clock_skew(skews(seconds), [store_of()])
    assert found.select("severity", "figure", "threshold").rows() == expected
    assert found["hour_start"].to_list() == [utc("2026-07-18 10:00")] * len(expected)


@pytest.mark.parametrize(
    ("skew", "expected"),
    [
        pytest.param(None, [60.0], id="a row from the future by UTC is an error"),
        pytest.param(skews(90), [], id="a fast clock explains it"),
        pytest.param(skews(30), [30.0], id="a clock that is not fast enough does not"),
        pytest.param(skews(90, "another"), [60.0], id="another device's clock explains nothing"),
        pytest.param(skews(None), [60.0], id="an unknown skew explains nothing"),
    ],
)
def test_no_interval_starts_after_its_device_s_clock(skew: pl.DataFrame | None, expected: list[float]) -> None:
    rows = raw(row("11:00", collected_at=utc("2026-07-18 10:59")), row("10:00", collected_at=utc("2026-07-18 10:59")))
    found = no_future_rows(rows, skew)
    assert found["figure"].to_list() == expected
    assert found["severity"].to_list() == ["error"] * len(expected)


def test_rows_that_were_collected_after_they_began_pass() -> None:
    assert no_future_rows(raw(row("10:00"))).is_empty()
