"""Incidents in a real warehouse told to real receivers over HTTP: each once, whatever restarts or is down."""

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from retail_pipeline.resources.alert_receivers import alert_receivers
from retail_pipeline.resources.apprise_receivers import AppriseReceiver
from retail_pipeline.steps.alerts import telling
from retail_pipeline.steps.alerts.faults import Fault, Kind
from retail_pipeline.steps.alerts.telling import Acquaintance, Memory, note_faults, tell
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline_tests.shops import fleet_of, shop, utc
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver

NOW = utc("2026-11-20 12:40")
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
FLEET = fleet_of(*(shop(f"shop-{n}") for n in range(1, 21)))


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def other() -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        yield running


class Pipeline:
    """Ticks of the sensor at chosen times: what fails then, and who is told."""

    def __init__(self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, *receivers: RunningReceiver) -> None:
        self.warehouse, self.monkeypatch, self.memory = warehouse, monkeypatch, Memory()
        self.said: list[str] = []
        self.configure(*receivers)

    def configure(self, *receivers: RunningReceiver) -> None:
        self.monkeypatch.setenv("RETAIL_ALERT_URLS", ", ".join(one.url for one in receivers))

    @property
    def receivers(self) -> list[AppriseReceiver]:
        return alert_receivers()

    def tick(self, now: dt.datetime, *faults: Fault) -> None:
        note_faults(self.warehouse, "", faults, {"hunter2"}, now)
        self.tell(now)

    def tell(self, now: dt.datetime) -> None:
        memory = Memory.model_validate_json(self.memory.model_dump_json())
        self.memory, self.said = tell(self.warehouse, "", FLEET, self.receivers, memory, now)

    def restart(self) -> None:
        self.memory = Memory()


@pytest.fixture
def warehouse(emptied_url: str) -> Warehouse:
    opened = Warehouse(emptied_url)
    with opened.transaction() as connection:
        sync_fleet(connection, FLEET, NOW - 24 * HOUR)
    return opened


