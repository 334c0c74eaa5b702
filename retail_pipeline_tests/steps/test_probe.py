"""A probe over HTTP: devices that are right, wrong in each way, or not there; nothing is written anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from retail_pipeline.devices.client import Answer, fetch_all
from retail_pipeline.devices.models import Ask, ClientLimits
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.demo import pointed_at
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.probe import REPEATS, DeviceSeen, probe
from retail_pipeline.terminal.fleet_check import in_words
from retail_pipeline_tests.local.simulator.running import SECRET, RunningSimulator, running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-11-18 16:40")
LINES = {1: {"role": "entrance"}, 4: {"role": "passers_by"}}
HALL = {"zones": {"hall": {"kind": "entrance", "name": "Hall"}}}
REGIONS = {"reports": ["lines", "regions"], "regions": {1: "hall"}}


def declared(**door_options) -> Fleet:
    """As it is; the fleet file may say otherwise."""
    good = door("good-door", lines=LINES, credential="SHOPS", **REGIONS)
    other = door("other-door", lines=LINES, **door_options)
    return fleet_of(shop("lisbon", good, other, timezone="Europe/Lisbon", **HALL))


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(declared(), Scenario.model_validate({"seed": 3})) as running:
        running.freeze(NOW.isoformat())
        yield running


@pytest.fixture(autouse=True)
def well_again(simulator) -> Iterator[None]:
    yield
    simulator.behave("other-door", faults=[], sends_date=True, clock_offset_seconds=0)
    simulator.behave("good-door", faults=[])


def probed(simulator: RunningSimulator, fleet: Fleet | None = None, secret=SECRET) -> dict[str, DeviceSeen]:
    def fetch(asks: Sequence[Ask]) -> list[Answer]:
        answers = fetch_all(asks, lambda _: tuple(secret) if secret else None, ClientLimits(attempts=1, total_s=5))
        return [replace(answer, received_at=NOW) for answer in answers]

    return {one.sensor_id: one for one in probe(pointed_at(fleet or declared(), simulator.base_url), fetch, NOW)}


def advice_on_the_other(simulator: RunningSimulator, fleet: Fleet | None = None) -> str:
    return "\n".join(probed(simulator, fleet)["other-door"].advice)


def test_a_good_device_is_seen_whole_and_needs_no_advice(simulator) -> None:
    seen = probed(simulator)["good-door"]

    assert (seen.is_reachable, seen.credentials, seen.failures, seen.advice) == (True, "accepted", {}, [])
    assert (seen.rows, seen.rejected_rows, seen.remembers) == ({"lines": 24, "regions": 24}, 0, True)
    first = seen.lines[0]
    assert (first.line, first.role) == (1, "entrance")
    ended, with_the_open_hour = (
        sum(row["line1_in"] for row in simulator.truth("good-door", "2026-11-17T17:00:00Z", f"2026-11-18T{end}:00:00Z"))
        for end in (16, 17)
    )
    assert ended <= first.in_count <= with_the_open_hour
    assert [(one.region, one.zone) for one in seen.regions if one.zone] == [(1, "hall")]


def test_each_device_is_asked_once_per_report_and_twice_more(simulator) -> None:
    before = len(simulator.asked()["requests"])
    probed(simulator)
    assert len(simulator.asked()["requests"]) - before == (2 + 2) + (1 + 2)


def test_a_wrong_secret_a_missing_one_and_a_dead_device_are_told_apart(simulator) -> None:
    refused = probed(simulator, secret=("svc", "not-it"))["good-door"]
    assert (refused.is_reachable, refused.credentials, refused.delivers) == (True, "refused", False)
    missing = probed(simulator, secret=None)["good-door"]
    assert (missing.is_reachable, missing.credentials) == (False, "refused")
    assert "RETAIL_CREDENTIAL_SHOPS_USERNAME" in missing.failures["lines"]
    simulator.behave("other-door", faults=["refused"])
    dead = probed(simulator)["other-door"]
    assert (dead.is_reachable, dead.credentials, dead.delivers) == (False, "unknown", False)
    assert in_words(dead)[1].strip() == "NOT reachable, credential not tried"


def test_a_login_page_is_reachable_and_no_report(simulator) -> None:
    simulator.behave("other-door", faults=["html_login"])
    seen = probed(simulator)["other-door"]
    assert seen.is_reachable
    assert seen.failures["lines"].startswith("not_a_report")
    assert seen.advice == []


@pytest.mark.parametrize(("zone", "words"), [("Atlantic/Azores", "1 h ahead"), ("Europe/Madrid", "1 h behind")])
def test_a_zone_that_is_an_hour_off_is_told_and_named(simulator, zone, words) -> None:
    told = advice_on_the_other(simulator, declared(timezone=zone))
    assert f"its stamps are {words}" in told
    assert "as in UTC." in told


def test_a_clock_adrift_a_clock_that_is_silent_and_another_interval_are_told(simulator) -> None:
    simulator.behave("other-door", clock_offset_seconds=-300)
    assert "its clock is -3" in advice_on_the_other(simulator)
    simulator.behave("other-door", clock_offset_seconds=0, sends_date=False)
    assert "no HTTP Date" in advice_on_the_other(simulator)
    assert "its rows last 60 minutes" in advice_on_the_other(simulator, declared(interval_minutes=30))


def test_a_street_declared_as_the_door_is_told(simulator) -> None:
    fleet = fleet_of(
        shop(
            "lisbon",
            door("other-door", lines={1: {"role": "passers_by"}, 4: {"role": "entrance"}}),
            timezone="Europe/Lisbon",
        )
    )
    simulator.behave("other-door", faults=[])
    assert "line 4 looks like the street" in advice_on_the_other(simulator, fleet)


def test_a_line_mounted_the_wrong_way_round_is_told() -> None:
    fine = {"interval_minutes": 5}
    turned = {**LINES, 1: {"role": "entrance", "inverted": True}}
    right = fleet_of(shop("one-door", door("the-door", lines=LINES, **fine), timezone="Europe/Lisbon"))
    wrong = fleet_of(shop("one-door", door("the-door", lines=turned, **fine), timezone="Europe/Lisbon"))
    busy = Scenario.model_validate({"seed": 3, "stores": {"one-door": {"visitors_a_day": 3000}}})
    with running_simulator(right, busy) as simulator:
        simulator.freeze(NOW.isoformat())
        assert probed(simulator, right)["the-door"].advice == []
        [sentence] = probed(simulator, wrong)["the-door"].advice
    assert sentence.startswith("line 1 looks inverted")
    assert sentence.endswith("set inverted: false")


def test_rows_that_are_not_true_are_counted_with_their_reason(simulator) -> None:
    simulator.behave("other-door", faults=[{"name": "bad_sums"}])
    seen = probed(simulator)["other-door"]
    assert seen.rejected_rows > 0
    assert any("rows can't be true" in sentence for sentence in seen.advice)


def test_a_device_that_remembers_less_than_declared_is_told(simulator) -> None:
    assert "no rows of 60 days ago" in advice_on_the_other(simulator, declared(retention_days=60))


def test_the_words_show_every_line_and_region_with_both_ways(simulator) -> None:
    words = in_words(probed(simulator)["good-door"])
    assert words[0] == "good-door (lisbon)"
    assert any(line.startswith("  line 1 entrance") and line.endswith("out") for line in words)
    assert any(line.startswith("  region 1 hall") for line in words)


def test_a_device_that_repeats_its_credential_is_told() -> None:
    with running_simulator(declared(), known={"SHOPS": SECRET}) as simulator:
        simulator.freeze(NOW.isoformat())
        fleet = pointed_at(declared(), simulator.base_url)

        def fetch(asks: Sequence[Ask]) -> list[Answer]:
            return [replace(answer, received_at=NOW, blots=1) for answer in fetch_all(asks, lambda _: tuple(SECRET))]

        assert all(REPEATS in one.advice for one in probe(fleet, fetch, NOW))
