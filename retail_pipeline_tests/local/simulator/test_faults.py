import datetime as dt
import gzip
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from retail_pipeline.local.simulator.faults import FAULTS
from retail_pipeline_tests.local.simulator.running import RunningSimulator, report_rows, stamp

DAY = ("2026-07-09-00:00:00", "2026-07-09-23:59:59")
TODAY = ("2026-07-10-00:00:00", "2026-07-10-23:59:59")


def ask(simulator: RunningSimulator, fault: str, window: tuple[str, str] = DAY, **fields: object) -> httpx.Response:
    simulator.behave("open", faults=[{"name": fault, **fields}])
    return simulator.lines("open", *window)


def good(simulator: RunningSimulator, window: tuple[str, str] = DAY) -> httpx.Response:
    simulator.behave("open", faults=[])
    return simulator.lines("open", *window)


@pytest.mark.parametrize("name", ["401", "403", "429", "500", "502"])
def test_a_status_is_answered_as_named(simulator: RunningSimulator, name: str) -> None:
    assert ask(simulator, name).status_code == int(name)


def test_429_says_when_to_come_back(simulator: RunningSimulator) -> None:
    assert ask(simulator, "429", options={"seconds": 3}).headers["retry-after"] == "3"


def test_a_redirect_leads_to_another_host(simulator: RunningSimulator) -> None:
    reply = ask(simulator, "redirect")
    assert reply.status_code == 302
    assert reply.headers["location"] == "http://elsewhere.example/login"


def test_a_login_page_comes_with_status_200(simulator: RunningSimulator) -> None:
    reply = ask(simulator, "html_login")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html")
    assert reply.text.startswith("<!DOCTYPE html>")


def test_an_empty_body_is_empty(simulator: RunningSimulator) -> None:
    reply = ask(simulator, "empty_body")
    assert (reply.status_code, reply.content) == (200, b"")


def test_a_truncated_body_looks_whole_to_http(simulator: RunningSimulator) -> None:
    whole = good(simulator).content
    cut = ask(simulator, "truncated_body").content
    assert whole.startswith(cut)
    assert len(cut) == int(len(whole) * 0.6)


def test_a_wrong_content_length_breaks_the_reply_off(simulator: RunningSimulator) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(simulator, "wrong_content_length")


def test_a_gzip_bomb_is_small_on_the_wire(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=[{"name": "gzip_bomb", "options": {"megabytes": 8}}])
    url = f"{simulator.base_url}/open/dataloader.cgi?dw=vcalogcsv&time_start={DAY[0]}&time_end={DAY[1]}"
    with simulator.client.stream("GET", url) as reply:
        packed = b"".join(reply.iter_raw())
    assert len(packed) < 20_000
    assert len(gzip.decompress(packed)) == 8 << 20


def test_an_endless_body_goes_on(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=["endless_body"])
    url = f"{simulator.base_url}/open/dataloader.cgi?dw=vcalogcsv&time_start={DAY[0]}&time_end={DAY[1]}"
    received = 0
    with simulator.client.stream("GET", url) as reply:
        for part in reply.iter_bytes():
            received += len(part)
            if received > 3 << 20:
                break
    assert received > 3 << 20


@pytest.mark.parametrize("name", ["refused", "flapping"])
def test_a_refused_connection_ends_without_a_byte(simulator: RunningSimulator, name: str) -> None:
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        ask(simulator, name, every=1)


def test_a_hanging_device_never_answers(simulator: RunningSimulator) -> None:
    simulator.client.timeout = httpx.Timeout(5, read=0.2)
    with pytest.raises(httpx.ReadTimeout):
        ask(simulator, "hang")


def test_a_dripping_device_sends_byte_by_byte(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=[{"name": "slow_drip", "options": {"seconds": 0.001, "bytes": 40}}])
    url = f"{simulator.base_url}/open/dataloader.cgi?dw=vcalogcsv&time_start={DAY[0]}&time_end={DAY[1]}"
    with simulator.client.stream("GET", url) as reply:
        parts = list(reply.iter_raw())
    assert len(parts) > 10
    assert max(map(len, parts)) < 1000
    assert b"".join(parts) == good(simulator).content


def test_a_flapping_device_fails_every_second_request(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=["flapping"])
    answered: list[int | None] = []
    for _ in range(4):
        try:
            answered.append(simulator.lines("open", *DAY).status_code)
        except httpx.TransportError:
            answered.append(None)
    assert answered == [200, None, 200, None]


def test_a_fault_may_end_after_some_requests(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=[{"name": "502", "times": 2}])
    assert [simulator.lines("open", *DAY).status_code for _ in range(4)] == [502, 502, 200, 200]


