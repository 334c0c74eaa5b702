"""What: what an idle pipeline costs: a tick of the automation, the pages that people open, every check.

100 stores and the default horizon, with every hour and day of every table that has partitions materialized, as after a
year. Their events are written inside Postgres: to report 600,000 one by one would take hours and change nothing. A tick
is one of Dagster's daemon, with the runs that it asks for; pages are asked for what a browser asks for.

Yardstick: what is still quick to a person or fits into a tick of the daemon, and the same graph with a single store.
What a day leaves in Dagster's log stands below it (`event_volume.py`).
"""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import cast

import dagster as dg
import psycopg
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget

from benchmarks import event_volume
from benchmarks.counts import made_counts
from benchmarks.measure import Contender, alone, ratio_of
from benchmarks.pages import lineage_page, partitions_page
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.sizes import Sizes
from benchmarks.table import Figure, amount
from benchmarks.ticks import Ticks
from retail_pipeline.assets.common import materialized
from retail_pipeline.assets.partitions import hour_key
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import evaluate
from retail_pipeline.warehouse.tables import write_counts

COUNTED, COUNTED_HOURS = "raw_sensor_counts", 48
IDLE, BUSY = "a tick of the automation, nothing new", "a tick of the automation, an hour of all stores new"
LINEAGE, PARTITIONS, CHECKS = "the lineage page", "the partitions page", "every check"
SPLIT, PARSE = "PartitionsDefinition.get_partition_key_from_str", "PartitionsDefinition.deserialize_subset"
CALLS: Mapping[str, str] = {IDLE: PARSE, BUSY: PARSE, LINEAGE: PARSE, PARTITIONS: SPLIT}
"""The call of Dagster's own that each of them makes for every key, or for every table's keys."""
LIMITS: Mapping[str, float | None] = {IDLE: 2.0, BUSY: 2.0, LINEAGE: 1.0, PARTITIONS: 1.0, CHECKS: None}
_EVENTS = """
INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp, asset_key, partition)
SELECT '', '', 'ASSET_MATERIALIZATION', now() AT TIME ZONE 'UTC', %(asset)s, key FROM unnest(%(keys)s::text[]) AS key
"""


def run(sizes: Sizes) -> list[Figure]:
    """A figure for each thing that happens all day, and for what it leaves in Dagster's log."""
    many = cast("Mapping[str, list[float]]", alone(f"{__name__}:measure", sizes.dagster_stores, sizes.rounds))
    one = cast("Mapping[str, list[float]]", alone(f"{__name__}:measure", 1, sizes.rounds))
    size = f"{sizes.dagster_stores:,} stores, the default horizon"
    figures = [_figure(name, size, limit, many, one[name]) for name, limit in LIMITS.items()]
    return [*figures, _growth(size, many, one, sizes.dagster_stores), *event_volume.figures(sizes)]


def _figure(name: str, size: str, limit: float | None, many: Mapping[str, list[float]], one: Sequence[float]) -> Figure:
    ours = many[name]
    if limit is None:
        return Figure(name, size, median(ours), "the same with one store", median(one), ratio_of(ours, one))
    words = f"one store takes {amount(median(one), 's')}; at most"
    own = f"Dagster's `{CALLS[name]}` takes {amount(median(many[CALLS[name]]), 's')} a table"
    return Figure(name, size, median(ours), words, limit, ratio_of(ours, [limit] * len(ours)), 1, limit=own)


def _growth(size: str, many: Mapping[str, Sequence[float]], one: Mapping[str, Sequence[float]], stores: int) -> Figure:
    """All of it together: no worse than the number of stores."""
    ours, theirs = ([sum(turn) for turn in zip(*(told[name] for name in LIMITS), strict=True)] for told in (many, one))
    ratio = ratio_of(ours, theirs)
    return Figure("all of these together", size, median(ours), "the same with one store", median(theirs), ratio, stores)


