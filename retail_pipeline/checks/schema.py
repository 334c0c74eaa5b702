"""Whether the warehouse's schema is the declared one: `retail-pipeline schema check`, in the UI and every hour."""

from collections.abc import Iterator

import dagster as dg

from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.warehouse import schema_description as schema
from retail_pipeline.warehouse.schema_diff import Difference, not_carried

SHOWN = 50


def make_schema_check(partitions: Partitions) -> dg.AssetChecksDefinition:
    """The check of this code location, on the asset that tells how the pipeline is."""
    spec = dg.AssetCheckSpec(
        "warehouse_schema_matches",
        asset=partitions.key("pipeline_health"),
        description="Tables, columns, keys, indexes, policies, grants and comments are what the migrations declare.",
    )
    output = spec.get_python_identifier()

    # By hand, like the checks of data: a check that waits for its asset is skipped when the asset has just failed.
    @dg.op(name="warehouse_schema", out={output: dg.Out(dg.Nothing, is_required=False)})
    def warehouse_schema(warehouse: SupabasePostgres) -> Iterator[dg.AssetCheckResult]:
        """Compare, and change nothing."""
        with warehouse.open() as opened, opened.transaction() as connection:
            yield outcome(not_carried(schema.compare(connection).drift), spec)

    check: dg.AssetChecksDefinition = dg.AssetChecksDefinition.create(
        keys_by_input_name={}, node_def=warehouse_schema, check_specs_by_output_name={output: spec}, can_subset=False
    )
    return check


def outcome(drift: list[Difference], spec: dg.AssetCheckSpec) -> dg.AssetCheckResult:
    """Passed without drift; what is only extra is a warning, what is missing or different an error."""
    is_extra = all(one.change == "extra" for one in drift)
    return dg.AssetCheckResult(
        check_name=spec.name,
        asset_key=spec.asset_key,
        passed=not drift,
        severity=dg.AssetCheckSeverity.WARN if is_extra else dg.AssetCheckSeverity.ERROR,
        description=(
            f"{len(drift)} differences, first: {drift[0]}. `retail-pipeline schema fix` prints the repair."
            if drift
            else "The schema is as declared."
        ),
        metadata={"differences": [str(one) for one in drift[:SHOWN]]},
    )
