import threading

import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseBusy
from retail_pipeline.warehouse.locks import device_locks, store_lock


def test_a_device_belongs_to_one_transaction_at_a_time(warehouse: Warehouse) -> None:
    with warehouse.transaction() as first, warehouse.transaction() as second:
        assert device_locks(first, {"a", "b"}) == {"a", "b"}
        assert device_locks(second, {"b", "c"}) == {"c"}
        first.commit()
        assert device_locks(second, {"b"}) == {"b"}


def test_no_devices_no_locks(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        assert device_locks(connection, []) == set()


def test_who_derives_a_store_waits_for_whoever_does(warehouse: Warehouse) -> None:
    order: list[str] = []

    def second() -> None:
        with warehouse.transaction() as connection:
            store_lock(connection, "lisbon")
            order.append("second")

    with warehouse.transaction() as connection:
        store_lock(connection, "lisbon")
        waiting = threading.Thread(target=second)
        waiting.start()
        with warehouse.transaction() as other:
            store_lock(other, "pune")
        order.append("first")
    waiting.join(30)
    assert order == ["first", "second"]


def test_who_waits_too_long_is_told_so(url: str, warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        store_lock(connection, "lisbon")
        with (
            pytest.raises(WarehouseBusy, match="next tick"),
            Warehouse(url, lock_timeout_s=0.05).transaction() as other,
        ):
            store_lock(other, "lisbon")


def test_a_device_and_a_store_of_one_name_are_two_locks(warehouse: Warehouse) -> None:
    with warehouse.transaction() as first, warehouse.transaction() as second:
        store_lock(first, "lisbon")
        assert device_locks(second, {"lisbon"}) == {"lisbon"}
