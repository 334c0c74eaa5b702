"""Daily summaries: what a trading day of a store comes to."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from retail_pipeline.assets.common import OWNERS, at_once, definition_metadata, materialized, utc_now
from retail_pipeline.assets.derived import report_derived
from retail_pipeline.assets.partitions import Partitions, day_key, days_by_store
from retail_pipeline.frames.schemas import DAILY_SUMMARIES
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.summarise import summarise_days

DUE_ONLY = "retail/due_only"
"""Run tag of the hourly tick: of the rectangle, only the days whose hours changed are summed up again."""


def hours_of_days() -> dg.MultiPartitionMapping:
    """Every UTC hour that a local day from UTC-12 to UTC+14 can touch; the body reads the exact hours.

    The keys of a MultiPartitionMapping are the dimensions of the upstream asset: the wrong way round it loads and fails
    only when a backfill is launched.
    """
    hours = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=1, allow_nonexistent_upstream_partitions=True)
    return dg.MultiPartitionMapping(
        {
            "hour": dg.DimensionPartitionMapping("day", hours),
            "store": dg.DimensionPartitionMapping("store", dg.IdentityPartitionMapping()),
        }
    )


def make_daily_summaries(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the partitions of this code location."""

    @dg.asset(
        key=partitions.key("daily_summaries"),
        deps=[dg.AssetDep(partitions.key("hourly_analytics"), partition_mapping=hours_of_days())],
        partitions_def=partitions.store_days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name="analytics",
        kinds={"polars", "postgres"},
        owners=OWNERS,
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(minutes=150), warn_window=dt.timedelta(minutes=80)
        ),
        metadata=definition_metadata("daily_summaries", DAILY_SUMMARIES),
    )
    def daily_summaries(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> Iterator[dg.DagsterEvent]:
        """One row per store and local trading day: totals, ratios from sums, peak and power hours, drift.

        A day begins at the store's `day_starts_at` and lasts 23, 24 or 25 hours. A day without a measured hour has no
        row; today's row is provisional (`is_complete` false). Compared with the same weekday a week and 52 weeks before
        once both days are over and nine tenths of them were measured.
        """
        due_only = context.run.tags.get(DUE_ONLY) == "true"
        with warehouse.open() as opened:
            summary = summarise_days(
                fleet.load(),
                opened,
                days_by_store(context.partition_keys),
                utc_now(),
                context.run.run_id,
                due_only=due_only,
                since=partitions.start,
            )
        days = (materialized(context.asset_key, day_key(day, store_id), 1) for store_id, day in sorted(summary.days))
        yield from at_once(context, days)
        yield from report_derived(context, partitions, summary.derived, summary.failed)

    return daily_summaries
