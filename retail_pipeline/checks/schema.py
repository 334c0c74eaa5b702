"""Whether the warehouse's schema is the declared one: `retail-pipeline schema check`, in the UI and every hour."""

import dagster as dg

from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.warehouse import schema_description as schema
from retail_pipeline.warehouse.schema_diff import Difference, not_carried

SHOWN = 50


def make_schema_check(partitions: Partitions) -> dg.AssetChecksDefinition:
    """The check of this code location, on the asset that tells how the pipeline is."""

    @dg.asset_check(
        name="warehouse_schema_matches",
        asset=partitions.key("pipeline_health"),
        description="Tables, columns, keys, indexes, policies, grants and comments are what the migrations declare.",
    )
    def warehouse_schema_matches(warehouse: SupabasePostgres) -> dg.AssetCheckResult:
        """Compare, and change nothing."""
        with warehouse.open() as opened, opened.transaction() as connection:
            return outcome(not_carried(schema.compare(connection).drift))

    return warehouse_schema_matches


def outcome(drift: list[Difference]) -> dg.AssetCheckResult:
    """Passed without drift; what is only extra is a warning, what is missing or different an error."""
    is_extra = all(one.change == "extra" for one in drift)
    return dg.AssetCheckResult(
        passed=not drift,
        severity=dg.AssetCheckSeverity.WARN if is_extra else dg.AssetCheckSeverity.ERROR,
        description=(
            f"{len(drift)} differences, first: {drift[0]}. `retail-pipeline schema fix` prints the repair."
            if drift
            else "The schema is as declared."
        ),
        metadata={"differences": [str(one) for one in drift[:SHOWN]]},
    )
