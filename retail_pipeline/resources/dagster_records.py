"""Dagster's own records kept in bounds: old runs go, and what is the last word on a partition stays.

A run that is the last to have materialized, planned or observed a partition that still exists, or to have evaluated a
check, keeps those events and loses the others; a run without any is deleted.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import dagster as dg
import sqlalchemy as sa
from dagster._core.instance.utils import RUNLESS_RUN_ID
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

from retail_pipeline.resources.dagster_faults import FINISHED
from retail_pipeline.resources.recent_runs import is_run_of

STATUS_EVENTS = [
    dg.DagsterEventType.ASSET_MATERIALIZATION.value,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value,
    dg.DagsterEventType.ASSET_FAILED_TO_MATERIALIZE.value,
    dg.DagsterEventType.ASSET_OBSERVATION.value,
    dg.DagsterEventType.FRESHNESS_STATE_CHANGE.value,
]
"""What Dagster reads the state of a partition or table from."""

PAGE = 200
_OVER = [*FINISHED, dg.DagsterRunStatus.CANCELED]
_EVENTS, _CHECKS, _TAGS = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c, AssetEventTagsTable.c
_LAST_WORDS = sa.Table(
    "last_words", sa.MetaData(), sa.Column("id", sa.BigInteger, primary_key=True), prefixes=["TEMPORARY"]
)
FirstKeys = Mapping[dg.AssetKey, str | None]
"""The first partition key that exists, by asset; None: the asset has no partitions."""


@dataclass
class Tidied:
    """What was removed of Dagster's records."""

    runs: int = 0
    events: int = 0
    log_files: int = 0
    is_finished: bool = True


def remove_old_runs(
    instance: dg.DagsterInstance,
    before: dt.datetime,
    first_keys: FirstKeys,
    location: str | None,
    until: dt.datetime,
) -> Tidied:
    """Remove finished runs that were created before an instant, and their events but for the last words.

    `first_keys` are the assets of this code location: of others every last word stays. `location` is its name as
    Dagster has it; runs of others are theirs. What is not done by `until` is left for the next time.
    """
    done = Tidied(log_files=_remove_log_files(instance, before))
    with _connection(instance) as connection:
        with_a_word = _note_last_words(connection, first_keys)
        old = _old_runs(instance, before, location)
        for page in range(0, len(old), PAGE):
            _remove_checks(connection, old[page : page + PAGE])
        for run_id in old:
            if dt.datetime.now(dt.UTC) > until:
                done.is_finished = False
                break
            done.events += _remove_events(connection, _EVENTS.run_id == run_id)
            if run_id not in with_a_word:
                instance.delete_run(run_id)
                done.runs += 1
        of_no_run = sa.and_(_EVENTS.run_id == RUNLESS_RUN_ID, _EVENTS.timestamp < before.replace(tzinfo=None))
        done.events += _remove_events(connection, of_no_run)
        _LAST_WORDS.drop(connection)
    return done


def forget_stores(instance: dg.DagsterInstance, store_ids: Collection[str]) -> int:
    """Remove every event about a partition of these stores; how many there were."""
    with _connection(instance) as connection:
        of_stores = sa.or_(*(_EVENTS.partition.endswith(f"|{store_id}", autoescape=True) for store_id in store_ids))
        ids = connection.scalars(SqlEventLogStorageTable.delete().where(of_stores).returning(_EVENTS.id)).all()
        _remove_tags(connection, ids)
    instance.wipe_asset_cached_status(list(instance.all_asset_keys()))
    return len(ids)


def _connection(instance: dg.DagsterInstance) -> AbstractContextManager[sa.Connection]:
    """A session of Dagster's own database; each statement is a transaction."""
    return cast("SqlEventLogStorage", instance.event_log_storage).index_connection()


def _note_last_words(connection: sa.Connection, first_keys: FirstKeys) -> set[str]:
    """Write the ids of all last words into a table of this session; the runs that said them."""
    _LAST_WORDS.create(connection)
    about = sa.and_(_EVENTS.dagster_event_type.in_(STATUS_EVENTS), _EVENTS.asset_key.is_not(None))
    partitioned = {key.to_string(): first for key, first in first_keys.items() if first is not None}
    # In bytes: the order of a language may pass over dashes and colons.
    exists = [
        sa.and_(_EVENTS.asset_key == key, _EVENTS.partition.collate("C") >= first) for key, first in partitioned.items()
    ]
    still_there = sa.or_(_EVENTS.asset_key.not_in(partitioned), *exists)
    of_asset = (_EVENTS.asset_key, _EVENTS.dagster_event_type)
    last = sa.func.max(_EVENTS.id)
    words = sa.union(
        sa.select(last).where(about, still_there).group_by(*of_asset, _EVENTS.partition),
        sa.select(last).where(about).group_by(*of_asset),
        sa.select(_CHECKS.evaluation_event_storage_id).where(
            _CHECKS.id.in_(_last_checks()), _CHECKS.evaluation_event_storage_id.is_not(None)
        ),
    )
    connection.execute(_LAST_WORDS.insert().from_select(["id"], words))
    runs = sa.select(_EVENTS.run_id).where(_EVENTS.id.in_(sa.select(_LAST_WORDS.c.id))).distinct()
    of_checks = sa.select(_CHECKS.run_id).where(_CHECKS.id.in_(_last_checks())).distinct()
    return {*connection.scalars(runs), *connection.scalars(of_checks)}


def _last_checks() -> sa.Select[tuple[int]]:
    return sa.select(sa.func.max(_CHECKS.id)).group_by(_CHECKS.asset_key, _CHECKS.check_name, _CHECKS.partition)


def _old_runs(instance: dg.DagsterInstance, before: dt.datetime, location: str | None) -> list[str]:
    """Ids of finished runs, oldest first."""
    filters = dg.RunsFilter(statuses=_OVER, created_before=before)
    found: list[str] = []
    cursor = None
    while page := instance.get_run_records(filters, limit=PAGE, cursor=cursor, ascending=True):
        found += [one.dagster_run.run_id for one in page if is_run_of(one.dagster_run, location)]
        cursor = page[-1].dagster_run.run_id
    return found


def _remove_events(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """Remove events that are no last words, with what Dagster keeps beside them."""
    no_word = _EVENTS.id.not_in(sa.select(_LAST_WORDS.c.id))
    ids = connection.scalars(SqlEventLogStorageTable.delete().where(which, no_word).returning(_EVENTS.id)).all()
    _remove_tags(connection, ids)
    return len(ids)


def _remove_checks(connection: sa.Connection, run_ids: Sequence[str]) -> None:
    """Remove what checks said in these runs, unless they said nothing since."""
    said_since = _CHECKS.id.not_in(_last_checks())
    connection.execute(AssetCheckExecutionsTable.delete().where(_CHECKS.run_id.in_(run_ids), said_since))


def _remove_tags(connection: sa.Connection, event_ids: Sequence[int]) -> None:
    if event_ids:
        connection.execute(AssetEventTagsTable.delete().where(_TAGS.event_id.in_(event_ids)))


def _remove_log_files(instance: dg.DagsterInstance, before: dt.datetime) -> int:
    """Remove what steps and ticks printed, where it lies in files on this machine."""
    manager = instance.compute_log_manager
    if not isinstance(manager, LocalComputeLogManager):
        return 0
    folder = Path(manager._base_dir)  # noqa: SLF001  (there is no other way to ask)
    old = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        with suppress(OSError):
            path.rmdir()
    return len(old)
