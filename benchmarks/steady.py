"""What: what an idle pipeline costs: a tick of the automation, the pages that people open, every check.

100 stores and the default horizon, with every hour of the counts and of the hourly figures materialized, as after a
month. Events are copied inside Postgres: to report half a million one by one would take an hour and change nothing.

Yardstick: what is still quick to a person or fits into a tick of the daemon, and the same graph with a single store.
"""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import cast

import dagster as dg
import psycopg
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceRequestContext
from dagster_graphql.test.utils import execute_dagster_graphql

from benchmarks.counts import made_counts
from benchmarks.fleet import HOUR
from benchmarks.measure import Contender, alone, ratio_of
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.sizes import Sizes
from benchmarks.table import Figure
from retail_pipeline.assets.common import materialized
from retail_pipeline.assets.partitions import hour_key
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import evaluate
from retail_pipeline.warehouse.tables import write_counts

FILLED = ("raw_sensor_counts", "hourly_analytics")
CHECKS = "every check"
LIMITS: Mapping[str, float | None] = {
    "a tick of the automation, nothing new": 2.0,
    "a tick of the automation, an hour of all stores new": 2.0,
    "the lineage page's query": 1.0,
    "the partitions page's query": 1.0,
    CHECKS: None,
}
_LINEAGE = """
{ assetNodes { assetKey { path } partitionStats { numMaterialized numPartitions numFailed numMaterializing }
  assetMaterializations(limit: 1) { timestamp runId } } }
"""
_PARTITIONS = """
query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  partitionKeysByDimension { name partitionKeys }
  assetPartitionStatuses { ... on MultiPartitionStatuses { primaryDimensionName ranges { primaryDimStartKey
  primaryDimEndKey secondaryDim { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } } } } } }
} }
"""
_COPY = """
INSERT INTO event_logs (run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
SELECT run_id, replace(event, partition, key), dagster_event_type, timestamp, step_key, asset_key, key
FROM event_logs, unnest(%(keys)s::text[]) AS key
WHERE id = (SELECT max(id) FROM event_logs WHERE asset_key = %(asset)s AND partition IS NOT NULL)
"""


def run(sizes: Sizes) -> list[Figure]:
    """A figure for each thing that happens all day."""
    days = 2 if sizes.name == "small" else 31
    many = cast("Mapping[str, list[float]]", alone(f"{__name__}:measure", sizes.dagster_stores, days, sizes.rounds))
    one = cast("Mapping[str, list[float]]", alone(f"{__name__}:measure", 1, days, sizes.rounds))
    size = f"{sizes.dagster_stores:,} stores, {days} days of hours"
    return [_figure(name, size, limit, many[name], one[name], sizes.dagster_stores) for name, limit in LIMITS.items()]


def _figure(
    name: str, size: str, limit: float | None, many: Sequence[float], one: Sequence[float], stores: int
) -> Figure:
    """Beside its limit where there is one, else beside one store: no worse than growth with the stores."""
    if limit is None:
        return Figure(name, size, median(many), "the same with one store", median(one), ratio_of(many, one), stores)
    words = f"one store takes {median(one) * 1000:,.0f} ms; at most"
    return Figure(name, size, median(many), words, limit, ratio_of(many, [limit] * len(many)), 1)


def measure(stores: int, days: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each, a figure a round."""
    with pipeline(stores, 1, "http://127.0.0.1:1", days * 24) as line:
        _fill(line)
        target = LoadableTargetOrigin(module_name="retail_pipeline.definitions")
        # Dagster, looking at every schedule, reads a property that it has given up itself.
        warnings.filterwarnings("ignore", message="Property `ScheduleDefinition.environment_vars`")
        with in_process_test_workspace(line.instance, target) as context:
            tick = Tick(line)
            asset = {"key": {"path": [FILLED[0]]}}
            jobs: dict[str, Contender] = {
                name: Contender(name, job, prepare)
                for name, job, prepare in (
                    ("a tick of the automation, nothing new", tick.run, None),
                    ("a tick of the automation, an hour of all stores new", tick.run, tick.collect),
                    ("the lineage page's query", partial(_ask, context, _LINEAGE, {}), None),
                    ("the partitions page's query", partial(_ask, context, _PARTITIONS, asset), None),
                    (CHECKS, lambda: evaluate(line.fleet, line.warehouse, None, line.now), None),
                )
            }
            for job in jobs.values():
                job.seconds()  # the first of each fills caches that stay
            return {name: [job.seconds() for _ in range(rounds)] for name, job in jobs.items()}


class Tick:
    """The evaluation of all automation conditions, each from where the last one ended."""

    def __init__(self, line: Pipeline) -> None:
        self.line = line
        self.cursor: dg.AutomationConditionCursor | None = None

    def run(self) -> None:
        """One tick."""
        told = dg.evaluate_automation_conditions(self.line.definitions, self.line.instance, cursor=self.cursor)
        self.cursor = told.cursor

    def collect(self) -> None:
        """An hour of every store is collected."""
        keys = [hour_key(self.line.hours[-1], store_id) for store_id in self.line.fleet.store_ids]
        _materialize(self.line, FILLED[0], keys)


def _fill(line: Pipeline) -> None:
    keys = [hour_key(hour, store_id) for hour in line.hours for store_id in line.fleet.store_ids]
    for asset in FILLED:
        _materialize(line, asset, keys)
    counts = made_counts(line.fleet, line.hours[-1] - 47 * HOUR, 2)
    line.empty()
    with line.warehouse.transaction() as connection:
        write_counts(connection, Report.LINES, counts)
    hours = dict.fromkeys(line.fleet.store_ids, line.hours[-48:])
    derive_hours(line.fleet, line.warehouse, hours, line.now, "bench")


def _materialize(line: Pipeline, asset: str, keys: list[str]) -> None:
    key = line.partitions.key(asset)
    line.instance.report_runless_asset_event(materialized(key, keys[0], 24))
    with psycopg.connect(line.dagster_url) as connection:
        connection.execute(_COPY, {"keys": keys[1:], "asset": key.to_string()})


def _ask(context: WorkspaceRequestContext, query: str, variables: Mapping[str, object]) -> None:
    """Ask as the pages do.

    Raises:
        RuntimeError: the answer is an error; its time would be of less work.
    """
    answer = execute_dagster_graphql(context, query, variables=variables)
    if answer.errors or not answer.data:
        raise RuntimeError(f"the query failed: {answer.errors}")
