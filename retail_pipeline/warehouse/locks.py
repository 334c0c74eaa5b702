"""Advisory locks: one process asks a device, one derives a store. They end with the caller's transaction."""

from collections.abc import Collection
from hashlib import blake2b

import psycopg


def device_locks(connection: psycopg.Connection, sensor_ids: Collection[str]) -> set[str]:
    """The devices that are this transaction's to ask now; another process is asking the others. Never waits."""
    keys = {_key("device", sensor_id): sensor_id for sensor_id in sorted(sensor_ids)}
    rows = connection.execute(
        "SELECT key FROM unnest(%s::bigint[]) AS wanted (key) WHERE pg_try_advisory_xact_lock(key)", [list(keys)]
    )
    return {keys[key] for (key,) in rows}


def wait_for_devices(connection: psycopg.Connection, sensor_ids: Collection[str]) -> None:
    """Wait until nobody is asking these devices, a quarter of an hour at the most; polls leave them out until the end.

    Raises:
        psycopg.errors.LockNotAvailable: somebody asks for longer.
    """
    connection.execute("SELECT set_config('lock_timeout', '900s', true)")
    _wait_for(connection, sorted(_key("device", sensor_id) for sensor_id in sensor_ids))


def store_locks(connection: psycopg.Connection, store_ids: Collection[str]) -> None:
    """Wait until no other transaction derives any of the stores: one question, and always in the order of their ids.

    Raises:
        psycopg.errors.LockNotAvailable: another takes longer than the lock time-out.
    """
    _wait_for(connection, [_key("store", store_id) for store_id in sorted(store_ids)])


def fleet_lock(connection: psycopg.Connection) -> None:
    """Wait until no other transaction syncs the fleet."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_key("fleet", "")])


def _wait_for(connection: psycopg.Connection, keys: list[int]) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS wanted (key)", [keys])


def _key(kind: str, name: str) -> int:
    """64 bits, the same in every process and version; Postgres' own hash functions promise neither."""
    digest = blake2b(f"retail_pipeline/{kind}/{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
