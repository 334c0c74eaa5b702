-- Zones of stores by the hour, hours that start in [start, end).
-- Grain: store, zone, local clock hour. Key: store_id, zone, hour_start. Caller: warehouse/reads.py.
SELECT
    store_id,
    organization_id,
    zone,
    hour_start,
    hour_end,
    local_date,
    local_hour,
    trading_day,
    zone_kind,
    entries,
    exits,
    occupancy_mean,
    occupancy_max,
    occupancy_mean_corrected,
    occupancy_source,
    occupancy_reason,
    stays,
    long_stays,
    engagement,
    draw_rate,
    occupancy_share,
    pass_on_rate,
    dwell_minutes,
    queue_length_mean,
    queue_length_max,
    wait_minutes,
    wait_valid,
    is_complete,
    input_version
FROM retail.zone_hours
WHERE
    store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY store_id, zone, hour_start
