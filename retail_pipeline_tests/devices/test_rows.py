"""Single rows of a report: which are believed, and in which words the others are refused."""

import pytest

from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline_tests.devices.replies import line_row, lines_csv, reply_of
from retail_pipeline_tests.shops import utc


def parsed(*rows: str) -> Parsed:
    return parse_replies([reply_of(lines_csv(*rows))])


@pytest.mark.parametrize(
    ("start", "minutes"),
    [
        pytest.param("2025/07/22 10:17", 43, id="it begins when it was asked from"),
        pytest.param("2025/07/22 10:00", 42, id="it ends before the interval does"),
        pytest.param("2025/07/22 10:15", 60, id="it runs over the hour"),
    ],
)
def test_a_row_that_is_no_whole_interval_is_refused_and_its_neighbours_are_kept(start: str, minutes: int) -> None:
    reply = parsed(line_row(start, (3, 1), minutes=minutes), line_row("2025/07/22 12:00", (5, 2)))

    assert reply.rows["interval_start"].to_list() == [utc("2025-07-22 12:00")]
    assert reply.rejected["row_number"].to_list() == [1]
    assert "within an interval" in reply.rejected["reason"][0]


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_any_even_part_of_an_hour_is_an_interval(minutes: int) -> None:
    reply = parsed(line_row("2025/07/22 10:00", (3, 1), minutes=minutes))

    assert (reply.rows.height, reply.rejected.height) == (1, 0)
