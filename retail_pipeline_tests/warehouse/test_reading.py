"""Many reads by one connection: shared while it holds, replaced when it breaks, and idle in between."""

import psycopg
import pytest

from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import WarehouseError

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