def test_a_fault_may_concern_one_report(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=[{"name": "500", "dw": ["regionalcountlogcsv"]}])
    assert simulator.lines("open", *DAY).status_code == 200
    assert simulator.regions("open", *DAY).status_code == 500


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        pytest.param({"from": "2026-07-09T10:00Z", "until": "2026-07-09T11:00Z"}, 502, id="an hour that is asked for"),
        pytest.param({"from": "2026-07-10T10:00Z"}, 200, id="hours that are not asked for"),
        pytest.param({"wall_from": "2026-07-10T12:00Z"}, 502, id="since before now"),
        pytest.param({"wall_until": "2026-07-10T12:40Z"}, 200, id="until now"),
    ],
)
def test_a_fault_strikes_within_its_limits(simulator: RunningSimulator, limits: dict[str, Any], status: int) -> None:
    assert ask(simulator, "502", **limits).status_code == status


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        pytest.param("bom", lambda body: b"\xef\xbb\xbf" + body, id="a byte order mark"),
        pytest.param("crlf", lambda body: body.replace(b"\n", b"\r\n"), id="lines as on Windows"),
        pytest.param("total_spelling", lambda body: body.replace(b"Tolal", b"Total"), id="Total for Tolal"),
    ],
)
def test_a_body_is_changed_as_named(simulator: RunningSimulator, fault: str, changed: Callable[[bytes], bytes]) -> None:
    assert ask(simulator, fault).content == changed(good(simulator).content)


def test_latin1_is_not_utf8(simulator: RunningSimulator) -> None:
    body = ask(simulator, "latin1").content
    assert body.decode("latin-1").splitlines()[0].endswith(",Localização")
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_names_may_come_without_blanks(simulator: RunningSimulator) -> None:
    text = ask(simulator, "total_spelling", options={"blanks": False}).text
    assert text.startswith("StartTime,EndTime,Total-In,Total-Out,Total-Sum,Line1-In,")


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        pytest.param("missing_total", lambda names: names[:2] + names[5:], id="no total"),
        pytest.param("missing_columns", lambda names: names[:5] + names[8:], id="a line less"),
        pytest.param("extra_columns", lambda names: [*names, "Line5 - In", "Line5 - Out"], id="more columns"),
        pytest.param("reordered_columns", lambda names: names[:2] + names[:1:-1], id="another order"),
    ],
)
def test_columns_are_changed_as_named(
    simulator: RunningSimulator, fault: str, names: Callable[[list[str]], list[str]]
) -> None:
    before = report_rows(good(simulator).text)
    after = report_rows(ask(simulator, fault).text)
    assert list(after[0]) == names(list(before[0]))
    for old, new in zip(before, after, strict=True):
        assert all(new[name] == old[name] for name in new if name in old)


def test_power_off_is_zeros_for_a_while(simulator: RunningSimulator) -> None:
    limits: dict[str, Any] = {"from": "2026-07-09T10:00Z", "until": "2026-07-09T13:00Z"}
    rows = report_rows(ask(simulator, "power_off", **limits).text)
    before = report_rows(good(simulator).text)
    for row, old in zip(rows, before, strict=True):
        is_off = 11 <= stamp(row["StartTime"]).hour < 14
        assert row == ({**old, **dict.fromkeys(list(old)[2:], "0")} if is_off else old)


def test_future_rows_hold_people(simulator: RunningSimulator) -> None:
    rows = report_rows(ask(simulator, "future_rows", TODAY).text)
    assert {row["Line1 - In"] for row in rows[14:]} == {"7"}
    assert rows[:14] == report_rows(good(simulator, TODAY).text)[:14]


@pytest.mark.parametrize(
    ("window", "first"),
    [
        pytest.param(DAY, "2026/07/09 00:17:42", id="asked from the hour"),
        pytest.param(("2026-07-09-00:05:00", DAY[1]), "2026/07/09 00:05:00", id="asked from within"),
    ],
)
def test_the_first_row_may_not_be_floored(simulator: RunningSimulator, window: tuple[str, str], first: str) -> None:
    rows = report_rows(ask(simulator, "unfloored_first_row", window).text)
    assert [row["StartTime"] for row in rows[:2]] == [first, "2026/07/09 01:00:00"]


def test_rows_may_stand_twice(simulator: RunningSimulator) -> None:
    rows = report_rows(ask(simulator, "duplicated_rows").text)
    assert rows[::2] == rows[1::2] == report_rows(good(simulator).text)


def test_lines_may_be_swapped(simulator: RunningSimulator) -> None:
    rows = report_rows(ask(simulator, "swapped_lines").text)
    for new, old in zip(rows, report_rows(good(simulator).text), strict=True):
        assert (new["Line1 - In"], new["Line4 - In"]) == (old["Line4 - In"], old["Line1 - In"])
        assert new["Tolal - Sum"] == old["Tolal - Sum"]


def test_a_counter_reset_loses_the_people_before_it(simulator: RunningSimulator) -> None:
    rows = report_rows(ask(simulator, "counter_reset").text)
    for new, old in zip(rows, report_rows(good(simulator).text), strict=True):
        assert int(new["Line4 - In"]) == int(old["Line4 - In"]) // 2


