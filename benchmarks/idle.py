"""The graph of a pipeline again, with bodies that do no work: what Dagster takes for itself.

Assets, checks, dependencies, partitions and jobs are the pipeline's, because Dagster's own work grows with them: it
plans every partition, looks up the inputs of every asset, and writes down every step. The bodies tell it of the same
partitions and checks, by the same few writes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from retail_pipeline.assets.common import at_once
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.automation.jobs import make_jobs

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation
Told = Mapping[str, Sequence[Event]]
"""Partitions that were made and checks that were evaluated, by the step of a run that told of them."""


def told_by(ended: dg.ExecuteInProcessResult) -> Told:
    """What the steps of a run told."""
    told: dict[str, list[Event]] = defaultdict(list)
    for event in ended.all_events:
        if event.is_step_materialization:
            told[str(event.step_key)].append(event.step_materialization_data.materialization)
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            told[str(event.step_key)].append(event.asset_check_evaluation_data)
    return told


def idle_definitions(definitions: dg.Definitions, partitions: Partitions, told: Mapping[str, Told]) -> dg.Definitions:
    """Assets, checks and jobs of `definitions`; a step of a job tells what it is `told`, by the job's name."""
    checks = [one for one in definitions.asset_checks or () if isinstance(one, dg.AssetChecksDefinition)]
    assets = [one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition)]
    return dg.Definitions(
        assets=[_idle_asset(one, told) for one in assets],
        asset_checks=[_idle_checks(one, told) for one in checks],
        jobs=make_jobs(partitions),
        executor=dg.in_process_executor,
    )


def _idle_asset(assets: dg.AssetsDefinition, told: Mapping[str, Told]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=assets.op.name,
        specs=[spec.replace_attributes(skippable=True) for spec in assets.specs],
        backfill_policy=assets.backfill_policy,
        can_subset=assets.can_subset,
        op_tags=assets.op.tags,
    )
    def idle(context: dg.AssetExecutionContext) -> Iterator[dg.DagsterEvent]:
        events = told[context.job_name].get(assets.op.name, ())
        yield from at_once(context, (one for one in events if isinstance(one, dg.AssetMaterialization)))

    return idle


def _idle_checks(checks: dg.AssetChecksDefinition, told: Mapping[str, Told]) -> dg.AssetChecksDefinition:
    specs = {spec.get_python_identifier(): spec for spec in checks.check_specs}

    @dg.op(
        name=checks.op.name, out={name: dg.Out(dg.Nothing, is_required=False) for name in specs}, tags=checks.op.tags
    )
    def idle(context: dg.OpExecutionContext) -> Iterator[dg.AssetCheckEvaluation]:
        step = context.get_step_execution_context()
        for one in told[context.job_name].get(checks.op.name, ()):
            if isinstance(one, dg.AssetCheckEvaluation):
                yield _result(one).to_asset_check_evaluation(step)

    made: dg.AssetChecksDefinition = dg.AssetChecksDefinition.create(
        keys_by_input_name={}, node_def=idle, check_specs_by_output_name=specs, can_subset=checks.can_subset
    )
    return made


def _result(one: dg.AssetCheckEvaluation) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=one.asset_key,
        check_name=one.check_name,
        passed=one.passed,
        severity=one.severity,
        description=one.description,
        metadata=one.metadata,
    )
