import datetime as dt
import json
from email.utils import parsedate_to_datetime

import pytest

from retail_pipeline_tests.local.simulator.running import RunningSimulator, report_rows, stamp

HEADER = "StartTime, EndTime, " + ", ".join(
    f"{name} - {way}" for name in ("Tolal", "Line1", "Line2", "Line3", "Line4") for way in ("In", "Out", "Sum")
)
TODAY = ("2026-07-10-00:00:00", "2026-07-10-23:59:59")
YESTERDAY = ("2026-07-09-00:00:00", "2026-07-09-23:59:59")


def test_a_line_report_is_spelled_as_the_device_spells_it(simulator: RunningSimulator) -> None:
    reply = simulator.lines("open", *YESTERDAY)
    head, first, *_ = reply.text.splitlines()
    assert reply.headers["content-type"] == "text/csv"
    assert head == HEADER
    assert first.startswith("2026/07/09 00:00:00,2026/07/09 00:59:59,")
    assert len(first.split(",")) == 17


def test_the_sums_of_a_line_report_add_up(simulator: RunningSimulator) -> None:
    for row in report_rows(simulator.lines("open", *YESTERDAY).text):
        for name in ("Tolal", "Line1", "Line2", "Line3", "Line4"):
            assert int(row[f"{name} - In"]) + int(row[f"{name} - Out"]) == int(row[f"{name} - Sum"])
        assert int(row["Tolal - In"]) == sum(int(row[f"Line{number} - In"]) for number in range(1, 5))


def test_a_region_report_is_spelled_as_the_device_spells_it(simulator: RunningSimulator) -> None:
    text = simulator.regions("open", *YESTERDAY).text
    rows = report_rows(text)
    assert text.startswith("StartTime,EndTime,region1,region2,region3,region4,Sum\n2026/07/09 00:00:00,2026/07/09 00:5")
    assert len(rows) == 24
    assert sum(int(row["region1"]) for row in rows) == sum(int(row["Sum"]) for row in rows) > 0


def test_heat_over_time_has_dashes_and_ends_on_the_quarter(simulator: RunningSimulator) -> None:
    text = simulator.get("open", "dw=heatmapcsv&sub_type=0&time_start={}&time_end={}".format(*YESTERDAY)).text
    head, first, *_ = text.splitlines()
    assert head == "StartTime,EndTime,Value(s)"
    assert first.startswith("2026-07-09 00:00:00,2026-07-09 00:15:00,")


def test_heat_reaches_back_seven_days(simulator: RunningSimulator) -> None:
    window = "time_start=2026-06-01-00:00:00&time_end=2026-07-10-23:59:59"
    rows = report_rows(simulator.get("open", f"dw=heatmapcsv&sub_type=0&{window}").text)
    assert rows[0]["StartTime"] == "2026-07-03 13:45:00"
    assert rows[-1]["StartTime"] == "2026-07-10 13:30:00"


def test_heat_over_the_floor_is_json(simulator: RunningSimulator) -> None:
    told = json.loads(simulator.get("open", "dw=spaceheatmap&sub_type=0").text)
    assert len(told["data"]) == 16_000
    assert max(point["value"] for point in told["data"]) == told["max"]


def test_live_counters_agree_with_the_rows_of_the_day(simulator: RunningSimulator) -> None:
    rows = report_rows(simulator.lines("open", *TODAY).text)
    path = f"{simulator.base_url}/open/cgi-bin/operator/operator.cgi?action=get.vca.alarmstatus"
    lines = simulator.client.get(path).text.splitlines()
    told = {line.split("=")[0].removeprefix("var "): int(line.split("'")[1]) for line in lines}
    entered, left = (sum(int(row[f"Tolal - {way}"]) for row in rows) for way in ("In", "Out"))
    assert told["current_in_count"] == entered > 0
    assert told["current_out_count"] == left
    assert told["current_sum_count"] == entered + left
    assert told["current_capacity_count"] == entered - left