def test_bad_sums_do_not_add_up(simulator: RunningSimulator) -> None:
    for row in report_rows(ask(simulator, "bad_sums").text):
        assert int(row["Line4 - In"]) + int(row["Line4 - Out"]) == int(row["Line4 - Sum"]) - 1


def test_negative_figures_add_up(simulator: RunningSimulator) -> None:
    for row in report_rows(ask(simulator, "negative").text):
        assert int(row["Line1 - In"]) < 0
        assert int(row["Line1 - In"]) + int(row["Line1 - Out"]) == int(row["Line1 - Sum"])


def test_a_figure_may_be_no_number(simulator: RunningSimulator) -> None:
    assert {row["Tolal - In"] for row in report_rows(ask(simulator, "non_numeric").text)} == {"n/a"}


def test_a_figure_may_be_more_than_a_door_passes(simulator: RunningSimulator) -> None:
    for row in report_rows(ask(simulator, "over_cap").text):
        assert row["Line1 - In"] == "20000"
        assert int(row["Line1 - In"]) + int(row["Line1 - Out"]) == int(row["Line1 - Sum"])


def test_stamps_may_be_those_of_another_time(simulator: RunningSimulator) -> None:
    rows = report_rows(ask(simulator, "other_dates").text)
    assert {stamp(row["StartTime"]).date() for row in rows} == {dt.date(2026, 5, 30)}
    assert [row["Tolal - Sum"] for row in rows] == [row["Tolal - Sum"] for row in report_rows(good(simulator).text)]


def test_a_line_that_nobody_knows_may_count(simulator: RunningSimulator) -> None:
    for new, old in zip(
        report_rows(ask(simulator, "unknown_line").text), report_rows(good(simulator).text), strict=True
    ):
        assert (new["Line3 - In"], new["Line1 - In"]) == ("3", old["Line1 - In"])
        assert int(new["Tolal - In"]) == int(old["Tolal - In"]) + 3


def test_five_minute_rows_are_288_a_day_and_the_same_people(simulator: RunningSimulator) -> None:
    rows = report_rows(ask(simulator, "five_minute_rows").text)
    before = report_rows(good(simulator).text)
    assert len(rows) == 288
    assert sum(int(row["Line4 - In"]) for row in rows) == sum(int(row["Line4 - In"]) for row in before)


def test_a_skewed_clock_says_so(simulator: RunningSimulator) -> None:
    reply = ask(simulator, "clock_skew", TODAY, options={"seconds": 7200})
    told = parsedate_to_datetime(reply.headers["date"])
    assert told == dt.datetime(2026, 7, 10, 14, 40, tzinfo=dt.UTC)
    shifted, true = report_rows(reply.text), report_rows(good(simulator, TODAY).text)
    assert [row["Tolal - In"] for row in shifted[2:]] == [row["Tolal - In"] for row in true[:-2]]


def test_a_stopped_clock_counts_no_more(simulator: RunningSimulator) -> None:
    reply = ask(simulator, "clock_stopped", TODAY, wall_from="2026-07-10T10:30Z")
    assert parsedate_to_datetime(reply.headers["date"]) == dt.datetime(2026, 7, 10, 10, 30, tzinfo=dt.UTC)
    assert {row["Tolal - Sum"] for row in report_rows(reply.text)[12:]} == {"0"}


ROW_FAULTS = ["power_off", "future_rows", "swapped_lines", "counter_reset", "negative", "bad_sums", "non_numeric"]
ROW_FAULTS += ["over_cap", "other_dates", "unknown_line"]
COLUMN_FAULTS = ["total_spelling", "missing_total", "extra_columns", "reordered_columns", "missing_columns"]


@pytest.mark.parametrize("name", [*ROW_FAULTS, *COLUMN_FAULTS])
def test_region_reports_can_be_wrong_too(simulator: RunningSimulator, name: str) -> None:
    simulator.behave("open", faults=[name])
    wrong = simulator.regions("open", *TODAY)
    simulator.behave("open", faults=[])
    assert wrong.status_code == 200
    is_alike = name == "total_spelling"  # the region report has no Tolal to spell
    assert (wrong.text == simulator.regions("open", *TODAY).text) is is_alike


def test_faults_can_come_together(simulator: RunningSimulator) -> None:
    simulator.behave("open", faults=["reordered_columns", "bad_sums", "crlf", "duplicated_rows"])
    text = simulator.lines("open", *DAY).content.decode()
    assert text.count("\r\n") == 49
    assert text.startswith("StartTime, EndTime, Line4 - Sum")


def test_every_fault_of_the_registry_is_tested_here(request: pytest.FixtureRequest) -> None:
    source = request.path.read_text()
    assert [name for name in FAULTS if f'"{name}"' not in source] == []


def test_all_devices_can_be_changed_at_once(simulator: RunningSimulator) -> None:
    simulator.behave("*", faults=["502"])
    assert simulator.lines("open", *DAY).status_code == simulator.lines("hourly", *DAY).status_code == 502
