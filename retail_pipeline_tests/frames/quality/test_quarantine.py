import polars as pl

from retail_pipeline.frames.quality.quarantine import quarantined_rows
from retail_pipeline.frames.schemas import UTC_TIME
from retail_pipeline_tests.shops import door, store_of, utc

STORE = store_of(sensors=[door("a"), door("b", active=False)])


def rejected(*sensors: str) -> pl.DataFrame:
    seen = [utc(f"2026-07-18 {hour}:32") for hour in range(10, 10 + len(sensors))]
    schema = {"sensor_id": pl.String(), "seen_at": UTC_TIME}
    return pl.DataFrame({"sensor_id": list(sensors), "seen_at": seen}, schema=schema)


def test_no_refused_row_passes() -> None:
    assert quarantined_rows(rejected(), [STORE]).is_empty()


def test_refused_rows_are_counted_per_device() -> None:
    found = quarantined_rows(rejected("a", "b", "a"), [STORE])
    assert found.select("store_id", "sensor_id", "hour_start", "figure", "threshold", "severity").rows() == [
        ("shop-1", "a", utc("2026-07-18 10:00"), 2.0, 0.0, "warn"),
        ("shop-1", "b", utc("2026-07-18 11:00"), 1.0, 0.0, "warn"),
    ]
    assert found["advice"].to_list()[0] == "2 rows of a were refused: read their reasons in rejected_rows"


def test_a_store_may_put_up_with_some() -> None:
    store = store_of(sensors=[door("a")], thresholds={"quarantined_rows": 2})
    assert quarantined_rows(rejected("a", "a"), [store]).is_empty()
