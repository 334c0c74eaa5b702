"""Live counters as a device shows them: read by name, held against their sums, never zero for want of a number."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from retail_pipeline.devices.counters import Counters, counting_since, parse_counters
from retail_pipeline.devices.errors import DeviceError, Malformed, NotAReport
from retail_pipeline.devices.models import Shown
from retail_pipeline.devices.requests import report_url
from retail_pipeline_tests.devices.replies import ask_of, reply_of
from retail_pipeline_tests.shops import utc

SHOWN = "var current_in_count='282';\nvar current_out_count='79';\n"
SUMS = "var current_sum_count='361';\nvar current_capacity_count='203';\n"


def test_counters_are_asked_for_without_a_window() -> None:
    assert report_url(ask_of(report=Shown.COUNTERS)) == (
        "http://127.0.0.1:1/door-1/cgi-bin/operator/operator.cgi?action=get.vca.alarmstatus"
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(SHOWN + SUMS, id="all that a device shows"),
        pytest.param(SHOWN, id="without sums"),
        pytest.param(f"var alarm_status='0';\r\n{SUMS}{SHOWN}".replace("\n", "\r\n"), id="in another order, with more"),
        pytest.param(b"\xff\xfe\n" + SHOWN.encode(), id="beside a line that is no text"),
    ],
)
def test_people_in_and_out_are_read_by_name(body: str | bytes) -> None:
    assert parse_counters(reply_of(body, report=Shown.COUNTERS)) == Counters(282, 79)


def test_more_may_have_left_than_come() -> None:
    body = "var current_in_count='3';var current_out_count='5';".replace(";", ";\n")
    assert parse_counters(reply_of(body + "var current_capacity_count='-2';", report=Shown.COUNTERS)) == Counters(3, 5)


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        pytest.param("", NotAReport, "shows no current_in_count and no current_out_count", id="an empty body"),
        pytest.param("<html><body>login</body></html>", NotAReport, "shows no current_in_count", id="a login page"),
        pytest.param("var current_in_count='1';", NotAReport, "shows no current_out_count", id="a half"),
        pytest.param(
            SHOWN.replace("282", ""), Malformed, "is '', no number of people", id="a counter without a figure"
        ),
        pytest.param(SHOWN.replace("282", "-1"), Malformed, "is '-1'", id="fewer than nobody"),
        pytest.param(SHOWN.replace("282", "n/a"), Malformed, "is 'n/a'", id="no number"),
        pytest.param(SHOWN + SUMS.replace("361", "360"), Malformed, "current_sum_count is '360'", id="a sum too small"),
        pytest.param(
            SHOWN + SUMS.replace("203", "0"), Malformed, "current_capacity_count is '0'", id="another balance"
        ),
    ],
)
def test_anything_else_is_not_zero_people(body: str, error: type[DeviceError], words: str) -> None:
    with pytest.raises(error, match=words):
        parse_counters(reply_of(body, report=Shown.COUNTERS))


@pytest.mark.parametrize(
    ("zone", "shown", "since"),
    [
        pytest.param("UTC", "2026-07-18 10:00", "2026-07-18 00:00", id="by day"),
        pytest.param("Asia/Kolkata", "2026-07-18 10:00", "2026-07-17 18:30", id="midnight of the device"),
        pytest.param("UTC", "2026-07-18 23:55", None, id="just before the next reset"),
        pytest.param("UTC", "2026-07-18 00:04", None, id="just after it"),
        pytest.param("UTC", "2026-07-18 00:05", "2026-07-18 00:00", id="when nobody doubts it"),
        pytest.param("Africa/Cairo", "2026-04-24 12:00", "2026-04-23 22:00", id="a midnight that the clock skipped"),
        pytest.param("Atlantic/Azores", "2026-10-25 12:00", "2026-10-25 00:00", id="a midnight that comes twice"),
    ],
)
def test_the_day_of_counters_begins_at_the_device_s_midnight(zone: str, shown: str, since: str | None) -> None:
    expected: dt.datetime | None = utc(since) if since else None
    assert counting_since(utc(shown), ZoneInfo(zone)) == expected
