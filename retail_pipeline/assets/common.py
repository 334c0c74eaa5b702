"""What the asset bodies share: the clock, the refusal of the future, the tables' columns, partition events."""

import datetime as dt
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import dagster as dg
import polars as pl
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id

NOT_BEFORE = "retail/not_before"
"""Run tag: an ISO instant before which no device is asked, so that the hour that just ended is final."""

OWNERS = ["team:retail-pipeline"]
LONGEST_WAIT = dt.timedelta(minutes=5)
HOUR = dt.timedelta(hours=1)


def utc_now() -> dt.datetime:
    """The clock, read once a run and passed on."""
    return dt.datetime.now(dt.UTC)


def wait_for_devices(tags: Mapping[str, str]) -> None:
    """Wait until the instant that the run's tag names, as scheduled runs do; manual runs have none."""
    if NOT_BEFORE in tags:
        wait = dt.datetime.fromisoformat(tags[NOT_BEFORE]) - utc_now()
        threading.Event().wait(max(0.0, min(wait, LONGEST_WAIT).total_seconds()))


def refuse_future_hours(hours: Iterable[dt.datetime], now: dt.datetime) -> None:
    """Hours after the open one have nothing to count.

    Raises:
        dg.Failure: naming the first such hour.
    """
    if later := [hour for hour in hours if hour > now]:
        raise dg.Failure(
            f"{len(later)} hours have not begun, the first at {min(later):%Y-%m-%d %H:%M} UTC. "
            "Choose hours up to the open one.",
            allow_retries=False,
        )


def definition_metadata(table: str, schema: Mapping[str, pl.DataType | type[pl.DataType]]) -> dict[str, object]:
    """What the catalogue shows of a table: its name and columns."""
    columns = [dg.TableColumn(name, str(dtype)) for name, dtype in schema.items()]
    return {
        "dagster/table_name": f"retail.{table}",
        "dagster/column_schema": dg.TableSchema(columns=columns),
    }


def materialized(
    key: dg.AssetKey,
    partition: str,
    rows: int,
    metadata: Mapping[str, dg.MetadataValue | str | int | float] | None = None,
) -> dg.AssetMaterialization:
    """One partition that holds data now."""
    return dg.AssetMaterialization(
        key, partition=partition, metadata={"dagster/partition_row_count": rows, **(metadata or {})}
    )


def at_once(context: dg.AssetExecutionContext, events: Iterable[dg.AssetMaterialization]) -> Iterator[dg.DagsterEvent]:
    """Record the events, those of an asset together: by themselves each takes a transaction."""
    step = context.get_step_execution_context()
    for _, of_an_asset in groupby(events, lambda event: event.asset_key):
        batch, these = generate_event_batch_id(), list(of_an_asset)  # type: ignore[no-untyped-call]
        for place, event in enumerate(these, 1):
            yield dg.DagsterEvent.asset_materialization(
                step, event, DagsterEventBatchMetadata(batch, is_end=place == len(these))
            )


def each_materialized(key: dg.AssetKey, partitions: Mapping[str, int], note: str) -> Iterator[dg.AssetMaterialization]:
    """An event for every partition that changed without having been asked for, and why it did."""
    for partition, rows in sorted(partitions.items()):
        yield materialized(key, partition, rows, {"changed_by": note})
