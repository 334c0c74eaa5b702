"""Pages for people, with their pictures in the UI: `store_reports` by store, `organization_reports` by organization.

What draws is loaded by the run that draws: it would double the time and the memory in which a code server starts.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from retail_pipeline.assets.common import OWNERS, materialized, utc_now
from retail_pipeline.assets.partitions import DAY_KEY, Partitions, day_key, days_by_store
from retail_pipeline.assets.summaries import DUE_ONLY
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.report_receivers import report_receivers
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.due_pages import due_overviews, due_reports
from retail_pipeline.steps.report_delivery import send_reports
from retail_pipeline.warehouse.report_deliveries import Kind


def make_store_reports(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the partitions of this code location."""

    @dg.asset(
        key=partitions.key("store_reports"),
        deps=[partitions.key("daily_summaries"), partitions.key("heat_maps")],
        partitions_def=partitions.store_days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name="decisions",
        kinds={"html", "postgres"},
        owners=OWNERS,
        metadata={"dagster/table_name": "retail.store_reports"},
    )
    def store_reports(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> Iterator[dg.AssetMaterialization]:
        """One HTML page per store and trading day on which the shop was open: figures, pictures, the day in words.

        Made at 08:00 of the store's morning, and again when the day's figures change; the schedule's runs send it to
        the store's `recipients`. `retail-pipeline report` shows one.
        """
        from retail_pipeline.assets.drawn import kept_reports  # noqa: PLC0415

        now, declared = utc_now(), fleet.load()
        wanted = {(store, day) for store, days in days_by_store(context.partition_keys).items() for day in days}
        is_scheduled = context.run.tags.get(DUE_ONLY) == "true"
        with warehouse.open() as opened:
            if is_scheduled:
                wanted &= set(due_reports(declared, opened, now))
            made = kept_reports(declared, opened, sorted(wanted), now, context.run.run_id)
            for (store_id, day), picture in made.items():
                yield materialized(context.asset_key, day_key(day, store_id), 1, picture)
            sent = send_reports(declared, opened, report_receivers(declared), utc_now()) if is_scheduled else []
        for sentence in sent:
            context.log.info(sentence)

    return store_reports


def make_organization_reports(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the days of this code location: a partition holds the overviews of all its organizations."""
    of_the_day = dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name="day")

    @dg.asset(
        key=partitions.key("organization_reports"),
        deps=[dg.AssetDep(partitions.key("daily_summaries"), partition_mapping=of_the_day)],
        partitions_def=partitions.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name="decisions",
        kinds={"html", "postgres"},
        owners=OWNERS,
        metadata={"dagster/table_name": "retail.organization_reports"},
    )
    def organization_reports(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> Iterator[dg.AssetMaterialization]:
        """One HTML page per organization and trading day: its stores ranked like for like by the week.

        Made when the day is over in all its stores, and again when figures of the two weeks change; a scheduled run
        sends it once to the organization's `recipients`. `retail-pipeline report --organization` shows one.
        """
        from retail_pipeline.assets.drawn import kept_overviews  # noqa: PLC0415

        now, declared = utc_now(), fleet.load()
        days = [dt.date.fromisoformat(key) for key in context.partition_keys]
        wanted = {(organization.id, day) for organization in declared.organizations for day in days}
        is_scheduled = context.run.tags.get(DUE_ONLY) == "true"
        with warehouse.open() as opened:
            if is_scheduled:
                wanted &= set(due_overviews(declared, opened, now))
            made = kept_overviews(declared, opened, sorted(wanted), now, context.run.run_id)
            receivers = report_receivers(declared)
            sent = send_reports(declared, opened, receivers, utc_now(), Kind.OVERVIEW) if is_scheduled else []
        for sentence in sent:
            context.log.info(sentence)
        for day, rankings in made.items():
            yield materialized(context.asset_key, day.strftime(DAY_KEY), len(rankings), dict(rankings))

    return organization_reports
