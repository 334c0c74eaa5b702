"""The runs that stand for Dagster's own cost are those of the pipeline, but for the work."""

import dagster as dg
import pytest

from benchmarks.idle import idle_definitions
from retail_pipeline.automation import jobs
from retail_pipeline.definitions import build_defs, current_partitions
from retail_pipeline_tests.shops import utc

NOW = utc("2026-11-20 12:00")
JOBS = (jobs.COLLECT_SENSORS, jobs.CALCULATE_REGIONS, jobs.AGGREGATE, jobs.HEALTH)


@pytest.fixture(scope="module")
def both() -> tuple[dg.Definitions, dg.Definitions]:
    """The pipeline's definitions, and those without work."""
    definitions = build_defs(now=NOW)
    return definitions, idle_definitions(definitions, current_partitions(NOW), {})


def test_the_idle_graph_has_the_same_assets_partitions_and_dependencies(both) -> None:
    graphs = [one.resolve_asset_graph() for one in both]

    ours, idle = (
        {node.key: (node.parent_keys, node.check_keys, node.partitions_def) for node in graph.asset_nodes}
        for graph in graphs
    )
    assert idle == ours


@pytest.mark.parametrize("job", JOBS)
def test_an_idle_job_has_the_same_steps_with_as_many_outputs(both, job: str) -> None:
    ours, idle = (
        {node.name: len(node.definition.output_defs) for node in one.resolve_job_def(job).nodes} for one in both
    )
    assert idle == ours
