"""The replay against the data file, read here by other means than the simulator's."""

import datetime as dt
from collections import Counter
from importlib import resources

import pytest

from retail_pipeline.local.simulator.calit2 import calit2_slot, calit2_slots
from retail_pipeline_tests.local.simulator.running import RunningSimulator, report_rows


def day_totals(date: str) -> tuple[int, int]:
    entries, exits = Counter[str](), Counter[str]()
    for line in resources.files("retail_pipeline.local").joinpath("data/calit2.csv").read_text().splitlines()[1:]:
        slot, entered, left = line.split(",")
        entries[slot[:10]] += int(entered)
        exits[slot[:10]] += int(left)
    return entries[date], exits[date]


def test_the_data_file_is_whole() -> None:
    slots = calit2_slots()
    assert len(slots) == 5040
    assert (sum(slot.entries for slot in slots), sum(slot.exits for slot in slots)) == (19_597, 18_837)


def test_the_attribution_goes_with_the_data() -> None:
    notice = resources.files("retail_pipeline.local").joinpath("data/NOTICE").read_text()
    for said in ("data set 156", "Hutchins", "2006", "10.24432/C5NG78", "Ihler", "Smyth", "CC BY 4.0"):
        assert said in notice


@pytest.mark.parametrize(
    ("wall", "slot"),
    [
        pytest.param(dt.datetime(2005, 7, 24), 0, id="the first half hour"),  # noqa: DTZ001
        pytest.param(dt.datetime(2005, 11, 5, 23, 59), 5039, id="the last half hour"),  # noqa: DTZ001
        pytest.param(dt.datetime(2005, 11, 6, 0, 29), 0, id="then from the beginning"),  # noqa: DTZ001
        pytest.param(dt.datetime(2005, 7, 23, 23, 30), 5039, id="and before it from the end"),  # noqa: DTZ001
    ],
)
def test_a_wall_clock_has_a_slot(wall: dt.datetime, slot: int) -> None:
    assert calit2_slot(wall) == slot


@pytest.mark.parametrize("sensor_id", ["hourly", "half-hourly"])
@pytest.mark.parametrize("date", ["2026-07-06", "2026-07-07", "2026-07-08", "2026-07-09"])
def test_a_replayed_day_adds_up_to_the_data(simulator: RunningSimulator, sensor_id: str, date: str) -> None:
    days = (dt.date.fromisoformat(date) - dt.date(2005, 7, 24)).days % 105
    data_date = dt.date(2005, 7, 24) + dt.timedelta(days=days)
    assert data_date.weekday() == dt.date.fromisoformat(date).weekday()
    rows = report_rows(simulator.lines(sensor_id, f"{date}-00:00:00", f"{date}-23:59:59").text)
    totals = tuple(sum(int(row[f"Line1 - {way}"]) for row in rows) for way in ("In", "Out"))
    assert totals == day_totals(data_date.isoformat())


def test_the_repeated_hour_is_replayed_twice(simulator: RunningSimulator) -> None:
    truth = simulator.truth("hourly", "2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z")
    assert len(truth) == 25
    assert [row["line1_in"] for row in truth[1:2]] == [row["line1_in"] for row in truth[2:3]]


def test_the_open_half_hour_only_grows(simulator: RunningSimulator) -> None:
    seen = []
    for minute in range(0, 61, 5):
        now = dt.datetime(2026, 7, 9, 10, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
        simulator.freeze(now.isoformat())
        rows = report_rows(simulator.lines("hourly", "2026-07-09-00:00:00", "2026-07-09-23:59:59").text)
        seen.append(int(rows[11]["Line1 - In"]))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == simulator.truth("hourly", "2026-07-09T10:00:00Z", "2026-07-09T11:00:00Z")[0]["line1_in"]
