"""The tables by zone as the catalogue shows them; `derived` makes them, in the step that derives the hours."""

from typing import NamedTuple


class ZoneTable(NamedTuple):
    """An asset: its table, what it comes from, which collected counts it follows, and what a row says."""

    name: str
    deps: tuple[str, ...]
    follows: str
    description: str


ZONE_TABLES = (
    ZoneTable(
        "zone_flows",
        ("raw_sensor_counts",),
        "raw_sensor_counts",
        "One row per store, local clock hour and way between two areas: people who crossed the counted lines between "
        "them in that direction. The customer journey; `outside` and `street` are areas too.",
    ),
    ZoneTable(
        "zone_hours",
        ("regional_counts", "virtual_region_occupancy", "hourly_analytics", "zone_flows"),
        "regional_counts",
        "One row per store, zone and local clock hour: entries, exits and occupancy (people) from counted lines, stays "
        "from the device's own regions, kept apart; `occupancy_source` says lines, estimated or not_measurable. Dwell "
        "and wait (minutes) by Little's law, NULL unless the flow was steady.",
    ),
    ZoneTable(
        "queue_alerts",
        ("regional_counts", "zone_hours"),
        "regional_counts",
        "One row per store, queue and local clock hour that passed a limit of the store's `queue_alert`; most hours "
        "have none.",
    ),
)
