"""Every recording parses; row counts and sums are pinned. The figures are of a real day of an anonymous store."""

import datetime as dt
import itertools
from dataclasses import dataclass, field

import pytest

from retail_pipeline.devices.errors import NotAReport
from retail_pipeline.devices.parse import Parsed, parse_replies
from retail_pipeline.fleet.models import Report
from retail_pipeline_tests.devices.replies import RECORDINGS, reply_of
from retail_pipeline_tests.shops import utc

EVENING = utc("2025-07-18 20:00")
MIDNIGHT = utc("2025-07-18 23:00")
REAL_DAY = {"line1_in": 93, "line1_out": 68, "line2_in": 0, "line4_in": 4085, "line4_out": 1497, "total_in": 4178}
AUTUMN_AND_SPRING = {"line1_in": 276, "line1_out": 24, "line4_in": 516, "line4_out": 48}


@dataclass(frozen=True)
class Recording:
    """What a recording holds; asked for from `start` (UTC), in a store in Lisbon."""

    rows: int
    sums: dict[str, int]
    start: dt.datetime = EVENING
    report: Report = Report.LINES
    now: dt.datetime | None = None
    rejected: int = 0
    padding: int = 0
    open_rows: int = 0
    clock_gaps: list[dt.datetime] = field(default_factory=list)


REGION_DAY = {"region1": 2658, "region2": 10914, "region3": 11824, "region4": 289, "total": 25685}
TABLE = {
    "milesight_lines_day": Recording(24, REAL_DAY),
    "milesight_lines_bom-crlf-blank-tail": Recording(24, REAL_DAY),
    "milesight_lines_unspaced-names": Recording(24, REAL_DAY),
    "milesight_lines_half-hours": Recording(48, REAL_DAY),
    "milesight_lines_no-total-reordered": Recording(24, REAL_DAY),
    "milesight_lines_cut-short": Recording(23, {"line1_in": 84, "line4_in": 3774}, rejected=1),
    "milesight_lines_open-hour-and-padding": Recording(
        16, {"line1_in": 38, "line4_in": 1615}, MIDNIGHT, now=utc("2025-07-19 14:20"), padding=8, open_rows=1
    ),
    "milesight_lines_switched-off": Recording(24, {"total_in": 0, "total_out": 0}, MIDNIGHT),
    "milesight_lines_header-only": Recording(0, {}, MIDNIGHT),
    "milesight_lines_autumn-one-row": Recording(
        24, AUTUMN_AND_SPRING, utc("2025-10-25 23:00"), clock_gaps=[utc("2025-10-26 01:00")]
    ),
    "milesight_lines_autumn-two-rows": Recording(24, AUTUMN_AND_SPRING, utc("2025-10-25 23:00")),
    "milesight_lines_spring": Recording(24, AUTUMN_AND_SPRING, utc("2025-03-30 00:00")),
    "omnia_regions_day": Recording(24, REGION_DAY, report=Report.REGIONS),
    "omnia_regions_capitals-no-sum": Recording(24, REGION_DAY, report=Report.REGIONS),
}


def parsed(name: str) -> Parsed:
    recording = TABLE[name]
    body = (RECORDINGS / f"{name}.csv").read_bytes()
    lines = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}
    asked = {"start": recording.start, "report": recording.report, "zone": "Europe/Lisbon", "now": recording.now}
    asked |= {"lines": lines}
    return parse_replies([reply_of(body, **asked)])


def test_every_recording_stands_in_the_table() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.csv")} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_recording_holds_the_rows_and_sums_that_it_always_held(name: str) -> None:
    answer, recording = parsed(name), TABLE[name]
    assert answer.failures == {}
    assert answer.rows.height == recording.rows
    sums = answer.rows.select(*recording.sums).sum().to_dicts() if recording.sums else []
    assert sums == ([recording.sums] if recording.sums else [])
    assert answer.rejected.height == recording.rejected
    assert sum(answer.padding.values()) == recording.padding
    assert answer.rows.filter(~answer.rows["is_complete"]).height == recording.open_rows
    assert answer.clock_gaps["interval_start"].to_list() == recording.clock_gaps


@pytest.mark.parametrize("name", [name for name in TABLE if "header-only" not in name])
def test_the_rows_of_a_recording_run_forward_without_overlap(name: str) -> None:
    rows = parsed(name).rows.select("interval_start", "interval_end").rows()
    assert all(start < end for start, end in rows)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(rows))


def test_two_rows_of_the_repeated_hour_fill_both_hours_in_order() -> None:
    rows = parsed("milesight_lines_autumn-two-rows").rows.select("interval_start", "line1_in").rows()
    assert rows[:4] == [(utc("2025-10-25 23:00") + dt.timedelta(hours=hour), hour) for hour in range(4)]


def test_a_login_page_is_not_a_report() -> None:
    answer = parse_replies([reply_of((RECORDINGS / "milesight_login-page.html").read_bytes())])
    assert isinstance(answer.failures[0], NotAReport)
    assert "login page" in str(answer.failures[0])
    assert answer.rows.is_empty()
