"""What is missing is asked for again: nearest deadline first, a run a store, never too many, never twice at once."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from retail_pipeline.assets.partitions import RANGE_END, RANGE_START
from retail_pipeline.automation.sensors import FIRST_HOURS, RECOVERY, STORE
from retail_pipeline_tests.living import STORES, Living, store
from retail_pipeline_tests.shops import utc

NOW = utc("2026-11-20 12:45")
LIVE = [{**store, "live_since": "2026-11-21"} for store in STORES]
"""Nothing is expected yet: the ledger holds what a test puts there."""


@pytest.fixture
def ledger(life: Living) -> Iterator[Living]:
    life.at(NOW)
    life.declare(LIVE)
    life.sense("sync_fleet")
    life.sql("UPDATE retail.sensors SET valid_from = '2026-01-01'")  # an outage, not the time before the device
    yield life
    life.sql("DELETE FROM retail.collection_gaps")
    life.sql("DELETE FROM retail.device_health")
    for run in life.instance.get_runs():
        life.instance.delete_run(run.run_id)


def miss(life: Living, sensor_id: str, *hours: str, keeps: int = 30, report: str = "lines", due: str = "12:00") -> None:
    for hour in hours:
        start = utc(f"2026-11-{hour}")
        life.sql(
            "INSERT INTO retail.collection_gaps (sensor_id, store_id, organization_id, report, hour_start, cause,"
            " first_seen, attempts, next_attempt, deadline) SELECT sensor_id, store_id, organization_id, %(report)s,"
            " %(start)s, 'unreachable', %(start)s, 1, %(due)s, %(deadline)s"
            " FROM retail.sensors WHERE sensor_id = %(id)s",
            report=report,
            start=start,
            due=utc(f"2026-11-20 {due}"),
            deadline=start + dt.timedelta(days=keeps),
            id=sensor_id,
        )


def asked(life: Living) -> list[tuple[str, str]]:
    return [(one.tags[RANGE_START], one.tags[RANGE_END]) for one in life.sense("recover_missed_hours").run_requests]


def under_way(life: Living, store_id: str) -> dg.DagsterRun:
    tags = {RECOVERY: "true", STORE: store_id}
    return create_run_for_test(life.instance, status=dg.DagsterRunStatus.STARTED, tags=tags)


def test_the_device_that_forgets_first_is_asked_first_although_its_hours_are_younger(ledger: Living) -> None:
    miss(ledger, "lisbon-door", "15 08:00", "15 09:00", "15 11:00", keeps=30)
    miss(ledger, "pune-door", "18 08:30", keeps=5)
    miss(ledger, "chicago-door", "14 10:00", keeps=60)

    assert asked(ledger) == [
        ("2026-11-18-08:00|pune", "2026-11-18-08:00|pune"),
        ("2026-11-15-08:00|lisbon", "2026-11-15-09:00|lisbon"),
    ]


def test_a_run_asks_only_for_the_reports_that_miss_something(ledger: Living) -> None:
    miss(ledger, "lisbon-door", "15 08:00", report="regions")
    miss(ledger, "pune-door", "15 08:30")

    requests = ledger.sense("recover_missed_hours").run_requests
    assert {one.tags[STORE]: one.asset_selection for one in requests} == {
        "lisbon": [dg.AssetKey("regional_counts")],
        "pune": [dg.AssetKey("raw_sensor_counts")],
    }


def test_a_store_that_is_being_recovered_is_left_alone_and_counts(ledger: Living) -> None:
    for sensor_id in ("lisbon-door", "pune-door", "chicago-door"):
        miss(ledger, sensor_id, "15 10:00")
    first = under_way(ledger, "lisbon")
    assert [start.split("|")[1] for start, _ in asked(ledger)] == ["chicago"]

    second = under_way(ledger, "chicago")
    assert asked(ledger) == []

    ledger.instance.report_run_canceled(first)
    ledger.instance.report_run_canceled(second)
    assert len(asked(ledger)) == 2


def test_nothing_older_is_asked_for_while_the_last_day_of_new_stores_is(ledger: Living) -> None:
    miss(ledger, "lisbon-door", "15 08:00", keeps=30)
    first = create_run_for_test(ledger.instance, status=dg.DagsterRunStatus.STARTED, tags={FIRST_HOURS: "true"})
    assert asked(ledger) == []

    ledger.instance.delete_run(first.run_id)
    create_run_for_test(ledger.instance, status=dg.DagsterRunStatus.FAILURE, tags={FIRST_HOURS: "true"})
    assert asked(ledger) == [("2026-11-15-08:00|lisbon", "2026-11-15-08:00|lisbon")]


def test_the_number_of_runs_is_configured(ledger: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    for sensor_id in ("lisbon-door", "pune-door", "chicago-door"):
        miss(ledger, sensor_id, "15 10:00")
    monkeypatch.setenv("RETAIL_RECOVERY_RUNS", "1")
    assert len(asked(ledger)) == 1
    monkeypatch.setenv("RETAIL_RECOVERY_RUNS", "3")
    assert len(asked(ledger)) == 3


def test_the_same_hours_within_ten_minutes_have_the_same_run_key(ledger: Living) -> None:
    miss(ledger, "lisbon-door", "15 08:00")
    [first] = ledger.sense("recover_missed_hours").run_requests
    ledger.at(NOW + dt.timedelta(minutes=4))
    [soon] = ledger.sense("recover_missed_hours").run_requests
    ledger.at(NOW + dt.timedelta(minutes=6))
    [later] = ledger.sense("recover_missed_hours").run_requests
    assert first.run_key == soon.run_key != later.run_key


def test_an_hour_is_not_asked_for_before_its_time_nor_of_a_device_that_has_ceased_to_answer(ledger: Living) -> None:
    miss(ledger, "lisbon-door", "15 08:00", due="13:00")
    miss(ledger, "pune-door", "15 08:30")
    ledger.sql(
        "INSERT INTO retail.device_health (sensor_id, store_id, organization_id, circuit, consecutive_failures,"
        " opened_at, next_probe_at) VALUES ('pune-door', 'pune', 'acme', 'open', 3, now(), now())"
    )
    assert asked(ledger) == []


def test_what_no_device_remembers_is_closed_as_lost_and_said_out_loud(ledger: Living) -> None:
    miss(ledger, "lisbon-door", "15 08:00", keeps=2)
    assert asked(ledger) == []
    assert ledger.sql("SELECT closed_as_lost_at IS NOT NULL FROM retail.collection_gaps") == [(True,)]


def test_hours_that_nobody_asked_for_are_found_when_the_pipeline_was_off(ledger: Living) -> None:
    ledger.declare([{**STORES[0], "live_since": "2026-11-20"}, *LIVE[1:]])
    told = ledger.sense("recover_missed_hours")

    # Pune's 20th began at 18:30 UTC; what ended less than two polls ago may still come.
    missing = [hour for _, _, hour, _ in ledger.open_gaps()]
    assert (missing[0], missing[-1]) == (utc("2026-11-19 18:30"), utc("2026-11-20 10:30"))
    assert {cause for *_, cause in ledger.open_gaps()} == {"not_yet_collected"}
    [request] = told.run_requests
    assert (request.tags[RANGE_START], request.tags[RANGE_END]) == ("2026-11-19-18:00|pune", "2026-11-20-10:00|pune")


def test_gaps_of_organisations_that_another_code_location_serves_are_left_to_it(
    ledger: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    miss(ledger, "lisbon-door", "14 08:00")
    miss(ledger, "lisbon-door", "10 08:00", keeps=5)
    miss(ledger, "pune-door", "15 08:30")
    other = "('globex', 'Globex', '2026-01-01')"
    ledger.sql(f"INSERT INTO retail.organizations (organization_id, name, valid_from) VALUES {other}")
    ledger.sql("UPDATE retail.collection_gaps SET organization_id = 'globex' WHERE store_id = 'lisbon'")
    monkeypatch.setenv("RETAIL_ORGANIZATIONS", "acme")
    monkeypatch.setenv("RETAIL_RECOVERY_RUNS", "1")

    assert asked(ledger) == [("2026-11-15-08:00|pune", "2026-11-15-08:00|pune")]
    assert ledger.sql("SELECT count(*) FROM retail.collection_gaps WHERE closed_as_lost_at IS NOT NULL") == [(0,)]


def test_a_store_that_the_warehouse_has_not_heard_of_has_its_gaps_at_the_first_look(ledger: Living) -> None:
    ledger.declare([*LIVE, {**store("berlin", "Europe/Berlin"), "live_since": "2026-11-20"}])
    ledger.sense("recover_missed_hours")

    assert {sensor_id for sensor_id, *_ in ledger.open_gaps()} == {"berlin-door"}
