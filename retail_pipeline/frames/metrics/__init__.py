"""Every published figure, defined once: the README's table, the column comments and `explain` are made from this."""

from retail_pipeline.frames.metrics.metric import Metric
from retail_pipeline.frames.metrics.registry import DEFINED, PUBLISHED, metric_of, metrics_of

__all__ = ["DEFINED", "PUBLISHED", "Metric", "metric_of", "metrics_of"]
