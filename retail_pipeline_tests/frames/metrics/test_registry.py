import re
from pathlib import Path

import pytest

from retail_pipeline.frames.metrics import DEFINED, PUBLISHED, Metric, metric_of, metrics_of
from retail_pipeline.frames.metrics.text import column_comment, comment_statements, readme_table

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
RATE = Metric(
    name="rate",
    tables=("doors", "days"),
    unit="share",
    formula="one | other",
    source="doors",
    null="nobody's there",
    low=0,
    high=1,
    family="capture",
    revision=2,
)


def test_the_readme_shows_the_registry() -> None:
    [shown] = re.findall(r"<!-- metrics -->\n(.*?)\n<!-- /metrics -->", README, re.DOTALL)

    assert shown == readme_table(DEFINED), "run `make metrics`"


def test_a_figure_of_a_table_is_defined_once() -> None:
    columns = [(table, metric.name) for metric in DEFINED for table in metric.tables]

    assert len(columns) == len(set(columns))


@pytest.mark.parametrize("metric", DEFINED, ids=lambda metric: f"{metric.tables[0]}.{metric.name}")
def test_a_definition_is_whole(metric: Metric) -> None:
    assert metric.tables
    assert all((metric.unit, metric.formula, metric.source))
    assert not any(text.endswith(".") for text in (metric.formula, metric.source, metric.null or ""))
    assert metric.low is None or metric.high is None or metric.low < metric.high


def test_a_comment_says_what_is_computed_from_what_and_when_there_is_no_figure() -> None:
    assert column_comment(RATE) == "one | other. [share, 0..1, capture.v2] From doors. NULL: nobody's there."
    assert list(comment_statements([RATE]))[1] == (
        "COMMENT ON COLUMN retail.days.rate IS "
        "'one | other. [share, 0..1, capture.v2] From doors. NULL: nobody''s there.';"
    )


def test_the_readme_keeps_a_bar_inside_its_cell() -> None:
    assert readme_table([RATE]).splitlines()[-1] == (
        r"| `rate` | `doors`, `days` | share, 0..1 | one \| other | nobody's there | `capture.v2` |"
    )


@pytest.mark.parametrize(
    ("metric", "figure", "holds"),
    [
        (RATE, 0, True),
        (RATE, 1.01, False),
        (metric_of("hourly_analytics", "entries"), -1, False),
        (metric_of("hourly_analytics", "net_flow"), -1, True),
    ],
    ids=["the lower end", "above the upper", "below the lower", "without limits"],
)
def test_a_range_holds_its_ends_and_nothing_beyond(metric: Metric, figure: float, *, holds: bool) -> None:
    assert metric.holds(figure) is holds


def test_a_letter_is_one_of_those_named() -> None:
    [letter] = [one for one in PUBLISHED if one.name == "quality" and one.tables == ("hourly_analytics",)]

    assert (letter.range, letter.holds("B"), letter.holds("E")) == ("A, B, C, D, X", True, False)


def test_a_key_is_no_metric() -> None:
    assert "store_id" not in metrics_of("hourly_analytics")
    with pytest.raises(KeyError):
        metric_of("hourly_analytics", "store_id")
