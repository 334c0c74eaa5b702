"""Live counters from simulated devices over HTTP into a real Postgres: who is inside, and who holds nobody up."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.models import Ask
from retail_pipeline.frames.live_counters import AT_MIDNIGHT, RESET
from retail_pipeline.local.simulator.clock import Span
from retail_pipeline.steps.health import evaluate
from retail_pipeline.steps.live_counters import LiveReading, read_live_counters
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.locks import device_locks
from retail_pipeline_tests.local.simulator.running import RunningSimulator, running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import Played

NOW = utc("2026-07-10 15:32")
LIVE = "get.vca.alarmstatus"
STREET = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}
FLEET = fleet_of(
    shop("bar", door("bar-door", live=True), timezone="Asia/Kolkata", day_starts_at="05:00"),
    shop("mall", door("mall-east", live=True), door("mall-west", live=True, interval_minutes=15)),
    shop("street", door("street-door", counters=True, lines=STREET)),
    shop("kiosk", door("kiosk-door", live=True)),
    shop("quiet"),
)


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(FLEET) as running:
        yield running


@pytest.fixture
def played(simulator: RunningSimulator, emptied_url: str) -> Iterator[Played]:
    yield Played(FLEET, simulator, Warehouse(emptied_url), emptied_url)
    for store in FLEET.stores:
        for device in store.sensors:
            simulator.behave(device.id, faults=[], counters_reset_at=None, clock_offset_seconds=0)


def read(played: Played, now: dt.datetime = NOW) -> LiveReading:
    """A tick at `now`, when every reply is received."""
    played.simulator.freeze(now.isoformat())

    def fetch(asks: Sequence[Ask]) -> list[Answer]:
        return [replace(answer, received_at=now) for answer in fetch_all(asks, lambda _: None)]

    return read_live_counters(played.fleet, played.warehouse, fetch, now)


def inside(played: Played) -> dict[str, Any]:
    rows = played.sql(
        "SELECT store_id, occupancy FROM retail.zone_occupancy_snapshots WHERE source = 'live_counters' ORDER BY 1"
    )
    return {str(store_id): occupancy for store_id, occupancy in rows}


def disagreeing(played: Played, now: dt.datetime) -> pl.DataFrame:
    """Findings of the check at `now`."""
    check = "live_counters/live_counters_agree"
    return evaluate(played.fleet, played.warehouse, [check], now)[check].findings


def people(played: Played, sensor_id: str, since: dt.datetime, now: dt.datetime = NOW) -> tuple[int, int]:
    """The truth: people IN and OUT over all lines."""
    device = played.simulator.port.devices[sensor_id]
    lines = played.simulator.port.truth.people(device.device, device.store, Span(since, now)).lines
    return sum(line[0] for line in lines), sum(line[1] for line in lines)


def test_who_is_inside_is_known_between_two_polls(played: Played) -> None:
    played.collect(utc("2026-07-10 15:02"))
    reading = read(played)

    midnight = utc("2026-07-10 00:00")
    came, left = map(
        sum, zip(*(people(played, door_id, midnight) for door_id in ("mall-east", "mall-west")), strict=True)
    )
    five_in_the_morning = utc("2026-07-09 23:30")
    in_bar = people(played, "bar-door", five_in_the_morning)
    told = inside(played)
    assert told.keys() == {"bar", "kiosk", "mall"}
    assert (told["bar"], told["mall"]) == (max(0, in_bar[0] - in_bar[1]), max(0, came - left))
    assert told["mall"] > 0
    assert (reading.silent, reading.untold) == ({}, {})
    [now] = played.sql("SELECT observed_at FROM retail.zone_occupancy_snapshots WHERE store_id = 'mall'")
    assert now == (NOW,)


def test_every_reading_names_the_reply_that_it_was_read_from(played: Played) -> None:
    read(played)

    told = played.sql(
        "SELECT sensor_id, in_count, out_count, report, body IS NULL, request FROM"
        " retail.live_counters INNER JOIN retail.device_replies USING (sensor_id, reply_id) ORDER BY sensor_id"
    )
    assert [row[0] for row in told] == ["bar-door", "kiosk-door", "mall-east", "mall-west", "street-door"]
    assert [row[1:3] for row in told[1:]] == [people(played, str(row[0]), utc("2026-07-10 00:00")) for row in told[1:]]
    assert {row[3] for row in told} == {"counters"}
    assert str(told[0][5]).endswith("/bar-door/cgi-bin/operator/operator.cgi?action=get.vca.alarmstatus")


def test_counters_of_a_device_that_sees_the_street_reconcile_its_rows_and_tell_nobody_s_presence(
    played: Played,
) -> None:
    read(played)
    later = utc("2026-07-10 16:02")
    played.collect(later)

    assert "street" not in inside(played)
    assert disagreeing(played, later).is_empty()


def test_rows_that_lost_people_are_found_beside_the_counters(played: Played) -> None:
    read(played)
    later = utc("2026-07-10 16:02")
    played.collect(later)
    played.sql(
        "UPDATE retail.raw_sensor_counts SET line4_in = 0, total_in = line1_in"
        " WHERE sensor_id = 'street-door' AND interval_start BETWEEN '2026-07-10 09:00Z' AND '2026-07-10 15:00Z'"
    )

    findings = disagreeing(played, later)
    assert findings.select("sensor_id", "severity").rows() == [("street-door", "warn")]
    assert "people more than its rows" in findings["advice"][0]


def test_counters_that_a_power_cut_reset_are_told_and_change_nothing(played: Played) -> None:
    played.collect(utc("2026-07-10 15:02"))
    played.simulator.behave("mall-west", counters_reset_at="2026-07-10T14:50:00Z")
    reading = read(played)

    assert reading.untold == {"mall-west": RESET}
    assert "mall" not in inside(played)
    findings = disagreeing(played, NOW + dt.timedelta(minutes=1))
    assert findings["sensor_id"].to_list() == ["mall-west"]
    assert "were reset after midnight" in findings["advice"][0]


def test_around_the_device_s_midnight_nobody_is_told(played: Played) -> None:
    midnight = utc("2026-07-11 00:02")
    played.collect(utc("2026-07-10 23:32"))
    reading = read(played, midnight)

    assert reading.untold == dict.fromkeys(["kiosk-door", "mall-east", "mall-west"], AT_MIDNIGHT)
    assert "mall" not in inside(played)
    assert "bar" in inside(played)


def test_a_clock_that_is_off_moves_the_midnight_and_not_the_instant(played: Played) -> None:
    played.simulator.behave("bar-door", clock_offset_seconds=-600)
    reading = read(played, utc("2026-07-10 18:33"))

    assert reading.untold["bar-door"] == "lacks rows between its midnight and the beginning of the trading day"
    [told] = played.sql(
        "SELECT observed_at, shown_at, counting_since FROM retail.live_counters WHERE sensor_id = 'bar-door'"
    )
    assert told == (utc("2026-07-10 18:33"), utc("2026-07-10 18:23"), utc("2026-07-09 18:30"))


def test_a_device_that_shows_no_counters_is_told_and_its_reply_kept(played: Played) -> None:
    played.simulator.behave("mall-east", faults=[{"name": "html_login", "dw": [LIVE]}])
    reading = read(played)

    assert reading.silent["mall-east"].startswith("did not show its counters: not_a_report")
    assert set(inside(played)) == {"kiosk"}
    [kept] = played.sql("SELECT count(*) FROM retail.device_replies WHERE sensor_id = 'mall-east' AND body IS NOT NULL")
    assert kept == (1,)


def test_a_device_that_hangs_costs_one_short_ask_and_the_others_are_told(played: Played) -> None:
    played.simulator.behave("mall-east", faults=[{"name": "hang", "dw": [LIVE]}])
    reading = read(played)

    assert set(reading.silent) == {"mall-east"}
    assert set(inside(played)) == {"kiosk"}
    assert played.sql("SELECT attempts FROM retail.device_replies WHERE sensor_id = 'mall-east'") == [(1,)]
    assert played.sql("SELECT * FROM retail.collection_gaps") == []


def test_a_device_that_has_ceased_to_answer_is_left_to_the_polls(played: Played) -> None:
    played.simulator.behave("mall-east", faults=[{"name": "403"}])
    for hour in (12, 13, 14):
        played.collect(utc(f"2026-07-10 {hour}:02"))
    before = played.sql("SELECT count(*) FROM retail.device_replies WHERE sensor_id = 'mall-east'")
    reading = read(played)

    assert reading.silent["mall-east"] == "has ceased to answer"
    assert played.sql("SELECT count(*) FROM retail.device_replies WHERE sensor_id = 'mall-east'") == before
    [health] = played.sql(
        "SELECT circuit, consecutive_failures FROM retail.device_health WHERE sensor_id = 'mall-east'"
    )
    assert health == ("open", 3)


def test_a_device_that_is_being_asked_for_its_reports_is_left_to_that(played: Played) -> None:
    with played.warehouse.transaction() as connection:
        device_locks(connection, ["bar-door"])
        reading = read(played)

    assert reading.silent == {"bar-door": "is being asked for its reports"}
    assert reading.readings.height == 4


def test_nobody_is_asked_where_no_device_shows_counters(played: Played) -> None:
    quiet = played.fleet.model_copy(update={"stores": (played.fleet.store("quiet"),)})
    asked = played.simulator.asked()["counts"]

    assert read_live_counters(quiet, played.warehouse, lambda _: [], NOW).readings.is_empty()
    assert played.simulator.asked()["counts"] == asked
