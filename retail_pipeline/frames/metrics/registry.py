"""Which metrics the tables hold."""

from retail_pipeline.frames.metrics.days import DAYS
from retail_pipeline.frames.metrics.decisions import CONVERSION, HEAT_MAPS, STAFFING_HOURS
from retail_pipeline.frames.metrics.hours import HOURS, SHARED
from retail_pipeline.frames.metrics.metric import Metric
from retail_pipeline.frames.metrics.zones import QUEUE_ALERTS, ZONE_FLOWS, ZONE_HOURS, ZONE_INTERVALS

PUBLISHED: tuple[Metric, ...] = (
    *SHARED,
    *HOURS,
    *DAYS,
    *ZONE_INTERVALS,
    *ZONE_HOURS,
    *ZONE_FLOWS,
    *QUEUE_ALERTS,
    *STAFFING_HOURS,
    *HEAT_MAPS,
    *CONVERSION,
)
"""Metrics with a column each in every table they name."""


def metrics_of(table: str) -> dict[str, Metric]:
    """The published metrics of a table, by column."""
    return {metric.name: metric for metric in PUBLISHED if table in metric.tables}


def metric_of(table: str, column: str) -> Metric:
    """The definition of a published figure.

    Raises:
        KeyError: the column is a key, a label or bookkeeping, or there is none of that name.
    """
    return metrics_of(table)[column]