@pytest.fixture
def pipeline(warehouse: Warehouse, receiver: RunningReceiver, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return Pipeline(warehouse, monkeypatch, receiver)


def silent(number: int = 1, host: str = "203.0.113.7", cause: str = "unreachable") -> Fault:
    identity = {"organization_id": "acme", "store_id": f"shop-{number}", "shared": f"host {host}"}
    return Fault(Kind.DEVICE, f"shop-{number}-door", cause, "password=hunter2", NOW - HOUR, **identity)


def jobs(count: int) -> Sequence[Fault]:
    """So many incidents that share nothing."""
    return [Fault(Kind.RUN, f"job_{n}", f"Error{n}", "broken", NOW) for n in range(count)]


def test_twenty_devices_are_one_message_when_they_fail_and_one_when_they_answer(pipeline, receiver) -> None:
    faults = [silent(n) for n in range(1, 21)]
    for minutes in (0, 1, 2):
        pipeline.tick(NOW + minutes * MINUTE, *faults)
    assert receiver.titles == ["Acme: 20 devices on host 203.0.113.7 do not answer"]
    assert receiver.taken[0]["type"] == "failure"

    for minutes in (3, 4):
        pipeline.tick(NOW + minutes * MINUTE)
    assert receiver.titles[1:] == ["Over: Acme: 20 devices on host 203.0.113.7 do not answer"]
    assert receiver.taken[1]["type"] == "success"
    assert "hunter2" not in receiver.text


def test_a_restart_repeats_nothing_and_still_tells_the_end(pipeline, receiver) -> None:
    pipeline.tick(NOW, silent())
    pipeline.restart()
    pipeline.tick(NOW + MINUTE, silent())
    pipeline.restart()
    pipeline.tick(NOW + 2 * MINUTE)

    assert receiver.titles == ["Acme: shop-1-door does not answer", "Over: Acme: shop-1-door does not answer"]


def test_the_same_thing_failing_again_is_a_new_incident(pipeline, receiver) -> None:
    for minutes, faults in enumerate([[silent()], [], [silent()], []]):
        pipeline.tick(NOW + minutes * MINUTE, *faults)

    assert len(receiver.taken) == 4


def test_a_receiver_that_is_down_is_told_once_when_it_is_up(pipeline, receiver) -> None:
    receiver.is_up = False
    pipeline.tick(NOW, silent())
    assert "does not answer, 1 messages wait" in pipeline.said[0]
    asked = receiver.asked
    pipeline.tick(NOW + MINUTE / 4, silent())
    assert receiver.asked == asked
    assert "is asked again at" in pipeline.said[0]

    receiver.is_up = True
    pipeline.tick(NOW + 5 * MINUTE, silent())
    pipeline.tick(NOW + 6 * MINUTE, silent())
    assert receiver.titles == ["Acme: shop-1-door does not answer"]


def test_an_incident_that_nobody_could_be_told_of_is_told_when_it_is_over(pipeline, receiver) -> None:
    receiver.is_up = False
    pipeline.tick(NOW, silent())
    pipeline.tick(NOW + HOUR)
    receiver.is_up = True
    pipeline.tick(NOW + 3 * HOUR)
    pipeline.tick(NOW + 4 * HOUR)

    assert receiver.titles == ["Over: Acme: shop-1-door does not answer"]
    assert "from 2026-11-20 11:40 to 2026-11-20 13:40 UTC" in receiver.text


def test_one_receiver_down_keeps_no_other_waiting_and_repeats_nothing_to_it(
    pipeline, receiver, other, warehouse
) -> None:
    pipeline.configure(receiver, other)
    receiver.is_up = False
    for minutes in range(3):
        pipeline.tick(NOW + minutes * MINUTE, silent())
    assert (len(receiver.taken), len(other.taken)) == (0, 1)

    receiver.is_up = True
    pipeline.tick(NOW + HOUR, silent())
    assert (len(receiver.taken), len(other.taken)) == (1, 1)
    with warehouse.transaction() as connection:
        [(told_to, told_at)] = connection.execute("SELECT told_to, told_at FROM retail.incidents").fetchall()
    assert sorted(told_to) == sorted(one.key for one in pipeline.receivers)
    assert told_at == NOW


def test_what_a_receiver_missed_for_a_day_is_given_up_but_its_end_is_told(pipeline, receiver) -> None:
    receiver.is_up = False
    pipeline.tick(NOW, silent())
    receiver.is_up = True
    pipeline.tick(NOW + 25 * HOUR, silent())
    assert receiver.taken == []

    pipeline.tick(NOW + 26 * HOUR)
    assert receiver.titles == ["Over: Acme: shop-1-door does not answer"]


def test_the_wait_for_a_receiver_doubles_up_to_an_hour_and_ends_with_the_first_message_it_takes() -> None:
    known = Acquaintance(since=NOW)
    waits = []
    for _ in range(12):
        known = known.failed(NOW)
        assert known.again_at is not None
        waits.append((known.again_at - NOW).total_seconds())

    assert waits[:4] == [30, 60, 120, 240]
    assert waits[-4:] == [3600] * 4
    assert (known.took(NOW).failures, known.took(NOW).again_at) == (0, None)


def test_a_new_receiver_hears_of_the_present_not_of_the_past(pipeline, receiver, other) -> None:
    pipeline.tick(NOW, silent(1), silent(2, cause="refused"))
    pipeline.tick(NOW + MINUTE, silent(2, cause="refused"))
    pipeline.configure(receiver, other)
    pipeline.tick(NOW + 2 * MINUTE, silent(2, cause="refused"))

    assert other.titles == ["Acme: shop-2-door does not answer"]
    assert len(receiver.taken) == 3


def test_no_receiver_gets_more_than_ten_messages_an_hour_and_none_is_lost(pipeline, receiver) -> None:
    faults = jobs(13)
    pipeline.tick(NOW, *faults)
    pipeline.tick(NOW + 30 * MINUTE, *faults)
    assert len(receiver.taken) == 10
    assert "3 wait: at most 10 an hour" in pipeline.said[0]

    pipeline.tick(NOW + 61 * MINUTE, *faults)
    assert sorted(receiver.titles) == sorted(f"Pipeline: job_{n} fails" for n in range(13))


def test_a_tick_ends_in_time_and_the_next_one_goes_on(pipeline, receiver, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(telling, "BUDGET_S", -1.0)
        pipeline.tick(NOW, silent())
    assert receiver.taken == []
    pipeline.tick(NOW + MINUTE, silent())
    assert len(receiver.taken) == 1


def test_two_ticks_at_once_tell_once(pipeline, receiver) -> None:
    note_faults(pipeline.warehouse, "", [silent()], (), NOW)
    both = Barrier(2)

    def tick(_: int) -> None:
        both.wait(10)
        tell(pipeline.warehouse, "", FLEET, pipeline.receivers, Memory(), NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tick, range(2)))

    assert len(receiver.taken) == 1


def test_another_code_location_s_incidents_are_its_own(pipeline, receiver) -> None:
    note_faults(pipeline.warehouse, "east", [silent()], (), NOW)
    pipeline.tick(NOW)

    assert receiver.taken == []
    with pipeline.warehouse.transaction() as connection:
        assert connection.execute("SELECT location, closed_at FROM retail.incidents").fetchall() == [("east", None)]