def measure(stores: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each, a figure a round."""
    with pipeline(stores, 1, "http://127.0.0.1:1", COUNTED_HOURS) as line:
        _fill(line)
        target = LoadableTargetOrigin(module_name="retail_pipeline.definitions")
        where = InProcessWorkspaceLoadTarget(InProcessCodeLocationOrigin(target))
        # Dagster's pages and daemon use what Dagster has given up; as an error, such a warning would end the tick.
        warnings.simplefilter("ignore")
        with WorkspaceProcessContext(line.instance, where) as workspace:
            jobs = _jobs(line, workspace)
            # The first of each fills caches that stay; a daemon that is new needs two ticks to know where it stands.
            for job in (jobs[0], *jobs):
                job.seconds()
            return {job.name: [job.seconds() for _ in range(rounds)] for job in [*jobs, *_dagsters_own(line)]}


def _jobs(line: Pipeline, workspace: WorkspaceProcessContext) -> list[Contender]:
    """What happens all day, in the order in which it is measured."""
    ticks, keys = Ticks(workspace), [*line.definitions.resolve_all_asset_keys()]
    newest = [hour_key(line.hours[-1], store_id) for store_id in line.fleet.store_ids]

    def collected() -> None:
        ticks.make_ready()
        _materialize(line, line.partitions.key(COUNTED), newest)

    def derivation_is_asked_for() -> None:
        before = ticks.asked()
        ticks.tick()
        if ticks.asked() == before:
            raise RuntimeError("the tick asked for nothing; its time would be of less work")

    def every_check() -> None:
        with line.warehouse.reading() as warehouse:
            evaluate(line.fleet, warehouse, None, line.now)

    return [
        Contender(IDLE, ticks.tick, ticks.make_ready),
        Contender(BUSY, derivation_is_asked_for, collected),
        Contender(LINEAGE, partial(lineage_page, workspace, keys)),
        Contender(PARTITIONS, partial(partitions_page, workspace, line.partitions.key(COUNTED))),
        Contender(CHECKS, every_check),
    ]


def _dagsters_own(line: Pipeline) -> list[Contender]:
    """What Dagster does with the keys of a full table, by itself: splits each, and reads the stored state."""
    partitions = line.partitions.store_hours
    with partition_loading_context(None, line.instance):
        keys = list(partitions.get_partition_keys())
    stored = partitions.empty_subset().with_partition_keys(keys).serialize()

    def split() -> None:
        for key in keys:
            partitions.get_partition_key_from_str(key)

    return [Contender(SPLIT, split), Contender(PARSE, partial(partitions.deserialize_subset, stored))]


def _fill(line: Pipeline) -> None:
    keys: dict[dg.PartitionsDefinition[str], list[str]] = {}
    for asset in line.definitions.resolve_all_asset_specs():
        if isinstance(partitions := asset.partitions_def, dg.MultiPartitionsDefinition):
            if partitions not in keys:
                keys[partitions] = list(partitions.get_partition_keys(dynamic_partitions_store=line.instance))
            _materialize(line, asset.key, keys[partitions])
            _note_state(line, asset.key, partitions, keys[partitions])
    counts = made_counts(line.fleet, line.hours[0], 2)
    line.empty()
    with line.warehouse.transaction() as connection:
        write_counts(connection, Report.LINES, counts)
    hours = dict.fromkeys(line.fleet.store_ids, line.hours)
    derive_hours(line.fleet, line.warehouse, hours, line.now, "bench")


def _materialize(line: Pipeline, key: dg.AssetKey, keys: Sequence[str]) -> None:
    """Events of these partitions, the last of them as Dagster writes it; nothing here reads what the others say."""
    with psycopg.connect(line.dagster_url) as connection:
        connection.execute(_EVENTS, {"keys": keys[:-1], "asset": key.to_string()})
    line.instance.report_runless_asset_event(materialized(key, keys[-1], 24))


def _note_state(
    line: Pipeline, key: dg.AssetKey, partitions: dg.PartitionsDefinition[str], keys: Sequence[str]
) -> None:
    """The state as the last page left it; for Dagster to work it out from all events takes 2 s a table, once."""
    [record] = line.instance.get_asset_records([key])
    nothing = partitions.empty_subset()
    with partition_loading_context(None, line.instance):
        state = AssetStatusCacheValue(
            latest_storage_id=record.asset_entry.last_materialization_storage_id or 0,
            partitions_def_id=partitions.get_serializable_unique_identifier(),
            serialized_materialized_partition_subset=nothing.with_partition_keys(keys).serialize(),
            serialized_failed_partition_subset=nothing.serialize(),
            serialized_in_progress_partition_subset=nothing.serialize(),
        )
    line.instance.update_asset_cached_status_data(key, state)
