"""The table of incidents: one open row per thing that fails, and who was told of it."""

import polars as pl

from retail_pipeline.warehouse import incidents, status
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline_tests.warehouse.builders import DAY, HOUR, NOON

SUBJECTS = "SELECT subject, detail, opened_at, closed_at FROM retail.incidents ORDER BY incident_id"


def fault(subject: str = "lisbon-door", detail: str = "no route", **told: object) -> dict[str, object]:
    row = {"kind": "device", "subject": subject, "organization_id": "acme", "store_id": "lisbon", "shared": None}
    return {**row, "cause": "unreachable", "detail": detail, "since": NOON - HOUR, **told}


def record(warehouse: Warehouse, at, *faults: dict[str, object], location: str = "") -> tuple[int, int]:
    with warehouse.transaction() as connection:
        return incidents.record(connection, location, pl.DataFrame(list(faults), schema=incidents.FAULTS), at)


def rows(warehouse: Warehouse) -> list[tuple[object, ...]]:
    with warehouse.transaction() as connection:
        return connection.execute(SUBJECTS).fetchall()


def tell(warehouse: Warehouse, receiver: str, *, is_over: bool = False, at=NOON) -> list[int]:
    with warehouse.transaction() as connection:
        return incidents.tell(connection, [1], receiver, at, is_over=is_over)


def untold(warehouse: Warehouse, receiver: str, *, known_since=NOON - DAY) -> list[bool]:
    found = incidents.untold(warehouse, "", receiver, NOON - DAY, known_since)
    return found["closed_at"].is_not_null().to_list()


def test_what_goes_on_failing_is_one_row_with_its_newest_words(warehouse: Warehouse) -> None:
    assert record(warehouse, NOON, fault()) == (1, 0)
    assert record(warehouse, NOON + HOUR, fault()) == (0, 0)
    assert record(warehouse, NOON + HOUR, fault(detail="timed out")) == (1, 0)

    assert rows(warehouse) == [("lisbon-door", "timed out", NOON, None)]


def test_what_fails_again_after_its_end_is_another_row(warehouse: Warehouse) -> None:
    record(warehouse, NOON, fault(), fault("another"))
    assert record(warehouse, NOON + HOUR, fault("another")) == (0, 1)
    record(warehouse, NOON + 2 * HOUR, fault())

    assert sorted(rows(warehouse), key=str) == [
        ("another", "no route", NOON, NOON + 2 * HOUR),
        ("lisbon-door", "no route", NOON, NOON + HOUR),
        ("lisbon-door", "no route", NOON + 2 * HOUR, None),
    ]


def test_a_clock_that_went_back_closes_nothing_before_it_was_opened(warehouse: Warehouse) -> None:
    record(warehouse, NOON, fault())
    record(warehouse, NOON - HOUR)

    assert rows(warehouse)[0][3] == NOON


def test_a_location_closes_its_own_only(warehouse: Warehouse) -> None:
    record(warehouse, NOON, fault(), location="east")
    assert record(warehouse, NOON, location="west") == (0, 0)
    assert record(warehouse, NOON, location="east") == (0, 1)


def test_a_receiver_is_told_of_the_beginning_and_of_the_end_once_each(warehouse: Warehouse) -> None:
    record(warehouse, NOON, fault())
    assert untold(warehouse, "mail") == [False]
    assert tell(warehouse, "mail") == [1]
    assert tell(warehouse, "mail") == []
    assert untold(warehouse, "mail") == []
    assert untold(warehouse, "chat") == [False]

    record(warehouse, NOON + HOUR)
    assert untold(warehouse, "mail", known_since=NOON + DAY) == [True]
    assert tell(warehouse, "mail", is_over=True) == [1]
    assert tell(warehouse, "mail", is_over=True) == []
    assert untold(warehouse, "mail") == []


def test_the_end_of_what_it_never_heard_of_is_no_news_to_a_new_receiver(warehouse: Warehouse) -> None:
    record(warehouse, NOON, fault())
    record(warehouse, NOON + HOUR)

    assert untold(warehouse, "chat", known_since=NOON) == [True]
    assert untold(warehouse, "chat", known_since=NOON + HOUR) == []
    assert tell(warehouse, "chat", is_over=True) == [1]
    with warehouse.transaction() as connection:
        told = "SELECT told_to, told_at, closed_told_to, closed_told_at FROM retail.incidents"
        assert connection.execute(told).fetchall() == [(["chat"], NOON, ["chat"], NOON)]


def test_what_began_more_than_a_day_ago_is_given_up_until_it_ends(warehouse: Warehouse) -> None:
    record(warehouse, NOON - DAY, fault())
    assert untold(warehouse, "mail") == []

    record(warehouse, NOON)
    assert untold(warehouse, "mail") == [True]


def test_the_monitor_sees_what_is_open_of_its_stores_and_of_the_whole_pipeline(warehouse: Warehouse) -> None:
    record(
        warehouse,
        NOON,
        fault(),
        fault("pune-door", store_id="pune"),
        fault("a_job", kind="run", store_id=None, organization_id=None, since=NOON),
    )
    tell(warehouse, "mail")

    found = status.current_incidents(warehouse, ["lisbon"])

    assert found.select("subject", "told_at").rows() == [("lisbon-door", NOON), ("a_job", None)]
    assert found["location"].to_list() == [None, None]
    record(warehouse, NOON, fault("again"), location="north")
    assert status.current_incidents(warehouse, ["lisbon"])["location"].to_list() == [None, "north", None]
