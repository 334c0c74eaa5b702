"""What is told while nothing can be known."""

import datetime as dt
from collections.abc import Iterator

import pytest

from retail_pipeline.resources.alert_receivers import alert_receivers
from retail_pipeline.steps.alerts.standstill import goes_on, stands_still
from retail_pipeline.steps.alerts.telling import Memory
from retail_pipeline_tests.shops import utc
from retail_pipeline_tests.steps.alerts.receiving import RunningReceiver, running_receiver

NOW = utc("2026-11-20 12:40")
MINUTE = dt.timedelta(minutes=1)
REASON = "Cannot use postgresql://svc:hunter2@db.example/retail: no route"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningReceiver]:
    with running_receiver() as running:
        monkeypatch.setenv("RETAIL_ALERT_URLS", running.url)
        yield running


def still(memory: Memory, minutes: int) -> Memory:
    return stands_still("", alert_receivers(), memory, REASON, (), NOW + minutes * MINUTE)


def test_a_standstill_is_told_once_after_five_minutes_and_once_when_it_is_over(receiver: RunningReceiver) -> None:
    memory = still(Memory(), 0)
    assert receiver.taken == []
    for minutes in (4, 5, 6, 90):
        memory = still(memory, minutes)
    assert receiver.titles == ["Pipeline: nothing can be collected or inspected"]
    assert "postgresql://***@db.example/retail: no route (since 2026-11-20 12:40 UTC)" in receiver.text

    for minutes in (91, 92):
        memory = goes_on("", alert_receivers(), memory, NOW + minutes * MINUTE)
    assert receiver.titles[1:] == ["Over: Pipeline: nothing can be collected or inspected"]
    assert memory == Memory()


def test_a_restart_of_the_warehouse_is_told_to_nobody(receiver: RunningReceiver) -> None:
    memory = goes_on("", alert_receivers(), still(still(Memory(), 0), 4), NOW + 5 * MINUTE)

    assert memory == Memory()
    assert receiver.taken == []


def test_who_did_not_take_the_message_is_asked_again(receiver: RunningReceiver) -> None:
    receiver.is_up = False
    memory = still(still(Memory(), 0), 5)
    receiver.is_up = True
    memory = still(memory, 6)
    assert receiver.titles == ["Pipeline: nothing can be collected or inspected"]

    receiver.is_up = False
    memory = goes_on("", alert_receivers(), memory, NOW + 7 * MINUTE)
    receiver.is_up = True
    assert goes_on("", alert_receivers(), memory, NOW + 8 * MINUTE) == Memory()
    assert receiver.titles == [
        "Pipeline: nothing can be collected or inspected",
        "Over: Pipeline: nothing can be collected or inspected",
    ]
