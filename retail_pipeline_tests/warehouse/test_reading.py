"""Many reads, and many transactions, by one connection: shared, replaced when it breaks, idle in between."""

import psycopg
import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError

PID = "SELECT pg_backend_pid()"
WHO = "SELECT pg_backend_pid() AS pid, current_setting('timezone') AS zone"


def states(url: str, pid: int) -> list[str]:
    """What the server says of a connection; nothing once it is closed."""
    with psycopg.connect(url) as connection:
        return [s for (s,) in connection.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid])]


def test_reads_share_a_connection_that_is_idle_between_them_and_closed_at_the_end(
    warehouse: Warehouse, url: str
) -> None:
    with warehouse.reading() as shared:
        (first, zone), (again, _) = shared._fetch(WHO).row(0), shared._fetch(WHO).row(0)
        assert (again, zone) == (first, "UTC")
        assert states(url, first) == ["idle"]
        assert warehouse._fetch(WHO).row(0)[0] != first
    assert shared._kept is None


def pid_of(warehouse: Warehouse) -> int:
    """Whose connection the next transaction has."""
    with warehouse.transaction() as connection:
        row = connection.execute(PID).fetchone()
    assert row
    return int(row[0])


def test_transactions_share_a_connection_that_is_idle_between_them_and_closed_at_the_end(
    warehouse: Warehouse, url: str
) -> None:
    with warehouse.reading() as shared:
        first = pid_of(shared)
        assert pid_of(shared) == first
        assert states(url, first) == ["idle"]
        assert pid_of(warehouse) != first
    assert shared._idle == []


def test_a_transaction_within_another_has_a_connection_of_its_own(warehouse: Warehouse) -> None:
    with warehouse.reading() as shared:
        with shared.transaction() as outer:
            outer.execute("SELECT set_config('lock_timeout', '7s', true)")
            inner = pid_of(shared)
            assert outer.execute(PID).fetchone() != (inner,)
        with shared.transaction() as later:
            assert later.execute("SELECT current_setting('lock_timeout')").fetchone() == ("1min",)


def test_an_idle_connection_that_broke_is_replaced_before_a_transaction(warehouse: Warehouse, url: str) -> None:
    with warehouse.reading() as shared:
        first = pid_of(shared)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        assert pid_of(shared) != first


def test_a_transaction_that_failed_leaves_nothing_behind(warehouse: Warehouse) -> None:
    with warehouse.reading() as shared:
        with pytest.raises(WarehouseError), shared.transaction() as connection:
            connection.execute("CREATE TEMPORARY TABLE incoming AS SELECT 1 / 0")
        assert shared._idle == []
        with shared.transaction() as connection:
            connection.execute("CREATE TEMPORARY TABLE incoming (n integer) ON COMMIT DROP")


def test_a_connection_that_broke_is_replaced(warehouse: Warehouse, url: str) -> None:
    with warehouse.reading() as shared:
        first = shared._fetch(WHO).row(0)[0]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        assert shared.read("device_health").is_empty()
        assert shared._fetch(WHO).row(0)[0] != first


def test_a_read_that_was_refused_leaves_the_next_one_alone(warehouse: Warehouse) -> None:
    with warehouse.reading() as shared:
        with pytest.raises(WarehouseError):
            shared.read("queue_alerts", {"store_ids": ["a"], "start": "no time", "end": "no time"})
        assert shared.read("device_health").is_empty()


def test_rows_that_are_taken_as_they_come_do_not_stop_other_reads(warehouse: Warehouse) -> None:
    with warehouse.reading() as shared, shared.batches("SELECT generate_series(1, 3) AS n") as frames:
        assert next(frames).columns == ["n"]
        assert shared.read("device_health").is_empty()
        assert sum(frame.height for frame in frames) == 3
