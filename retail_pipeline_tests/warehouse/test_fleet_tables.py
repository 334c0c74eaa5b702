import datetime as dt
from typing import Any

import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import FleetChanges, sync_fleet
from retail_pipeline_tests.warehouse.builders import DAY, DOOR, HOUR, LISBON, NOON, PUNE, fleet_of, small_fleet

LATER = NOON + DAY


def sync(warehouse: Warehouse, fleet: Fleet, now: dt.datetime = LATER, scope: list[str] | None = None) -> FleetChanges:
    with warehouse.transaction() as connection:
        return sync_fleet(connection, fleet if scope is None else fleet.only(scope), now)


def rows(warehouse: Warehouse, statement: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        return connection.execute(statement.encode()).fetchall()


def test_everything_declared_is_there(warehouse: Warehouse) -> None:
    assert rows(
        warehouse, "SELECT store_id, organization_id, timezone, capacity, live_since FROM retail.stores ORDER BY 1"
    ) == [
        ("lisbon", "acme", "Europe/Lisbon", None, None),
        ("pune", "acme", "Asia/Kolkata", 50, dt.date(2026, 1, 1)),
    ]
    assert rows(warehouse, "SELECT sensor_id, interval_minutes, reports, is_active FROM retail.sensors ORDER BY 1") == [
        ("lisbon-door", 60, ["lines", "regions"], True),
        ("pune-door", 30, ["lines"], True),
    ]
    assert rows(warehouse, "SELECT sensor_id, line, role, from_area, is_inverted FROM retail.lines ORDER BY 1, 2") == [
        ("lisbon-door", 1, "entrance", "outside", False),
        ("lisbon-door", 4, "passers_by", None, False),
        ("pune-door", 1, "entrance", None, False),
    ]
    assert rows(warehouse, "SELECT region, zone FROM retail.regions") == [(1, "hall")]
    assert rows(warehouse, "SELECT zone, kind, name FROM retail.zones") == [("hall", "entrance", "Hall")]


def test_the_same_fleet_again_changes_nothing(warehouse: Warehouse) -> None:
    tables = ("organizations", "stores", "sensors", "lines", "regions", "zones")
    before = [rows(warehouse, f"SELECT ctid::text, * FROM retail.{table}") for table in tables]
    assert sync(warehouse, small_fleet()) == FleetChanges((), ())
    assert [rows(warehouse, f"SELECT ctid::text, * FROM retail.{table}") for table in tables] == before


def test_a_removed_store_is_closed_and_never_deleted(warehouse: Warehouse) -> None:
    assert sync(warehouse, fleet_of(LISBON)) == FleetChanges(added=(), removed=("pune",))
    assert rows(warehouse, "SELECT store_id, valid_to FROM retail.stores ORDER BY 1") == [
        ("lisbon", None),
        ("pune", LATER),
    ]
    assert rows(warehouse, "SELECT valid_to FROM retail.sensors WHERE store_id = 'pune'") == [(LATER,)]
    assert rows(warehouse, "SELECT valid_to FROM retail.lines WHERE store_id = 'pune'") == [(LATER,)]


def test_a_store_that_comes_back_begins_anew(warehouse: Warehouse) -> None:
    sync(warehouse, fleet_of(LISBON))
    assert sync(warehouse, small_fleet(), LATER + HOUR) == FleetChanges(added=("pune",), removed=())
    assert rows(warehouse, "SELECT valid_from, valid_to FROM retail.stores WHERE store_id = 'pune'") == [
        (LATER + HOUR, None)
    ]


def test_a_changed_store_keeps_its_beginning(warehouse: Warehouse) -> None:
    sync(warehouse, fleet_of({**LISBON, "name": "Lisboa"}, PUNE))
    assert rows(warehouse, "SELECT name, valid_from, valid_to FROM retail.stores WHERE store_id = 'lisbon'") == [
        ("Lisboa", NOON, None)
    ]


def test_a_line_that_is_turned_round_begins_a_new_version(warehouse: Warehouse) -> None:
    line = {"role": "entrance", "from": "outside", "to": "hall", "inverted": True}
    sync(warehouse, fleet_of({**LISBON, "sensors": [{**DOOR, "lines": {1: line}}]}, PUNE))
    assert rows(
        warehouse,
        "SELECT line, is_inverted, valid_from, valid_to FROM retail.lines WHERE store_id = 'lisbon' ORDER BY 1, 3",
    ) == [(1, False, NOON, LATER), (1, True, LATER, None), (4, False, NOON, LATER)]


def test_a_part_of_the_organizations_speaks_for_itself_alone(warehouse: Warehouse) -> None:
    other = {**PUNE, "id": "goa", "organization": "other", "sensors": []}
    sync(warehouse, fleet_of(LISBON, PUNE, other, organizations=("acme", "other")))
    alone = fleet_of({**other, "name": "Goa"}, organizations=("other",))
    assert sync(warehouse, alone, LATER + HOUR, ["other"]) == FleetChanges((), ())
    assert rows(warehouse, "SELECT store_id FROM retail.stores WHERE valid_to IS NULL ORDER BY 1") == [
        ("goa",),
        ("lisbon",),
        ("pune",),
    ]


@pytest.mark.parametrize(
    "device", [{**DOOR, "active": False}, {**DOOR, "retention_days": 7}], ids=["inactive", "retention"]
)
def test_what_is_said_of_a_device_is_kept(warehouse: Warehouse, device: dict[str, Any]) -> None:
    sync(warehouse, fleet_of({**LISBON, "sensors": [device]}, PUNE))
    found = rows(warehouse, "SELECT is_active, retention_days FROM retail.sensors WHERE sensor_id = 'lisbon-door'")
    assert found == [(device.get("active", True), device.get("retention_days", 30))]
