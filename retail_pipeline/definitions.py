"""The code location: `build_defs(overrides)` and `defs`, nothing else."""

import datetime as dt
import logging
import warnings
from collections.abc import Mapping

import dagster as dg

from retail_pipeline.assets.collected import make_raw_sensor_counts, make_regional_counts
from retail_pipeline.assets.derived import make_derived_hours
from retail_pipeline.assets.health import make_pipeline_health
from retail_pipeline.assets.live_counters import make_live_counters
from retail_pipeline.assets.outlook import make_outlook
from retail_pipeline.assets.partitions import Partitions, make_partitions
from retail_pipeline.assets.reports import make_organization_reports, make_store_reports
from retail_pipeline.assets.summaries import make_daily_summaries
from retail_pipeline.automation.house import make_house_job
from retail_pipeline.automation.jobs import make_jobs
from retail_pipeline.automation.schedules import make_schedules
from retail_pipeline.automation.sensors import make_sensors
from retail_pipeline.checks.health import make_checks
from retail_pipeline.checks.schema import make_schema_check
from retail_pipeline.fleet.horizon import horizon_start
from retail_pipeline.resources.configuration import check_configuration
from retail_pipeline.resources.fleet_file import FleetFile, load_declared_fleet
from retail_pipeline.resources.inspection import Inspection
from retail_pipeline.resources.sensor_apis import SensorApis
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.settings import read_settings

_LOG = logging.getLogger(__name__)


def build_defs(*, now: dt.datetime | None = None, resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """The whole graph as seen at `now` (default: the clock), which sets the first hour that has a partition.

    `resources` replace `fleet`, `sensor_apis`, `inspection` or `warehouse`. Starts and connects nothing.

    Raises:
        ConfigurationError: a `RETAIL_*` variable is wrong.
        FleetError: the fleet file is missing or wrong.
    """
    # Every process would begin its log with them: ranges of partitions are used knowingly, and tested.
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    partitions = current_partitions(now or dt.datetime.now(dt.UTC))
    assets = [
        make_raw_sensor_counts(partitions),
        make_regional_counts(partitions),
        make_live_counters(partitions),
        make_derived_hours(partitions),
        make_daily_summaries(partitions),
        *make_outlook(partitions),
        make_store_reports(partitions),
        make_organization_reports(partitions),
        make_pipeline_health(partitions),
    ]
    return dg.Definitions(
        assets=assets,
        asset_checks=[make_checks(partitions), make_schema_check(partitions)],
        jobs=[*make_jobs(partitions), make_house_job(partitions, assets)],
        schedules=make_schedules(partitions),
        sensors=make_sensors(partitions),
        resources={
            "fleet": FleetFile(),
            "sensor_apis": SensorApis(),
            "inspection": Inspection(),
            "warehouse": SupabasePostgres(),
            **(resources or {}),
        },
        # Assets are short and wait for the network: one process a run takes 1 s where a process a step takes 6 to 10.
        executor=dg.in_process_executor,
    )


def current_partitions(now: dt.datetime) -> Partitions:
    """The partitions of this code location: a horizon that moves on Mondays and shrinks for very large fleets."""
    settings = read_settings()
    stores = len(load_declared_fleet().stores)
    return make_partitions(horizon_start(now, settings.horizon_days, stores), stores, settings.location)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads; evaluated when a process asks for it, so that importing this module reads nothing.

    Raises:
        ConfigurationError: everything that is wrong with the environment or the fleet file, in one message.
    """
    for missing in check_configuration():
        _LOG.warning("%s", missing)
    return build_defs()
