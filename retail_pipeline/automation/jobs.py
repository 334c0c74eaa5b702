"""The jobs that people know by name from the old workflows, over the same assets."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from retail_pipeline.assets.partitions import Partitions

COLLECT_SENSORS = "collect_sensor_data"
COLLECT_REGIONS = "collect_regional_data"
CALCULATE_REGIONS = "calculate_virtual_regions"
AGGREGATE = "run_analytics_aggregation"
HEALTH = "pipeline_health"
LIVE = "read_live_counters"
PLAN = "plan_ahead"
REPORT = "make_reports"
OVERVIEW = "make_overviews"
KEEP_HOUSE = "keep_house"
DERIVED = ("virtual_region_occupancy", "hourly_analytics", "zone_flows", "zone_hours", "queue_alerts")
"""Assets of the step that derives trading days."""


def make_jobs(partitions: Partitions) -> list[UnresolvedAssetJobDefinition]:
    """All jobs; one definition of partitions a job, so hours and days are apart."""

    def job(name: str, description: str, *assets: str) -> UnresolvedAssetJobDefinition:
        selection = dg.AssetSelection.assets(*(partitions.key(asset) for asset in assets))
        return dg.define_asset_job(name, selection=selection, description=description)

    return [
        job(COLLECT_SENSORS, "Ask every device for its counts.", "raw_sensor_counts", "regional_counts"),
        job(COLLECT_REGIONS, "Ask the devices that count zones themselves for their stays.", "regional_counts"),
        job(
            CALCULATE_REGIONS,
            "Derive hourly figures of stores and zones from the stored counts, without asking a device.",
            *DERIVED,
        ),
        job(AGGREGATE, "Bring the hours of trading days up to date and sum them up.", "daily_summaries"),
        job(LIVE, "Ask the devices that show live counters how many people they have counted today.", "live_counters"),
        job(PLAN, "Expect the next 14 days and draw when people come.", "staffing_hours", "heat_maps"),
        job(REPORT, "Make the pages of trading days that have ended.", "store_reports"),
        job(OVERVIEW, "Rank the stores of each organization like for like.", "organization_reports"),
        dg.define_asset_job(
            HEALTH,
            selection=dg.AssetSelection.assets(partitions.key("pipeline_health"))
            | dg.AssetSelection.all_asset_checks(),
            description="Run every check and write one row per stage and store; red when an error was found.",
        ),
    ]
