-- Hourly figures of stores, hours that start in [start, end).
-- Grain: store, local clock hour. Key: store_id, hour_start. Caller: warehouse/reads.py.
SELECT
    store_id,
    organization_id,
    hour_start,
    hour_end,
    local_date,
    local_hour,
    trading_day,
    entries,
    exits,
    net_flow,
    passers_by,
    capture_rate,
    turn_in_ratio,
    traffic_share,
    occupancy_end,
    occupancy_max,
    occupancy_mean,
    occupancy_mean_corrected,
    dwell_minutes,
    dwell_valid,
    is_business_hour,
    business_share,
    index_vs_normal,
    entries_imputed,
    exits_imputed,
    imputation_method,
    imputation_wape,
    completeness,
    quality,
    is_complete,
    input_version
FROM retail.hourly_analytics
WHERE
    store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY store_id, hour_start
