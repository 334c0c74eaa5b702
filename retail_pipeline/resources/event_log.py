"""Dagster's event log: written in few statements, and without what nobody reads again."""

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import groupby
from typing import Any

import dagster as dg
from dagster import DagsterEventType, EventLogEntry
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.loader import LoadingContext
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue, get_last_planned_storage_id
from dagster_postgres import PostgresEventLogStorage
from dagster_postgres.utils import create_pg_engine
from sqlalchemy import Connection

_EVENTS = SqlEventLogStorageTable.c
_INSERT = SqlEventLogStorageTable.insert().returning(_EVENTS.id, sort_by_parameter_order=True)
_DONE = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_CHECK_EVALUATION}
_PLANNED = {DagsterEventType.ASSET_MATERIALIZATION_PLANNED, DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED}

_OPTIONAL = {
    "description",
    "logging_tags",
    "partitions_subset",
    "pid",
    "solid_handle",
    "step_handle",
    "step_kind_value",
    "tags",
}
"""Fields of Dagster's events that may be missing where they are null."""


class EventLog(PostgresEventLogStorage):
    """Dagster's event log, in which what a run plans is stored together like what it made, an asset a transaction.

    One by one, a run over 100 stores and 24 hours would spend minutes on saying what it is going to do. A connection is
    kept: an event of its own would otherwise open two. One that broke is noticed before it is used. Nobody is notified
    of an event, which Dagster still does for versions of itself that listened.
    """

    def __init__(self, postgres_url: str) -> None:
        self._within = threading.local()
        self._columns: set[str] = set()
        super().__init__(postgres_url, should_autocreate_tables=False)
        self.engine = create_pg_engine(
            postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=-1, pool_pre_ping=True
        )
        self._engine = self.engine

    def dispose(self) -> None:
        """Let go of the connection."""
        super().dispose()
        self._engine.dispose()

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event. A run that succeeded leaves what it made, and no longer what it was going to make."""
        self._store([lean(event)])
        if event.dagster_event_type is DagsterEventType.PIPELINE_SUCCESS:
            self._forget_plan(event.run_id)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in their order."""
        for (kind, _), alike in groupby(map(lean, events), lambda event: (event.dagster_event_type, _asset_of(event))):
            if kind in _DONE | _PLANNED:
                self._store(list(alike))
            else:
                super().store_event_batch(list(alike))

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the table of assets has a column, which Dagster asks with every event and look; one that is stays."""
        if column_name not in self._columns and super().has_asset_key_col(column_name):
            self._columns.add(column_name)
        return column_name in self._columns

    def get_asset_status_cache_values(
        self,
        partitions_defs_by_key: Iterable[tuple[dg.AssetKey, dg.PartitionsDefinition[str] | None]],
        context: LoadingContext,
    ) -> Sequence[AssetStatusCacheValue | None]:
        """Which partitions of each asset are made, under way or failed.

        What was told last is told again where nothing happened since. Dagster would read the keys of a month of a
        hundred stores, sort them and write them down anew, at every look of every page.
        """
        wanted = list(partitions_defs_by_key)
        AssetRecord.prepare(context, [key for key, _ in wanted])
        told: list[AssetStatusCacheValue | None] = []
        for key, partitions in wanted:
            known = self._told_before(key, partitions, context)
            told += [known] if known else super().get_asset_status_cache_values([(key, partitions)], context)
        return told

    def _told_before(
        self, key: dg.AssetKey, partitions: dg.PartitionsDefinition[str] | None, context: LoadingContext
    ) -> AssetStatusCacheValue | None:
        """The stored status, if it still holds: of the same partitions, nothing under way, no later event."""
        record = AssetRecord.blocking_get(context, key)
        status = record.asset_entry.cached_status if record else None
        if not (record and status and partitions) or status.earliest_in_progress_materialization_event_id:
            return None
        planned = get_last_planned_storage_id(self._instance, key, record)
        if max(record.asset_entry.last_materialization_storage_id or 0, planned) > status.latest_storage_id:
            return None
        # A page's context keeps the stores that it has asked for; elsewhere the instance is asked.
        stores = getattr(context, "dynamic_partitions_loader", self._instance)
        with partition_loading_context(None, stores):
            return status if status.partitions_def_id == partitions.get_serializable_unique_identifier() else None

    def _event_to_row(self, event: EventLogEntry) -> dict[str, Any]:
        row = super()._event_to_row(event)
        return row | {"event": compact(row["event"])} if event.dagster_event_type in _DONE | _PLANNED else row

    def _store(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one kind and asset, and what is kept of them beside the log."""
        rows, kind = [self._event_to_row(event) for event in events], events[0].dagster_event_type
        if kind not in ASSET_EVENTS | ASSET_CHECK_EVENTS:
            with self.index_connection() as connection:
                connection.execute(_INSERT, rows)
            return
        with self._one_transaction() as connection:
            ids = connection.execute(_INSERT, rows).scalars().all()
            if kind in ASSET_CHECK_EVENTS:
                for event, stored in zip(events, ids, strict=True):
                    self.store_asset_check_event(event, stored)
            elif _asset_of(events[-1]):
                self._store_asset_event_tags(connection, events, ids)
                self._store_asset_event(connection, events[-1], ids[-1])

    @contextmanager
    def _one_transaction(self) -> Iterator[Connection]:
        """A transaction of which everything is a part that this thread writes meanwhile; each would be a commit."""
        with self.index_transaction() as self._within.connection:
            try:
                yield self._within.connection
            finally:
                del self._within.connection

    def _connect(self) -> AbstractContextManager[Connection]:
        opened = getattr(self._within, "connection", None)
        return super()._connect() if opened is None else nullcontext(opened)

    def _forget_plan(self, run_id: str) -> None:
        """Remove what a run planned for partitions and checks: a quarter of the log, which tells what is under way.

        The plan of an asset without partitions stays: Dagster judges such an asset by the last plan alone.
        """
        of_many = _EVENTS.partition.is_not(None) | _EVENTS.dagster_event_type.contains("CHECK")
        planned = _EVENTS.dagster_event_type.in_([kind.value for kind in _PLANNED])
        with self.index_connection() as connection:
            connection.execute(SqlEventLogStorageTable.delete().where(_EVENTS.run_id == run_id, planned, of_many))


def lean(event: EventLogEntry) -> EventLogEntry:
    """The event without what its other fields say as well, where a run has one for each partition or check."""
    if event.dagster_event is None or event.dagster_event_type not in _DONE:
        return event
    bare = event.dagster_event._replace(logging_tags=None, step_handle=None, node_handle=None)
    return event._replace(dagster_event=bare, user_message="")


def compact(stored: str) -> str:
    """The JSON of an event without blanks, and without nulls that Dagster puts back as it reads."""
    return json.dumps(json.loads(stored, object_hook=_told), separators=(",", ":"))


def _told(read: dict[str, object]) -> dict[str, object]:
    """A null in what users gave as metadata is theirs, and stays."""
    if "__class__" not in read:
        return read
    return {key: value for key, value in read.items() if value is not None or key not in _OPTIONAL}


def _asset_of(event: EventLogEntry) -> dg.AssetKey | None:
    return event.dagster_event.asset_key if event.dagster_event else None
