import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.frames.quality.plausible import counts_plausible
from retail_pipeline.frames.schemas import LINE_COUNTS
from retail_pipeline_tests.frames.rows import DAY, hours_of, raw, row
from retail_pipeline_tests.shops import store_of


def past(people: int, days: int) -> list[dict[str, Any]]:
    return [
        row(hour["interval_start"] - dt.timedelta(days=ago), {1: (people, 0)})
        for ago in range(1, days + 1)
        for hour in [row("10:00"), row("11:00")]
    ]


def usual(*rows: dict[str, Any]) -> pl.DataFrame:
    """What the warehouse tells of those rows."""
    days = pl.col("interval_start").dt.date().n_unique().alias("days")
    return raw(*rows).group_by("sensor_id").agg(days, pl.col(LINE_COUNTS).quantile(0.99, "linear"))


@pytest.mark.parametrize(
    ("counted", "history", "thresholds", "expected"),
    [
        pytest.param((10_000, 0), [], {}, [], id="the site's cap itself passes"),
        pytest.param((10_001, 0), [], {}, [(10_001.0, 10_000.0)], id="one more does not"),
        pytest.param((0, 10_001), [], {}, [(10_001.0, 10_000.0)], id="OUT is judged like IN"),
        pytest.param((80, 0), past(10, 7), {}, [], id="eight times the usual passes"),
        pytest.param((81, 0), past(10, 7), {}, [(81.0, 80.0)], id="more than that does not"),
        pytest.param((81, 0), past(10, 6), {}, [], id="less than a week is no measure"),
        pytest.param((81, 0), past(0, 14), {}, [], id="a line that never counts is held to the cap"),
        pytest.param((81, 0), [], {"counts_plausible": 80}, [(81.0, 80.0)], id="a site sets its own cap"),
    ],
)
def test_counts_that_no_door_can_have_seen_are_told(
    counted: tuple[int, int], history: list[dict[str, Any]], thresholds: dict[str, float], expected: list[Any]
) -> None:
    store = store_of(thresholds=thresholds)
    found = counts_plausible(raw(row("10:00", {1: counted})), usual(*history), hours_of(store), [store])
    assert found.select("figure", "threshold").rows() == expected
    assert found["severity"].to_list() == ["warn"] * len(expected)
    assert found["hour_start"].dt.date().to_list() == [DAY] * len(expected)


def test_the_advice_names_the_line() -> None:
    store = store_of()
    found = counts_plausible(raw(row("10:00", {4: (0, 20_000)})), usual(), hours_of(store), [store])
    assert found["advice"].item().startswith("line4_out of shop-1-door counted 20000 people")
