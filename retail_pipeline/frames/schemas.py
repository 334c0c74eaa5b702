"""Columns and types of every table frame; the warehouse's migrations and these name the same columns.

Times are `Datetime('us', 'UTC')`, intervals half-open, counts people. `run_id` and `reply_id` of derived rows belong to
the writer and do not stand here.
"""

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")
LINE_NUMBERS = (1, 2, 3, 4)
REGION_NUMBERS = (1, 2, 3, 4)
LINE_COUNTS = tuple(f"line{line}_{way}" for line in LINE_NUMBERS for way in ("in", "out"))
REGION_COUNTS = tuple(f"region{region}" for region in REGION_NUMBERS)

_DEVICE_INTERVAL: dict[str, pl.DataType] = {
    "sensor_id": pl.String(),
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "interval_start": UTC_TIME,
    "interval_end": UTC_TIME,
}
_REPLY: dict[str, pl.DataType] = {
    "is_complete": pl.Boolean(),
    "reply_id": pl.Int64(),
    "collected_at": UTC_TIME,
}

RAW_SENSOR_COUNTS = pl.Schema(
    _DEVICE_INTERVAL | dict.fromkeys((*LINE_COUNTS, "total_in", "total_out"), pl.Int32()) | _REPLY
)
LIVE_COUNTERS = pl.Schema(
    {
        "sensor_id": pl.String(),
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "observed_at": UTC_TIME,
        "shown_at": UTC_TIME,
        "counting_since": UTC_TIME,
        "in_count": pl.Int32(),
        "out_count": pl.Int32(),
        "reply_id": pl.Int64(),
    }
)
REGIONAL_COUNTS = pl.Schema(_DEVICE_INTERVAL | dict.fromkeys((*REGION_COUNTS, "total"), pl.Int32()) | _REPLY)
DEVICE_HEAT = pl.Schema(_DEVICE_INTERVAL | {"value": pl.Int32()} | _REPLY)

STORE_HOURS = pl.Schema(
    {
        "store_id": pl.String(),
        "hour_start": UTC_TIME,
        "hour_end": UTC_TIME,
        "local_date": pl.Date(),
        "local_hour": pl.Int8(),
        "trading_day": pl.Date(),
        "business_share": pl.Float64(),
        "minutes": pl.Float64(),
    }
)
VIRTUAL_REGION_OCCUPANCY = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "zone": pl.String(),
        "interval_start": UTC_TIME,
        "interval_end": UTC_TIME,
        "zone_kind": pl.String(),
        "entries": pl.Int64(),
        "exits": pl.Int64(),
        "occupancy": pl.Int64(),
        "occupancy_reason": pl.String(),
        "is_complete": pl.Boolean(),
        "input_version": UTC_TIME,
    }
)
HOURLY_ANALYTICS = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "hour_start": UTC_TIME,
        "hour_end": UTC_TIME,
        "local_date": pl.Date(),
        "local_hour": pl.Int16(),
        "trading_day": pl.Date(),
        "entries": pl.Int64(),
        "exits": pl.Int64(),
        "net_flow": pl.Int64(),
        "passers_by": pl.Int64(),
        "capture_rate": pl.Float64(),
        "turn_in_ratio": pl.Float64(),
        "traffic_share": pl.Float64(),
        "occupancy_end": pl.Int64(),
        "occupancy_max": pl.Int64(),
        "occupancy_mean": pl.Float64(),
        "occupancy_mean_corrected": pl.Float64(),
        "dwell_minutes": pl.Float64(),
        "dwell_valid": pl.Boolean(),
        "is_business_hour": pl.Boolean(),
        "business_share": pl.Float64(),
        "index_vs_normal": pl.Float64(),
        "entries_imputed": pl.Float64(),
        "exits_imputed": pl.Float64(),
        "imputation_method": pl.String(),
        "imputation_wape": pl.Float64(),
        "completeness": pl.Float64(),
        "quality": pl.String(),
        "is_complete": pl.Boolean(),
        "input_version": UTC_TIME,
    }
)
HOUR_HISTORY = pl.Schema(
    {
        "store_id": pl.String(),
        "hour_start": UTC_TIME,
        "local_date": pl.Date(),
        "local_hour": pl.Int8(),
        "trading_day": pl.Date(),
        "business_share": pl.Float64(),
        "entries": pl.Int64(),
        "exits": pl.Int64(),
    }
)
DAILY_SUMMARIES = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "trading_day": pl.Date(),
        "day_start": UTC_TIME,
        "day_end": UTC_TIME,
        "entries": pl.Int64(),
        "exits": pl.Int64(),
        "net_flow": pl.Int64(),
        "passers_by": pl.Int64(),
        "capture_rate": pl.Float64(),
        "turn_in_ratio": pl.Float64(),
        "business_entries": pl.Float64(),
        "non_business_entries": pl.Float64(),
        "average_hourly_entries": pl.Float64(),
        "peak_hour": pl.Int16(),
        "peak_hour_entries": pl.Int64(),
        "peak_hour_is_tied": pl.Boolean(),
        "power_hours": pl.List(pl.Int16()),
        "occupancy_max": pl.Int64(),
        "occupancy_max_at": UTC_TIME,
        "drift": pl.Int64(),
        "drift_share": pl.Float64(),
        "open_hours": pl.Float64(),
        "hours_expected": pl.Int64(),
        "hours_reported": pl.Int64(),
        "hours_lost": pl.Int64(),
        "completeness": pl.Float64(),
        "imputed_share": pl.Float64(),
        "quality": pl.String(),
        "entries_last_week": pl.Int64(),
        "change_last_week": pl.Float64(),
        "entries_52_weeks_ago": pl.Int64(),
        "change_52_weeks": pl.Float64(),
        "is_complete": pl.Boolean(),
        "input_version": UTC_TIME,
    }
)
STAFFING_HOURS = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "local_date": pl.Date(),
        "local_hour": pl.Int16(),
        "expected_entries": pl.Float64(),
        "p25": pl.Float64(),
        "p75": pl.Float64(),
        "recommended_staff": pl.Int64(),
        "expected_wape": pl.Float64(),
    }
)
HEAT_MAPS = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "zone": pl.String(),
        "weekday": pl.Int16(),
        "local_hour": pl.Int16(),
        "entries": pl.Float64(),
        "share_of_week": pl.Float64(),
        "hours": pl.Int64(),
    }
)

