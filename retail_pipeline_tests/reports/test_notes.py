"""The day in words: each rule with its figure, and silence where nothing is to be said."""

from typing import Any

import pytest

from retail_pipeline.reports.notes import notes
from retail_pipeline.reports.page import day_page
from retail_pipeline.reports.wording import Wording
from retail_pipeline_tests.reports.days import day, hour


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        pytest.param({"change_last_week": 0.25, "entries_last_week": 96}, "changed by +25 % against", id="more"),
        pytest.param({"change_last_week": -0.5, "entries_last_week": 240}, "changed by −50 %", id="fewer"),
        pytest.param({"change_last_week": 0.01, "entries_last_week": 119}, "About as many", id="as many"),
        pytest.param({"drift": 20, "drift_share": 20 / 120}, "differ by 20 people (17 %)", id="drift"),
        pytest.param({"occupancy_max": 95}, "nearly full: 95 of 100", id="full"),
        pytest.param({"capture_rate": 0.0164}, "1.6 % of the people", id="capture"),
        pytest.param({"is_complete": False}, "The day is not over", id="a day under way"),
        pytest.param({}, "Most people came from 17:00: 30 entries.", id="peak"),
    ],
)
def test_a_rule_says_its_figure(told: dict[str, Any], sentence: str) -> None:
    assert any(sentence in note for note in notes(day(**told), Wording("en")))


def test_a_quiet_whole_day_says_only_when_most_people_came() -> None:
    assert notes(day(), Wording("en")) == ["Most people came from 17:00: 30 entries."]


def test_gaps_are_told_first_and_never_compared_with_what_is_usual() -> None:
    told = notes(day(hour(10, 0, completeness=0.5, usual=60.0), hour(11, 12)), Wording("en"))
    assert told[0] == "Hours that are not complete: 10:00. They are shown as gaps and count for nothing."
    assert not any("are usual" in note for note in told)


def test_a_day_that_lost_open_hours_is_not_compared_with_a_whole_one() -> None:
    known = {"change_last_week": -0.4, "entries_last_week": 200}
    closed = hour(5, None, is_open=False, completeness=0.0)
    lost = day(hour(10, 12), hour(11, None, completeness=0.0), **known)
    assert "Not compared with last week: open hours were not measured." in notes(lost, Wording("en"))
    assert not any("−40 %" in told for told in [*notes(lost, Wording("en")), day_page(lost)])
    assert any("−40 %" in note for note in notes(day(hour(10, 12), closed, **known), Wording("en")))


def test_people_inside_after_a_gap_are_called_less_certain() -> None:
    lost = hour(11, None, completeness=0.0, occupancy_max=None)
    words = Wording("en")
    assert any("less certain" in note for note in notes(day(hour(10), lost, hour(12)), words))
    assert not any("less certain" in note for note in notes(day(hour(9), hour(10), lost), words))
    nobody = [hour(n, 0, occupancy_max=0) for n in (12, 13)]
    assert not any("less certain" in note for note in notes(day(hour(10), lost, *nobody), words))


def test_an_hour_far_from_usual_is_told_with_both_figures() -> None:
    told = notes(day(hour(10, 12), hour(11, 90, usual=30.0), hour(12, 9, usual=0.0)), Wording("en"))
    assert "At 11:00 there were 90 entries where 30 are usual." in told