def test_hours_to_come_are_rows_of_zeros(simulator: RunningSimulator) -> None:
    rows = report_rows(simulator.lines("open", *TODAY).text)
    assert len(rows) == 24
    assert {row["Tolal - Sum"] for row in rows if stamp(row["StartTime"]).hour > 13} == {"0"}
    assert int(rows[13]["Tolal - Sum"]) > 0


def test_the_open_hour_only_grows(simulator: RunningSimulator) -> None:
    seen = []
    for minute in (0, 1, 20, 40, 59):
        simulator.freeze(f"2026-07-10T12:{minute:02}:30Z")
        seen.append(int(report_rows(simulator.lines("open", *TODAY).text)[13]["Tolal - In"]))
    simulator.freeze("2026-07-10T18:00:00Z")
    seen.append(int(report_rows(simulator.lines("open", *TODAY).text)[13]["Tolal - In"]))
    assert seen == sorted(seen)
    assert seen[0] < seen[2] < seen[-1]


def test_an_old_hour_is_the_same_whatever_is_asked(simulator: RunningSimulator) -> None:
    whole = {row["StartTime"]: row for row in report_rows(simulator.lines("open", *YESTERDAY).text)}
    part = report_rows(simulator.lines("open", "2026-07-09-12:34:56", "2026-07-09-13:00:00").text)
    simulator.freeze("2026-07-12T12:00:00Z")
    later = report_rows(simulator.lines("open", "2026-07-09-00:00:00", "2026-07-09-23:59:59").text)
    assert [row for row in part if row["StartTime"] in whole] == [
        row for start, row in whole.items() if start >= "2026/07/09 12"
    ]
    assert later == list(whole.values())


def test_the_window_may_be_ignored_beyond_its_floored_start(simulator: RunningSimulator) -> None:
    rows = report_rows(simulator.lines("open", "2026-07-09-12:34:56", "2026-07-09-13:00:00").text)
    assert len(rows) == 24
    assert rows[0]["StartTime"] == "2026/07/09 12:00:00"


@pytest.mark.parametrize(
    ("end", "rows"),
    [
        pytest.param("2026-07-09-14:59:59", 3, id="an inclusive end"),
        pytest.param("2026-07-09-15:00:00", 3, id="an end on the hour opens no further hour"),
        pytest.param("2026-07-10-11:59:59", 24, id="a day"),
        pytest.param("2026-07-09-11:00:00", 0, id="an end before the start"),
    ],
)
def test_the_window_may_be_honoured(simulator: RunningSimulator, end: str, rows: int) -> None:
    simulator.behave("open", window="honours_end")
    assert len(report_rows(simulator.lines("open", "2026-07-09-12:34:56", end).text)) == rows


def test_a_device_set_to_half_hours_answers_48_rows(simulator: RunningSimulator) -> None:
    rows = report_rows(simulator.lines("half-hourly", *YESTERDAY).text)
    assert len(rows) == 48
    assert rows[1]["StartTime"] == "2026/07/09 00:30:00"
    assert rows[1]["EndTime"] == "2026/07/09 00:59:59"


def test_rows_older_than_the_retention_are_gone(simulator: RunningSimulator) -> None:
    rows = report_rows(simulator.lines("open", "2026-06-10-00:00:00", "2026-06-10-23:59:59").text)
    assert rows[0]["StartTime"] == "2026/06/10 13:00:00"


AUTUMN = ("2026-10-25-00:00:00", "2026-10-25-23:59:59")


