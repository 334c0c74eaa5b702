"""Which metrics the tables hold."""

from retail_pipeline.frames.metrics.days import DAYS
from retail_pipeline.frames.metrics.decisions import CONVERSION, HEAT_MAPS, STAFFING_HOURS
from retail_pipeline.frames.metrics.devices import HEAT
from retail_pipeline.frames.metrics.hours import HOURS, SHARED
from retail_pipeline.frames.metrics.metric import Metric
from retail_pipeline.frames.metrics.zones import QUEUE_ALERTS, ZONE_DAYS, ZONE_FLOWS, ZONE_HOURS, ZONE_INTERVALS

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

DEFINED: tuple[Metric, ...] = (*PUBLISHED, *ZONE_DAYS, *HEAT)
"""Also those that a report shows and no table holds (`zone_days`), and the heat of devices, which is no figure."""


def metrics_of(table: str) -> dict[str, Metric]:
    """The metrics that are defined of a table, by column."""
    return {metric.name: metric for metric in DEFINED if table in metric.tables}


def metric_of(table: str, column: str) -> Metric:
    """The definition of a figure.

    Raises:
        KeyError: the column is a key, a label or bookkeeping, or there is none of that name.
    """
    return metrics_of(table)[column]
