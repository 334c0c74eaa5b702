"""What to expect, for all stores at once: staffing for the next days, and when people come. Unpartitioned."""

import datetime as dt
from collections.abc import Callable

import dagster as dg
import polars as pl

from retail_pipeline.assets.common import OWNERS, definition_metadata, utc_now
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.frames.schemas import HEAT_MAPS, STAFFING_HOURS
from retail_pipeline.resources.fleet_file import FleetFile
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.outlook import Planned, draw_heat_maps, plan_staffing
from retail_pipeline.warehouse.connection import Warehouse

FRESH = dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(hours=6), warn_window=dt.timedelta(hours=2))
STAFFING_DESCRIPTION = (
    "One row per store, local date and open local hour of the next 14 days: expected entries (people) by the median of "
    "the same weekday and hour in the last 4 weeks, its quartiles, the staff that asks for, and the back-tested error."
)
HEAT_DESCRIPTION = (
    "One row per store, zone (`*`: the whole store), weekday and local hour: mean entries (people) of the last 4 weeks "
    "and their share of the week."
)


def make_outlook(partitions: Partitions) -> list[dg.AssetsDefinition]:
    """Both assets of this code location."""
    return [
        _outlook(partitions, "staffing_hours", STAFFING_HOURS, STAFFING_DESCRIPTION, plan_staffing),
        _outlook(partitions, "heat_maps", HEAT_MAPS, HEAT_DESCRIPTION, draw_heat_maps),
    ]


def _outlook(
    partitions: Partitions,
    name: str,
    schema: pl.Schema,
    description: str,
    plan: Callable[[Fleet, Warehouse, dt.datetime, str], Planned],
) -> dg.AssetsDefinition:
    @dg.asset(
        key=partitions.key(name),
        deps=[partitions.key("hourly_analytics"), partitions.key("virtual_region_occupancy")],
        description=description,
        group_name="decisions",
        kinds={"polars", "postgres"},
        owners=OWNERS,
        freshness_policy=FRESH,
        metadata=definition_metadata(name, schema),
    )
    def outlook(
        context: dg.AssetExecutionContext, fleet: FleetFile, warehouse: SupabasePostgres
    ) -> dg.MaterializeResult:
        with warehouse.open() as opened:
            planned = plan(fleet.load(), opened, utc_now(), context.run.run_id)
        return dg.MaterializeResult(metadata={"dagster/row_count": planned.rows, "changed": planned.changed})

    return outlook
