"""Which metrics the tables hold now, and which are defined and have no column yet."""

from retail_pipeline.frames.metrics.days import DAYS, DAYS_TO_COME
from retail_pipeline.frames.metrics.decisions import CONVERSION, HEAT_MAPS, STAFFING_HOURS
from retail_pipeline.frames.metrics.hours import HOURS, HOURS_TO_COME, SHARED
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
"""Metrics with a column each in every table they name; a group moves here with the migration that computes it."""

PENDING: tuple[Metric, ...] = (
    *HOURS_TO_COME,
    *DAYS_TO_COME,
)
"""Metrics that are defined and that no table holds yet."""


def metrics_of(table: str) -> dict[str, Metric]:
    """The published metrics of a table, by column."""
    return {metric.name: metric for metric in PUBLISHED if table in metric.tables}


def metric_of(table: str, column: str) -> Metric:
    """The definition of a published figure.

    Raises:
        KeyError: the column is a key, a label or bookkeeping, or there is none of that name.
    """
    return metrics_of(table)[column]