def test_the_repeated_hour_is_one_row_of_both_passes(simulator: RunningSimulator) -> None:
    simulator.freeze("2026-10-26T12:00:00Z")
    rows = report_rows(simulator.lines("open", *AUTUMN).text)
    truth = simulator.truth("open", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z")
    assert [row["StartTime"] for row in rows[:3]] == [f"2026/10/25 0{hour}:00:00" for hour in range(3)]
    assert int(rows[1]["Line4 - In"]) == sum(row["line4_in"] for row in truth)
    assert len(truth) == 2


def test_the_repeated_hour_may_be_two_rows_with_one_stamp(simulator: RunningSimulator) -> None:
    simulator.freeze("2026-10-26T12:00:00Z")
    simulator.behave("open", repeated_hour="two_rows", window="honours_end")
    rows = report_rows(simulator.lines("open", *AUTUMN).text)
    truth = simulator.truth("open", "2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z")
    assert [row["StartTime"][11:13] for row in rows[:4]] == ["00", "01", "01", "02"]
    assert [int(row["Line4 - In"]) for row in rows] == [row["line4_in"] for row in truth]
    assert len(rows) == 25


def test_the_skipped_hour_has_no_row(simulator: RunningSimulator) -> None:
    simulator.freeze("2026-03-30T12:00:00Z")
    simulator.behave("open", window="honours_end")
    rows = report_rows(simulator.lines("open", "2026-03-29-00:00:00", "2026-03-29-23:59:59").text)
    assert [row["StartTime"][11:13] for row in rows[:3]] == ["00", "02", "03"]
    assert len(rows) == 23


@pytest.mark.parametrize("sensor_id", ["open", "kolkata", "hourly", "half-hourly"])
def test_the_truth_is_what_was_reported(simulator: RunningSimulator, sensor_id: str) -> None:
    zone = simulator.port.devices[sensor_id].store.zone_info
    start = dt.datetime(2026, 7, 9, tzinfo=zone).astimezone(dt.UTC)
    truth = simulator.truth(sensor_id, start.isoformat(), (start + dt.timedelta(days=1)).isoformat())
    rows = report_rows(simulator.lines(sensor_id, *YESTERDAY).text)
    for row, true in zip(rows, truth, strict=True):
        wall = dt.datetime.fromisoformat(true["interval_start"]).astimezone(zone).replace(tzinfo=None)
        assert stamp(row["StartTime"]) == wall
        for number in range(1, 5):
            assert int(row[f"Line{number} - In"]) == true[f"line{number}_in"]
            assert int(row[f"Line{number} - Out"]) == true[f"line{number}_out"]


def test_regions_too_are_the_truth(simulator: RunningSimulator) -> None:
    truth = simulator.truth("open", "2026-07-08T23:00:00Z", "2026-07-09T23:00:00Z")
    rows = report_rows(simulator.regions("open", *YESTERDAY).text)
    assert [int(row["region1"]) for row in rows] == [row["region1"] for row in truth]


def test_a_device_tells_the_time_of_its_own_clock(simulator: RunningSimulator) -> None:
    simulator.behave("open", clock_offset_seconds=-90)
    told = parsedate_to_datetime(simulator.lines("open", *TODAY).headers["date"])
    assert told == dt.datetime(2026, 7, 10, 12, 38, 30, tzinfo=dt.UTC)
    simulator.behave("open", sends_date=False)
    assert "date" not in simulator.lines("open", *TODAY).headers


def test_a_slow_clock_still_counts_the_hour_that_has_ended(simulator: RunningSimulator) -> None:
    simulator.behave("open", clock_offset_seconds=-90)
    simulator.freeze("2026-07-10T13:00:30Z")
    rows = report_rows(simulator.lines("open", *TODAY).text)
    assert int(rows[13]["Tolal - In"]) > 0
    assert int(rows[14]["Tolal - In"]) == 0


def test_two_simulators_of_one_seed_tell_the_same(simulator: RunningSimulator) -> None:
    from retail_pipeline.local.simulator.truth import Truth

    device = simulator.port.devices["open"]
    span = (dt.datetime(2026, 7, 9, tzinfo=dt.UTC), dt.datetime(2026, 7, 9, 23, tzinfo=dt.UTC))
    rows = Truth(7).rows(device.device, device.store, *span)
    assert rows == simulator.port.truth.rows(device.device, device.store, *span)
    assert rows != Truth(8).rows(device.device, device.store, *span)