_LOCAL_HOUR: dict[str, pl.DataType] = {
    "hour_start": UTC_TIME,
    "hour_end": UTC_TIME,
    "local_date": pl.Date(),
    "local_hour": pl.Int16(),
    "trading_day": pl.Date(),
}
_ZONE_HOUR: dict[str, pl.DataType] = {
    "store_id": pl.String(),
    "organization_id": pl.String(),
    "zone": pl.String(),
    **_LOCAL_HOUR,
}
_STATE: dict[str, pl.DataType] = {"is_complete": pl.Boolean(), "input_version": UTC_TIME}

ZONE_HOURS = pl.Schema(
    {
        **_ZONE_HOUR,
        "zone_kind": pl.String(),
        "entries": pl.Int64(),
        "exits": pl.Int64(),
        "occupancy_mean": pl.Float64(),
        "occupancy_max": pl.Int64(),
        "occupancy_mean_corrected": pl.Float64(),
        "occupancy_source": pl.String(),
        "occupancy_reason": pl.String(),
        "stays": pl.Int64(),
        "long_stays": pl.Int64(),
        "engagement": pl.Float64(),
        "draw_rate": pl.Float64(),
        "occupancy_share": pl.Float64(),
        "pass_on_rate": pl.Float64(),
        "dwell_minutes": pl.Float64(),
        "queue_length_mean": pl.Float64(),
        "queue_length_max": pl.Int64(),
        "wait_minutes": pl.Float64(),
        "wait_valid": pl.Boolean(),
        **_STATE,
    }
)
ZONE_FLOWS = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        **_LOCAL_HOUR,
        "from_area": pl.String(),
        "to_area": pl.String(),
        "people": pl.Int64(),
        **_STATE,
    }
)
QUEUE_ALERTS = pl.Schema(
    {
        **_ZONE_HOUR,
        "queue_length_max": pl.Int64(),
        "wait_minutes": pl.Float64(),
        "threshold": pl.String(),
        **_STATE,
    }
)
BY_ZONE = {"zone_hours": ZONE_HOURS, "zone_flows": ZONE_FLOWS, "queue_alerts": QUEUE_ALERTS}
"""What is derived of zones by the hour, by table."""

SNAPSHOTS = pl.Schema(
    {
        "store_id": pl.String(),
        "organization_id": pl.String(),
        "zone": pl.String(),
        "observed_at": UTC_TIME,
        "occupancy": pl.Int64(),
        "is_provisional": pl.Boolean(),
        "source": pl.String(),
    }
)


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Exactly the columns of `schema`, in its order and types.

    Raises:
        polars.exceptions.ColumnNotFoundError: a column is missing; the function that built the frame is wrong.
    """
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
