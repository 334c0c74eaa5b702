"""Single rows of a report: which are believed, and in which words the others are refused."""

import pytest

from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline.fleet.models import Report
from retail_pipeline_tests.devices.replies import REGION_HEADER, line_row, lines_csv, reply_of
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


@pytest.mark.parametrize("stamp", ["-2025/07/22 10:00:00", "0001/01/01 00:00:00", "9999/12/31 23:59:59", "10:00", ""])
def test_a_stamp_that_no_clock_shows_is_refused_alone(stamp: str) -> None:
    damaged = line_row("2025/07/22 10:00", (3, 1)).replace("2025/07/22 10:00:00", stamp)
    rows = lines_csv(damaged, line_row("2025/07/22 11:00", (5, 2)))

    batch = parse_replies([reply_of(rows, zone="Europe/Lisbon"), reply_of(rows, zone="America/New_York")])

    assert batch.rows["line1_in"].to_list() == [5, 5]
    assert batch.rejected["reason"].to_list() == ["its stamps cannot be read"] * 2


def test_rows_are_told_by_their_number_and_reply_though_blank_lines_stand_between_them() -> None:
    wrong = line_row("2025/07/22 12:00", (3, 1)).replace(",3,", ",4,", 1)
    rows = [line_row("2025/07/22 10:00", (1, 1)), line_row("2025/07/22 11:00", (2, 1)), wrong]
    bodies = [lines_csv(*rows), lines_csv("", rows[0], "", "", *rows[1:]), lines_csv(*rows).rstrip()]

    batch = parse_replies([reply_of(body) for body in bodies])

    assert batch.rows.select("reply_index", "line1_in").rows() == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert batch.rejected.select("reply_index", "row_number", "row").rows() == [(n, 3, wrong) for n in (0, 1, 2)]


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_any_even_part_of_an_hour_is_an_interval(minutes: int) -> None:
    reply = parsed(line_row("2025/07/22 10:00", (3, 1), minutes=minutes))

    assert (reply.rows.height, reply.rejected.height) == (1, 0)


def test_people_on_a_line_that_nobody_declared_are_told_and_the_row_is_kept() -> None:
    reply = parsed(line_row("2025/07/22 10:00", (3, 1), (9, 8)), line_row("2025/07/22 11:00", (3, 1)))

    assert reply.rows.height == 2
    assert reply.rejected.select("row_number", "reason").rows() == [
        (1, "people on line 4, which the fleet file does not declare: all else of the row is kept")
    ]


def test_a_device_that_declares_no_line_at_all_is_left_alone() -> None:
    reply = parse_replies([reply_of(lines_csv(line_row("2025/07/22 10:00", (3, 1), (9, 8))), lines={})])

    assert (reply.rows.height, reply.rejected.height) == (1, 0)


def test_an_open_row_is_not_told_before_it_is_complete() -> None:
    body = lines_csv(line_row("2025/07/22 10:00", (3, 1), (9, 8)))

    assert parse_replies([reply_of(body, utc("2025-07-22 10:40"))]).rejected.is_empty()


@pytest.mark.parametrize(("people", "is_told"), [(0, False), (2, True)])
def test_a_fifth_line_is_told_where_it_counts(people: int, is_told: bool) -> None:
    names = [f"Line{number} - {way}" for number in (1, 2, 3, 4, 5) for way in ("In", "Out")]
    row = ["2025/07/22 10:00:00", "2025/07/22 10:59:59", "3", "1", *["0"] * 6, str(people), "0"]
    reply = parse_replies([reply_of("\n".join([",".join(["StartTime", "EndTime", *names]), ",".join(row)]))])

    assert reply.rows.height == 1
    assert ["a line beyond the fourth" in reason for reason in reply.rejected["reason"]] == [True] * is_told


def test_of_a_report_without_a_column_the_header_is_refused() -> None:
    reply = parse_replies([reply_of("StartTime,EndTime,Line1 - In\n2025/07/22 10:00:00,2025/07/22 10:59:59,3\n")])

    [(number, row, reason)] = reply.rejected.select("row_number", "row", "reason").rows()
    assert (number, row) == (0, "StartTime,EndTime,Line1 - In")
    assert reason.startswith("columns are missing: line1_out")
    assert reply.failures[0].cause == "malformed"


@pytest.mark.parametrize(
    ("figure", "reason"),
    [
        pytest.param(10_001, "above 10,000", id="a crowd"),
        pytest.param(2**31, "above 10,000", id="no Int32"),
        pytest.param(2**40, "above 10,000", id="an Int64"),
        pytest.param(2**70, "no number", id="no Int64"),
    ],
)
def test_a_figure_however_large_is_refused_with_its_row_alone(figure: int, reason: str) -> None:
    wrong = line_row("2025/07/22 11:00", (figure, 1))
    bodies = [lines_csv(line_row("2025/07/22 10:00", (3, 1)), wrong), lines_csv(line_row("2025/07/22 10:00", (5, 2)))]

    batch = parse_replies([reply_of(body) for body in bodies])

    assert batch.rows.select("reply_index", "line1_in", "total_in").rows() == [(0, 3, 3), (1, 5, 5)]
    assert batch.rejected.select("reply_index", "row").rows() == [(0, wrong)]
    assert reason in batch.rejected["reason"][0]


def test_figures_that_are_too_large_to_be_added_up_are_no_padding() -> None:
    row = ",".join(["2025/07/24 10:00:00,2025/07/24 10:59:59", *[str(2**30)] * 4, "0"])

    batch = parse_replies([reply_of(f"{REGION_HEADER}\n{row}\n", report=Report.REGIONS, hours=24)])

    assert (batch.padding, batch.rejected["row"].to_list()) == ({}, [row])
