"""What follows from the counts, hour by hour: zone occupancy and hourly figures, without asking a device.

A run for any hour recomputes the store's whole trading day so far: occupancy accumulates, so hours are not
independent. Only rows that differ are written.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
import polars as pl

from retail_pipeline.assets.common import OWNERS, at_once, definition_metadata, each_materialized, materialized, utc_now
from retail_pipeline.assets.partitions import Partitions, hour_key, hours_by_store
from retail_pipeline.assets.zones import ZONE_TABLES
from retail_pipeline.frames.schemas import BY_ZONE, HOURLY_ANALYTICS, VIRTUAL_REGION_OCCUPANCY
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.derive import Derived, derive_hours

GROUP = "analytics"
FRESH = dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(minutes=120), warn_window=dt.timedelta(minutes=60))
ZONES_DESCRIPTION = (
    "One row per store, zone and interval: entries, exits and occupancy (people) from the doors of the zone. Occupancy "
    "is NULL, with the reason, where some boundary of the zone is not a counted line."
)
HOURS_DESCRIPTION = (
    "One row per store and local clock hour: entries, exits, passers-by, capture, occupancy, stay, and how the hour "
    "stands against the weeks before. `entries` holds only what was measured; an open hour that is missing has its "
    "estimate in columns of its own, any other hour that no device reported has no row. `quality` says which."
)


def follow(partitions: Partitions, collected: str) -> dg.AutomationCondition:
    """Derive a partition again whenever what was `collected` for it was written, however old the hour is.

    Not `eager()`: that waits for every input, forgets an update between a request and the next tick, and looks at the
    latest hour only (measured: nothing was ever requested while one input was missing). All tables come out of one
    step, which is asked for whole; following each other as well, they would be derived twice. What was counted in the
    same seconds in which it was asked for or derived may have come after it: it is derived once more.
    """
    followed = dg.AssetSelection.assets(partitions.key(collected))
    counted = dg.AutomationCondition.any_deps_updated().allow(followed)
    handled = dg.AutomationCondition.newly_requested() | dg.AutomationCondition.newly_updated()
    return (
        counted.since((handled & ~counted) | dg.AutomationCondition.initial_evaluation())
        & ~dg.AutomationCondition.any_deps_in_progress().allow(followed)
        & ~dg.AutomationCondition.in_progress()
    )


def make_derived_hours(partitions: Partitions) -> dg.AssetsDefinition:
    """All tables of this code location, out of one reading of the counts."""

    def spec(
        name: str, schema: pl.Schema, deps: Sequence[str], description: str, collected: str = "raw_sensor_counts"
    ) -> dg.AssetSpec:
        return dg.AssetSpec(
            partitions.key(name),
            deps=[partitions.key(dep) for dep in deps],
            description=description,
            skippable=True,
            group_name=GROUP,
            kinds={"polars", "postgres"},
            owners=OWNERS,
            automation_condition=follow(partitions, collected),
            freshness_policy=FRESH,
            metadata=definition_metadata(name, schema),
        )

    @dg.multi_asset(
        name="derive_from_counts",
        specs=[
            spec("virtual_region_occupancy", VIRTUAL_REGION_OCCUPANCY, ["raw_sensor_counts"], ZONES_DESCRIPTION),
            spec(
                "hourly_analytics",
                HOURLY_ANALYTICS,
                ["raw_sensor_counts", "virtual_region_occupancy"],
                HOURS_DESCRIPTION,
            ),
            *(spec(one.name, BY_ZONE[one.name], one.deps, one.description, one.follows) for one in ZONE_TABLES),
        ],
        partitions_def=partitions.store_hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def derive_from_counts(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> Iterator[dg.DagsterEvent]:
        """Zone occupancy, hourly figures and what follows for zones, of the trading days that the hours touch."""
        wanted = hours_by_store(context.partition_keys)
        with warehouse.open() as opened:
            derived = derive_hours(fleet.load(), opened, wanted, utc_now(), context.run.run_id)
        yield from report_derived(context, partitions, derived)

    return derive_from_counts


def report_derived(
    context: dg.AssetExecutionContext,
    partitions: Partitions,
    derived: Derived,
    also_failed: Mapping[str, str] | None = None,
) -> Iterator[dg.DagsterEvent]:
    """Events for what was asked for and for other hours of the same days that changed; then the failures, if any."""
    yield from at_once(context, _derived_hours(partitions, derived))
    if failed := {**derived.failed, **(also_failed or {})}:
        raise dg.Failure(
            f"The figures of {', '.join(sorted(failed))} could not be derived; "
            "run_analytics_aggregation tries again at five past, after three failures in a row once a day.",
            metadata=failed,
            allow_retries=False,
        )


def _derived_hours(partitions: Partitions, derived: Derived) -> Iterator[dg.AssetMaterialization]:
    tables = {"virtual_region_occupancy": derived.zones, "hourly_analytics": derived.hours, **derived.by_zone}
    for name, derivation in tables.items():
        key = partitions.key(name)
        for (hour, store_id), rows in sorted(derivation.derived.items()):
            yield materialized(key, hour_key(hour, store_id), rows)
        changed = {
            hour_key(hour, store_id): rows
            for (hour, store_id), rows in derivation.also_changed.items()
            if hour >= partitions.start
        }
        yield from each_materialized(key, changed, "another hour of the trading day changed this one")
