"""What follows from the counts, hour by hour: zone occupancy and hourly figures, without asking a device.

A run for any hour recomputes the store's whole trading day so far: occupancy accumulates, so hours are not
independent. Only rows that differ are written.
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from retail_pipeline.assets.common import OWNERS, definition_metadata, each_materialized, materialized, utc_now
from retail_pipeline.assets.partitions import Partitions, hour_key, hours_by_store
from retail_pipeline.frames.schemas import HOURLY_ANALYTICS, VIRTUAL_REGION_OCCUPANCY
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.derive import Derivation, derive_hourly, derive_zones

GROUP = "analytics"
FRESH = dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(minutes=120), warn_window=dt.timedelta(minutes=60))


def follow_inputs() -> dg.AutomationCondition:
    """Derive a partition again whenever an input of it was written, however old the hour is.

    Not `eager()`: that waits for every input, forgets an update between a request and the next tick, and looks at the
    latest hour only (measured: nothing was ever requested while one input was missing).
    """
    settled = (
        dg.AutomationCondition.newly_requested()
        | dg.AutomationCondition.newly_updated()
        | dg.AutomationCondition.initial_evaluation()
    )
    return (
        dg.AutomationCondition.any_deps_updated().since(settled)
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    )


def make_virtual_region_occupancy(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the partitions of this code location."""

    @dg.asset(
        key=partitions.key("virtual_region_occupancy"),
        deps=[partitions.key("raw_sensor_counts")],
        partitions_def=partitions.store_hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name=GROUP,
        kinds={"polars", "postgres"},
        owners=OWNERS,
        automation_condition=follow_inputs(),
        freshness_policy=FRESH,
        metadata=definition_metadata("virtual_region_occupancy", VIRTUAL_REGION_OCCUPANCY),
    )
    def virtual_region_occupancy(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> Iterator[dg.AssetMaterialization]:
        """One row per store, zone and interval: entries, exits and occupancy (people) from the doors of the zone.

        Occupancy is NULL, with the reason, where some boundary of the zone is not a counted line.
        """
        with warehouse.open() as opened:
            derivation = derive_zones(
                fleet.load(), opened, hours_by_store(context.partition_keys), utc_now(), context.run_id
            )
        yield from report_derivation(context, partitions, context.asset_key, derivation)

    return virtual_region_occupancy


def make_hourly_analytics(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the partitions of this code location."""

    @dg.asset(
        key=partitions.key("hourly_analytics"),
        deps=[partitions.key("raw_sensor_counts"), partitions.key("virtual_region_occupancy")],
        partitions_def=partitions.store_hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name=GROUP,
        kinds={"polars", "postgres"},
        owners=OWNERS,
        automation_condition=follow_inputs(),
        freshness_policy=FRESH,
        metadata=definition_metadata("hourly_analytics", HOURLY_ANALYTICS),
    )
    def hourly_analytics(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> Iterator[dg.AssetMaterialization]:
        """One row per store and local clock hour: entries, exits, passers-by, capture, occupancy (people, 0..1).

        Measured figures only. An hour that no device reported has no row; `completeness` tells what part is measured.
        """
        with warehouse.open() as opened:
            derivation = derive_hourly(
                fleet.load(), opened, hours_by_store(context.partition_keys), utc_now(), context.run_id
            )
        yield from report_derivation(context, partitions, context.asset_key, derivation)

    return hourly_analytics


def report_derivation(
    context: dg.AssetExecutionContext, partitions: Partitions, key: dg.AssetKey, derivation: Derivation
) -> Iterator[dg.AssetMaterialization]:
    """Events for what was asked for and for other hours of the same days that changed; then the failures, if any."""
    for (hour, store_id), rows in sorted(derivation.derived.items()):
        yield materialized(key, hour_key(hour, store_id), rows)
    changed = {
        hour_key(hour, store_id): rows
        for (hour, store_id), rows in derivation.also_changed.items()
        if hour >= partitions.start
    }
    yield from each_materialized(key, changed, "another hour of the trading day changed this one")
    if derivation.failed:
        context.log.error("; ".join(derivation.failed.values()))
        raise dg.Failure(
            f"The figures of {', '.join(sorted(derivation.failed))} could not be derived; "
            "run_analytics_aggregation tries again at five past.",
            metadata=dict(derivation.failed),
            allow_retries=False,
        )
