-- Daily figures of stores, trading days in [first_day, last_day], both included.
-- Grain: store, trading day. Key: store_id, trading_day. Caller: warehouse/reads.py.
SELECT
    store_id,
    organization_id,
    trading_day,
    day_start,
    day_end,
    entries,
    exits,
    net_flow,
    passers_by,
    capture_rate,
    turn_in_ratio,
    business_entries,
    non_business_entries,
    average_hourly_entries,
    peak_hour,
    peak_hour_entries,
    peak_hour_is_tied,
    power_hours,
    occupancy_max,
    occupancy_max_at,
    drift,
    drift_share,
    open_hours,
    hours_expected,
    hours_reported,
    hours_lost,
    completeness,
    imputed_share,
    quality,
    entries_last_week,
    change_last_week,
    entries_52_weeks_ago,
    change_52_weeks,
    is_complete,
    input_version
FROM retail.daily_summaries
WHERE
    store_id = any(%(store_ids)s::text[])
    AND trading_day BETWEEN %(first_day)s::date AND %(last_day)s::date
ORDER BY store_id, trading_day
