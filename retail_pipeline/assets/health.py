"""`pipeline_health`: how the pipeline is, per stage and store, as a row each; red when something is wrong."""

import dagster as dg

from retail_pipeline.assets.common import OWNERS, utc_now
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.resources.dagster_faults import TOLD_OTHERWISE
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.inspection import AFTER_ASSETS, Inspection
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.health import CHECKS, record_health


def make_pipeline_health(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset of this code location; unpartitioned, it looks at the last hours of every store."""
    # Of no partition in particular: for every one of them, Dagster would list all keys of the horizon in each run.
    whole = dg.SpecificPartitionsPartitionMapping([])
    spec = dg.AssetSpec(
        partitions.key("pipeline_health"),
        deps=[
            dg.AssetDep(partitions.key("daily_summaries"), partition_mapping=whole),
            dg.AssetDep(partitions.key("regional_counts"), partition_mapping=whole),
        ],
        description=(
            "One row per stage (collection, processing, analytics, devices) and store, each hour: ok, warn or error. "
            "What `retail-pipeline status` and the view `pipeline_status` show. The run is red when a check of "
            "severity error failed; the rows are written all the same."
        ),
        group_name="health",
        kinds={"postgres"},
        owners=OWNERS,
        metadata={"dagster/table_name": "retail.pipeline_health"},
    )

    # Named apart from its table: the job of that name exists too, and Dagster keeps both in one namespace.
    @dg.multi_asset(name="inspect_pipeline", specs=[spec], op_tags=AFTER_ASSETS)
    def pipeline_health(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres, inspection: Inspection
    ) -> dg.MaterializeResult:
        """Inspect everything, write the rows, and fail when something is wrong."""
        now, declared = utc_now(), fleet.load()
        with warehouse.open() as opened:
            outcomes = inspection.outcomes(declared, opened, CHECKS, now)
            rows = record_health(declared, opened, outcomes, now, context.run.run_id)
        red = {name: outcome.in_words() for name, outcome in outcomes.items() if outcome.has_errors}
        for name, words in red.items():
            context.log.error("%s: %s", name, words)
        if red:
            context.log_event(dg.AssetObservation(spec.key, metadata={"rows": rows, **red}))
            words = f"{len(red)} checks failed: {', '.join(red)}"
            raise dg.Failure(words, metadata={**red, **TOLD_OTHERWISE}, allow_retries=False)
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return pipeline_health
