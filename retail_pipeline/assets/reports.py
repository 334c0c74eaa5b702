"""Pages for people, with their pictures in the UI: `store_reports` by store, `organization_reports` by organization."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from retail_pipeline.assets.common import OWNERS, materialized, utc_now
from retail_pipeline.assets.partitions import DAY_KEY, Partitions, day_key, days_by_store
from retail_pipeline.assets.summaries import DUE_ONLY
from retail_pipeline.reports.day import DayReport
from retail_pipeline.reports.notes import notes
from retail_pipeline.reports.organization import OrganizationReport
from retail_pipeline.reports.overview import key_figures, ranking_picture
from retail_pipeline.reports.pictures import entries_picture
from retail_pipeline.reports.wording import Wording
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.report_receivers import report_receivers
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.organization_report import due_overviews, keep_overviews
from retail_pipeline.steps.report import due_reports, keep_reports
from retail_pipeline.steps.report_delivery import send_reports


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
        now, declared = utc_now(), fleet.load()
        wanted = {(store, day) for store, days in days_by_store(context.partition_keys).items() for day in days}
        is_scheduled = context.run.tags.get(DUE_ONLY) == "true"
        with warehouse.open() as opened:
            if is_scheduled:
                wanted &= set(due_reports(declared, opened, now))
            made = keep_reports(declared, opened, sorted(wanted), now, context.run.run_id)
            for (store_id, day), report in made.items():
                yield materialized(context.asset_key, day_key(day, store_id), 1, shown(report))
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

        Made when the day is over in all its stores, and again when figures of the two weeks change. `retail-pipeline
        report --organization` shows one.
        """
        now, declared = utc_now(), fleet.load()
        days = [dt.date.fromisoformat(key) for key in context.partition_keys]
        wanted = {(organization.id, day) for organization in declared.organizations for day in days}
        with warehouse.open() as opened:
            if context.run.tags.get(DUE_ONLY) == "true":
                wanted &= set(due_overviews(declared, opened, now))
            made = keep_overviews(declared, opened, sorted(wanted), now, context.run.run_id)
        for day in sorted({report.trading_day for report in made}):
            of_day = [report for report in made if report.trading_day == day]
            pictures = {one.organization_name: ranking(one) for one in of_day}
            yield materialized(context.asset_key, day.strftime(DAY_KEY), len(of_day), pictures)

    return organization_reports


def ranking(report: OrganizationReport) -> dg.MetadataValue:
    """What the UI shows of an overview: the ranking as a picture, and how many stores are not in it."""
    words = Wording(report.language)
    figures = "\n".join(f"- {figure.label}: {figure.value}" for figure in key_figures(report, words))
    if not report.ranked:
        return dg.MetadataValue.md(figures)
    picture = ranking_picture(report, words)
    return dg.MetadataValue.md(f"![{picture.title}]({picture.uri})\n\n{figures}")


def shown(report: DayReport) -> dict[str, dg.MetadataValue]:
    """What the UI shows of a report by itself: entries by hour against normal, and the day in words."""
    words = Wording(report.language)
    picture = entries_picture(report, words)
    text = "\n".join(f"- {note}" for note in notes(report, words))
    return {
        "how was the day": dg.MetadataValue.md(f"![{picture.title}]({picture.uri})\n\n{text}"),
    }
