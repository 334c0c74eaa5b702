import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.thresholds import DEFAULTS
from retail_pipeline.frames.quality.findings import FINDINGS, Severity, findings, graded_findings
from retail_pipeline.frames.quality.thresholds import limits
from retail_pipeline_tests.shops import shop, store_of


def test_a_store_overrides_a_limit_by_its_name() -> None:
    stores = [store_of(), store_of(**shop("bar"), thresholds={"overdue_warn": 10, "not_stuck": 6})]
    assert_frame_equal(
        limits(stores, "overdue_warn", "not_stuck"),
        pl.DataFrame({"store_id": ["shop-1", "bar"], "overdue_warn": [45.0, 10.0], "not_stuck": [4.0, 6.0]}),
    )


def test_the_defaults_are_those_of_the_definitions() -> None:
    assert dict(DEFAULTS) == {
        "counts_in_their_hours": 0,
        "counts_plausible": 10_000,
        "counts_plausible_p99_factor": 8,
        "not_stuck": 4,
        "no_ghost_traffic": 0.05,
        "enters_balance_exits_warn": 0.05,
        "enters_balance_exits_error": 0.15,
        "device_clock_skew_warn": 120,
        "device_clock_skew_error": 900,
        "overdue_warn": 45,
        "overdue_error": 90,
        "live_counters_agree": 5,
        "quarantined_rows": 0,
        "entries_as_usual": 4,
        "entries_as_usual_people": 10,
        "day_starts_when_empty": 0.05,
    }


def test_what_a_finding_does_not_concern_is_null() -> None:
    rows = pl.DataFrame({"store_id": ["s"], "figure": [2], "threshold": [1], "advice": ["look"]})
    expected = ("a_truth", "warn", "s", None, None, 2.0, 1.0, "look")
    assert_frame_equal(
        findings(rows, "a_truth", Severity.WARN), pl.DataFrame([expected], schema=FINDINGS, orient="row")
    )


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        pytest.param(5.0, [], id="at the warning limit all is well"),
        pytest.param(5.1, [("warn", 5.0)], id="above it is a warning"),
        pytest.param(9.0, [("warn", 5.0)], id="at the error limit still a warning"),
        pytest.param(9.1, [("error", 9.0)], id="above it an error"),
        pytest.param(None, [], id="an unknown figure passes"),
    ],
)
def test_a_figure_is_weighed_by_the_limit_that_it_passes(
    figure: float | None, expected: list[tuple[str, float]]
) -> None:
    rows = pl.DataFrame({"store_id": ["s"], "figure": [figure], "advice": ["look"], "x_warn": [5.0], "x_error": [9.0]})
    assert graded_findings(rows, "x").select("severity", "threshold").rows() == expected
