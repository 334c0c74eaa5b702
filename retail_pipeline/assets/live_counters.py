"""`live_counters`: what devices show of their day at this moment, every five minutes, for all stores at once."""

import datetime as dt
from collections.abc import Iterator, Mapping

import dagster as dg
import polars as pl

from retail_pipeline.assets.common import OWNERS, definition_metadata, utc_now
from retail_pipeline.assets.partitions import Partitions
from retail_pipeline.frames.schemas import LIVE_COUNTERS
from retail_pipeline.resources.sensor_apis import SensorApis
from retail_pipeline.resources.supabase_postgres import SupabasePostgres
from retail_pipeline.steps.live_counters import LiveReading, read_live_counters

NOT_AFTER = "retail/not_after"
"""Run tag: an ISO instant after which a reading is left out, because polls of reports are about to ask."""


def make_live_counters(partitions: Partitions) -> dg.AssetsDefinition:
    """The asset of this code location; unpartitioned, a reading is of now."""

    @dg.asset(
        key=partitions.key("live_counters"),
        output_required=False,
        group_name="collection",
        kinds={"polars", "postgres"},
        owners=OWNERS,
        metadata=definition_metadata("live_counters", LIVE_COUNTERS),
    )
    def live_counters(
        context: dg.AssetExecutionContext, sensor_apis: SensorApis, warehouse: SupabasePostgres
    ) -> Iterator[dg.MaterializeResult]:
        """One row per device and reading: people IN and OUT over all its lines, the street's too, since its midnight.

        Asked of devices that declare `counters` or `live`; where every entrance of a store is `live`, the reading
        tells who is inside (`current_occupancy`). A device that did not answer has no row; it is asked again in five
        minutes.
        """
        now = utc_now()
        if now > dt.datetime.fromisoformat(context.run.tags.get(NOT_AFTER, now.isoformat())):
            context.log.info("Left out: it is late, and the devices will be asked for their reports.")
            return
        with warehouse.open() as opened:
            reading = read_live_counters(sensor_apis.fleet(), opened, sensor_apis.fetch, now)
        context.log.info(reading.in_words())
        for device, reason in sorted({**reading.untold, **reading.silent}.items()):
            context.log.warning("%s %s", device, reason)
        if not reading.readings.is_empty():
            yield dg.MaterializeResult(metadata=_shown(reading))

    return live_counters


def _shown(reading: LiveReading) -> Mapping[str, dg.MetadataValue]:
    inside = {row["store_id"]: row["occupancy"] for row in reading.told.iter_rows(named=True)}
    reasons = {**reading.untold, **reading.silent}
    rows = reading.readings.select("sensor_id", "in_count", "out_count", pl.col("shown_at").dt.strftime("%H:%M:%S UTC"))
    return {
        "dagster/row_count": dg.MetadataValue.int(reading.readings.height),
        "people_inside": dg.MetadataValue.json(inside),
        "readings": dg.MetadataValue.table([dg.TableRecord(row) for row in rows.iter_rows(named=True)]),
        "not_told": dg.MetadataValue.json(reasons),
    }
