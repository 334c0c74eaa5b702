import threading

import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseBusy
from retail_pipeline.warehouse.locks import device_locks, store_locks


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
            store_locks(connection, ["lisbon"])
            order.append("second")

    with warehouse.transaction() as connection:
        store_locks(connection, ["lisbon"])
        waiting = threading.Thread(target=second)
        waiting.start()
        with warehouse.transaction() as other:
            store_locks(other, ["pune"])
        order.append("first")
    waiting.join(30)
    assert order == ["first", "second"]


def test_who_waits_too_long_is_told_so(url: str, warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        store_locks(connection, ["lisbon"])
        with (
            pytest.raises(WarehouseBusy, match="next tick"),
            Warehouse(url, lock_timeout_s=0.05).transaction() as other,
        ):
            store_locks(other, ["lisbon"])


def test_a_device_and_a_store_of_one_name_are_two_locks(warehouse: Warehouse) -> None:
    with warehouse.transaction() as first, warehouse.transaction() as second:
        store_locks(first, ["lisbon"])
        assert device_locks(second, {"lisbon"}) == {"lisbon"}


def test_two_that_take_the_same_stores_in_any_order_take_turns(warehouse: Warehouse) -> None:
    names = [f"shop-{number}" for number in range(40)]
    taken: list[str] = []

    def take(stores: list[str]) -> None:
        for _ in range(10):
            with warehouse.transaction() as connection:
                store_locks(connection, stores)
                taken.append(stores[0])

    others = [threading.Thread(target=take, args=[stores]) for stores in (names, names[::-1])]
    for other in others:
        other.start()
    for other in others:
        other.join(30)
    assert len(taken) == 20
