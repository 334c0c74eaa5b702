"""Figures of zones: out of the line graph, or out of a device's own region report, never mixed."""

from retail_pipeline.frames.metrics.metric import Metric

_INTERVAL = ("virtual_region_occupancy",)
_HOUR = ("zone_hours",)
_DOORS = "raw_sensor_counts, lines that bound the zone"
_ZONE_INTERVALS = "virtual_region_occupancy"

ZONE_INTERVALS = (
    Metric(
        name="entries",
        tables=_INTERVAL,
        unit="people",
        low=0,
        family="zone_entries",
        formula="crossings into the zone",
        source=_DOORS,
    ),
    Metric(
        name="exits",
        tables=_INTERVAL,
        unit="people",
        low=0,
        family="zone_exits",
        formula="crossings out of the zone",
        source=_DOORS,
    ),
    Metric(
        name="occupancy",
        tables=_INTERVAL,
        unit="people",
        low=0,
        family="zone_occupancy",
        formula="running entries - exits of the zone since the trading day began, at the end of the interval, never"
        " below 0",
        null="some boundary of the zone is not a counted line; occupancy_reason says which",
        source=_DOORS,
    ),
)

ZONE_HOURS = (
    Metric(
        name="entries",
        tables=_HOUR,
        unit="people",
        low=0,
        family="zone_entries",
        formula="crossings into the zone",
        null="no line bounds the zone",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="exits",
        tables=_HOUR,
        unit="people",
        low=0,
        family="zone_exits",
        formula="crossings out of the zone",
        null="no line bounds the zone",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="occupancy_mean",
        tables=_HOUR,
        unit="people",
        low=0,
        family="zone_occupancy",
        formula="occupancy weighted by the length of the interval (occupancy_source lines), or stays x"
        " typical_stay_minutes / 60 (estimated)",
        null="occupancy_source is not_measurable",
        source="virtual_region_occupancy, or regional_counts",
    ),
    Metric(
        name="occupancy_max",
        tables=_HOUR,
        unit="people",
        low=0,
        family="zone_occupancy",
        formula="greatest occupancy at the end of an interval of the hour",
        null="occupancy_source is not lines",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="occupancy_mean_corrected",
        tables=_HOUR,
        unit="people",
        low=0,
        family="zone_occupancy_corrected",
        formula="occupancy weighted by the length of the interval, with the cumulative curve of the smaller side of the"
        " trading day scaled so that the day nets to zero",
        null="the trading day was not counted whole yet, one side of it is zero, or occupancy_source is not lines",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="occupancy_source",
        tables=_HOUR,
        unit="name",
        values=("lines", "estimated", "not_measurable"),
        family="zone_occupancy",
        formula="how the occupancy is known: counted lines, an estimate out of stays, or not at all",
        source="line graph and typical_stay_minutes of the fleet file",
    ),
    Metric(
        name="stays",
        tables=_HOUR,
        unit="stays",
        low=0,
        formula="stays in the zone's regions, as the device counts them: neither occupancy nor unique people",
        null="no device reports the zone as a region",
        source="regional_counts",
    ),
    Metric(
        name="draw_rate",
        tables=_HOUR,
        unit="ratio",
        low=0,
        family="draw",
        formula="zone entries / store entries; above 1 where people come back",
        null="entries of either are unknown, or nobody came",
        source="zone_hours, hourly_analytics",
    ),
    Metric(
        name="occupancy_share",
        tables=_HOUR,
        unit="ratio",
        low=0,
        family="zone_occupancy_share",
        formula="zone occupancy_mean / store occupancy_mean; over the shopping zones added up it is browse_share",
        null="occupancy_source is not lines, or nobody was in the store",
        source="zone_hours, hourly_analytics",
    ),
    Metric(
        name="pass_on_rate",
        tables=_HOUR,
        unit="ratio",
        low=0,
        family="pass_on",
        formula="crossings from an entrance zone to another zone / store entries",
        null="the zone is of another kind, no line leads onward, or nobody came",
        source="zone_flows, hourly_analytics",
    ),
    Metric(
        name="dwell_minutes",
        tables=_HOUR,
        unit="minutes",
        low=0,
        family="zone_dwell",
        formula="occupancy_mean / zone entries per minute (Little's law), in a complete hour with at least 5 entries,"
        " entries and exits within 25 % of the larger",
        null="that does not hold, or occupancy_source is not lines",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="queue_length_mean",
        tables=_HOUR,
        unit="people",
        low=0,
        family="queue",
        formula="occupancy_mean of a zone of kind queue",
        null="the zone is of another kind, or occupancy_source is not lines",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="queue_length_max",
        tables=_HOUR,
        unit="people",
        low=0,
        family="queue",
        formula="occupancy_max of a zone of kind queue",
        null="the zone is of another kind, or occupancy_source is not lines",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="wait_minutes",
        tables=_HOUR,
        unit="minutes",
        low=0,
        family="wait",
        formula="queue_length_mean / joins per minute (Little's law)",
        null="wait_valid is not true",
        source=_ZONE_INTERVALS,
    ),
    Metric(
        name="wait_valid",
        tables=_HOUR,
        unit="yes or no",
        family="wait",
        formula="the hour was counted to its end, somebody joined, joins and leaves are within 25 % of the larger, and"
        " the zone was not reset in the hour: the trading day did not begin in it, nor had more people left than come",
        null="the zone is not of kind queue",
        source=_ZONE_INTERVALS,
    ),
)

ZONE_FLOWS = (
    Metric(
        name="people",
        tables=("zone_flows",),
        unit="people",
        low=0,
        family="flow",
        formula="crossings from one area to the other, over all lines between them",
        source="raw_sensor_counts, lines with areas",
    ),
)

QUEUE_ALERTS = (
    Metric(
        name="queue_length_max",
        tables=("queue_alerts",),
        unit="people",
        low=0,
        family="queue",
        formula="queue_length_max of the hour",
        null="it is NULL in zone_hours",
        source="zone_hours",
    ),
    Metric(
        name="wait_minutes",
        tables=("queue_alerts",),
        unit="minutes",
        low=0,
        family="wait",
        formula="wait_minutes of the hour",
        null="it is NULL in zone_hours",
        source="zone_hours",
    ),
    Metric(
        name="threshold",
        tables=("queue_alerts",),
        unit="limits",
        family="queue_alert",
        formula="the limits of queue_alert that were passed, as the fleet file writes them",
        source="queue_alert of the fleet file",
    ),
)
