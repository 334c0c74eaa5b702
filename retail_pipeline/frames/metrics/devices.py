"""What devices tell beside people: no decision is made by it, and no other figure is computed from it."""

from retail_pipeline.frames.metrics.metric import Metric

HEAT = (
    Metric(
        name="value",
        tables=("device_heat",),
        unit="unit of the device, not documented",
        low=0,
        family="device_heat",
        formula="the device's own heat in the interval, as it reports it",
        source="the device's heat report",
    ),
)
