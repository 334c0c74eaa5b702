from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.quality.clocks import counts_in_their_hours, device_clock_skew, no_future_rows
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


def conduct(worst: float | None = None, changed: int = 0) -> pl.DataFrame:
    """A device whose clock was so far off at 10:32, and which changed so many intervals, the first from 11:30."""
    schema = {"store_id": pl.String, "sensor_id": pl.String, "worst_skew_seconds": pl.Float64}
    schema |= {"worst_skew_at": UTC_TIME, "changed_intervals": pl.Int64, "first_changed": UTC_TIME}
    first = utc("2026-07-18 11:30") if changed else None
    row = ("shop-1", "shop-1-door", worst, utc("2026-07-18 10:32"), changed, first)
    return pl.DataFrame([row], schema=schema, orient="row")


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        pytest.param(conduct(), [], id="a device that keeps time passes"),
        pytest.param(conduct(-900.0), [], id="a quarter of an hour is left to the clock's own check"),
        pytest.param(conduct(-9000.0), [("10:00", 9000.0, 900.0, "-9000.0 s off UTC then")], id="a clock that was off"),
        pytest.param(conduct(None, 3), [("11:00", 3.0, 0.0, "changed 3 intervals that were complete")], id="a change"),
        pytest.param(
            conduct(950.0, 1),
            [("10:00", 950.0, 900.0, "950.0 s off UTC then"), ("11:00", 1.0, 0.0, "changed 1 intervals")],
            id="both",
        ),
    ],
)
def test_counts_in_other_hours_than_people_came_in_are_told(devices: pl.DataFrame, expected: list[Any]) -> None:
    found = counts_in_their_hours(devices, [store_of()])

    assert set(found["severity"]) <= {"warn"}
    told = found.select(pl.col("hour_start").dt.strftime("%H:%M"), "figure", "threshold", "advice").rows()
    assert [one[:3] for one in told] == [one[:3] for one in expected]
    assert all(words in advice for (*_, advice), (*_, words) in zip(told, expected, strict=True))


def test_a_store_may_put_up_with_devices_that_change_some_intervals() -> None:
    store = store_of(thresholds={"counts_in_their_hours": 3})

    assert counts_in_their_hours(conduct(None, 3), [store]).is_empty()
