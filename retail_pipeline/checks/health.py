"""Every data-quality check as a Dagster asset check, unpartitioned: each looks at the last hours of all stores."""

from collections.abc import Iterator, Mapping

import dagster as dg
import polars as pl

from retail_pipeline.assets.common import utc_now
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.inspection import AFTER_ASSETS, Inspection
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.health import CHECKS, Outcome

SHOWN = 50


def make_checks(partitions: Partitions) -> dg.AssetChecksDefinition:
    """All checks, evaluated together in a handful of queries; a run executes those of its assets.

    Built by hand and not by `multi_asset_check`, which makes a check wait for an output of its asset: collectors report
    their partitions themselves and have none, and a check is needed most when its asset has just failed. The low
    priority lets the assets of the same run go first.
    """
    specs = {
        spec.get_python_identifier(): spec
        for spec in (
            dg.AssetCheckSpec(check.name, asset=partitions.key(check.table), description=check.asserts)
            for check in CHECKS.values()
        )
    }

    @dg.op(
        name="data_quality",
        out={name: dg.Out(dg.Nothing, is_required=False) for name in specs},
        tags=AFTER_ASSETS,
    )
    def data_quality(
        context: dg.OpExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres, inspection: Inspection
    ) -> Iterator[dg.AssetCheckEvaluation]:
        """Look at the last 48 hours of every store.

        Each check is told as what it found; as a result it would be told once more as an output, which nobody reads.
        """
        selected = {f"{key.asset_key.path[-1]}/{key.name}": key for key in context.selected_asset_check_keys}
        with warehouse.open() as opened:
            outcomes = inspection.outcomes(fleet.load(), opened, selected, utc_now())
        step = context.get_step_execution_context()
        for name, outcome in outcomes.items():
            yield _result(selected[name], outcome).to_asset_check_evaluation(step)

    checks: dg.AssetChecksDefinition = dg.AssetChecksDefinition.create(
        keys_by_input_name={}, node_def=data_quality, check_specs_by_output_name=specs, can_subset=True
    )
    return checks


def _result(key: dg.AssetCheckKey, outcome: Outcome) -> dg.AssetCheckResult:
    metadata: Mapping[str, dg.MetadataValue] = {
        "findings": dg.MetadataValue.int(outcome.findings.height),
        "looked_at_since": dg.MetadataValue.timestamp(outcome.since),
    }
    if not outcome.findings.is_empty():
        metadata = {**metadata, "what_to_do": dg.MetadataValue.table(_records(outcome.findings))}
    return dg.AssetCheckResult(
        check_name=key.name,
        asset_key=key.asset_key,
        passed=outcome.findings.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR if outcome.has_errors else dg.AssetCheckSeverity.WARN,
        description=outcome.in_words(),
        metadata=metadata,
    )


def _records(findings: pl.DataFrame) -> list[dg.TableRecord]:
    shown = findings.head(SHOWN).with_columns(pl.col("hour_start").dt.strftime("%Y-%m-%d %H:%M UTC"))
    return [dg.TableRecord({k: "" if v is None else v for k, v in row.items()}) for row in shown.iter_rows(named=True)]
