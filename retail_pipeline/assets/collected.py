"""What the devices say: `raw_sensor_counts` and `regional_counts`. Rows are stored as reported, with their reply."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from retail_pipeline.assets.common import (
    OWNERS,
    at_once,
    definition_metadata,
    each_materialized,
    materialized,
    refuse_future_hours,
    utc_now,
    wait_for_devices,
)
from retail_pipeline.assets.partitions import Partitions, hour_key, hours_by_store
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.frames.schemas import RAW_SENSOR_COUNTS, REGIONAL_COUNTS
from retail_pipeline.resources.dagster_faults import TOLD_OTHERWISE
from retail_pipeline.resources.sensor_apis import SensorApis
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.collect import Collected, FailedHour, collect, collect_in_parts, joined

GROUP = "collection"


def make_raw_sensor_counts(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the partitions of this code location."""

    @dg.asset(
        key=partitions.key("raw_sensor_counts"),
        partitions_def=partitions.store_hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name=GROUP,
        kinds={"polars", "postgres"},
        owners=OWNERS,
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(minutes=90), warn_window=dt.timedelta(minutes=45)
        ),
        metadata=definition_metadata("raw_sensor_counts", RAW_SENSOR_COUNTS),
    )
    def raw_sensor_counts(
        context: dg.AssetExecutionContext, sensor_apis: SensorApis, warehouse: SupabasePostgres
    ) -> Iterator[dg.DagsterEvent]:
        """One row per device and interval: people IN and OUT of each counting line, as the device reported them.

        A device that did not answer leaves no row; the gap and its cause stand in `collection_gaps`. Rows of zeros are
        reports of nobody. The open hour is provisional (`is_complete` false) and replaced at every poll.
        """
        yield from _collected(context, partitions, Report.LINES, sensor_apis, warehouse)

    return raw_sensor_counts


def make_regional_counts(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset over the partitions of this code location."""

    @dg.asset(
        key=partitions.key("regional_counts"),
        partitions_def=partitions.store_hours,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        group_name=GROUP,
        kinds={"polars", "postgres"},
        owners=OWNERS,
        freshness_policy=dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(minutes=150), warn_window=dt.timedelta(minutes=75)
        ),
        metadata=definition_metadata("regional_counts", REGIONAL_COUNTS),
    )
    def regional_counts(
        context: dg.AssetExecutionContext, sensor_apis: SensorApis, warehouse: SupabasePostgres
    ) -> Iterator[dg.DagsterEvent]:
        """One row per device and interval: stays counted in each of up to four regions, as the device reported them.

        Stays are neither occupancy nor unique people. A store whose devices count no regions has an empty partition.
        Where a device filters stays by length, the long ones are asked for first and kept in `long_stay_counts`; where
        it is to tell its own heat, that is kept in `device_heat`. An hour that lacks only these stands in the ledger
        and is asked for again.
        """
        wanted = hours_by_store(context.partition_keys)
        yield from at_once(context, _uncounted(context.asset_key, sensor_apis.fleet(), wanted))
        beside = (Report.LONG_STAYS, Report.HEAT)
        yield from _collected(context, partitions, Report.REGIONS, sensor_apis, warehouse, beside)

    return regional_counts


def _collected(
    context: dg.AssetExecutionContext,
    partitions: Partitions,
    report: Report,
    sensor_apis: SensorApis,
    warehouse: SupabasePostgres,
    beside: Sequence[Report] = (),
) -> Iterator[dg.DagsterEvent]:
    """Collect `report`, whose hours the partitions are, and before it what is kept `beside` it."""
    wanted = hours_by_store(context.partition_keys)
    refuse_future_hours((hour for hours in wanted.values() for hour in hours), utc_now())
    wait_for_devices(context.run.tags)
    fleet, parts = sensor_apis.fleet(), []
    with warehouse.open() as opened:
        for one in beside:
            also = collect(fleet, opened, sensor_apis.fetch, one, wanted, utc_now())
            context.log.info("%s: %s", one, also.in_words())
            if one is not Report.HEAT:  # nothing is computed from heat
                yield from at_once(context, _healed(context.asset_key, also, partitions))
        for part in collect_in_parts(fleet, opened, sensor_apis.fetch, report, wanted, utc_now()):
            parts.append(part)
            yield from at_once(context, _materialized(context.asset_key, part, partitions))
    collected = joined(parts)
    context.log.info(collected.in_words())
    _raise_for(collected.failed, report, collected.rejected_rows)


def _uncounted(
    key: dg.AssetKey, fleet: Fleet, wanted: Mapping[str, Sequence[dt.datetime]]
) -> Iterator[dg.AssetMaterialization]:
    """Empty partitions of stores whose devices count no regions."""
    note = {"note": "no device of this store counts regions"}
    for store_id, hours in wanted.items():
        if fleet.has_store(store_id) and not fleet.store(store_id).devices_for(Report.REGIONS):
            yield from (materialized(key, hour_key(hour, store_id), 0, note) for hour in hours)


def _materialized(key: dg.AssetKey, collected: Collected, partitions: Partitions) -> Iterator[dg.AssetMaterialization]:
    """Events of what a part of the poll wrote, asked for or not."""
    yield from _delivered(key, collected)
    yield from _healed(key, collected, partitions)


def _healed(key: dg.AssetKey, collected: Collected, partitions: Partitions) -> Iterator[dg.AssetMaterialization]:
    in_horizon = {
        hour_key(hour, store_id): rows
        for (hour, store_id), rows in collected.healed.items()
        if hour >= partitions.start
    }
    yield from each_materialized(key, in_horizon, "a reply of another hour filled or corrected this one")


def _delivered(key: dg.AssetKey, collected: Collected) -> Iterator[dg.AssetMaterialization]:
    for hour in collected.delivered:
        metadata: Mapping[str, float | str] = {
            "completeness": hour.completeness,
            "devices_missing": ", ".join(hour.devices_missing) or "none",
            "rows_quarantined": hour.quarantined,
            "future_rows_dropped": hour.padding,
        }
        yield materialized(key, hour_key(hour.hour, hour.store_id), hour.rows, metadata)


def _raise_for(failed: Sequence[FailedHour], report: Report, quarantined: int) -> None:
    if not failed:
        return
    causes = {device: cause for hour in failed for device, cause in hour.causes.items()}
    stores = sorted({hour.store_id for hour in failed})
    raise dg.Failure(
        f"{len(failed)} hours of {', '.join(stores)} were not delivered by any device ({report.value}). "
        "They stand in collection_gaps and are asked again by recover_missed_hours.",
        metadata=dict(sorted(causes.items()))
        | TOLD_OTHERWISE
        | {
            "rows_quarantined": quarantined,
            "hours": ", ".join(hour_key(hour.hour, hour.store_id) for hour in failed[:50]),
        },
        allow_retries=False,
    )
