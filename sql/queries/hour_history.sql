-- Complete hours of stores in [start, end), which others may be compared with; none that a clock change cut short.
-- Grain: store, local clock hour. Key: store_id, hour_start. Caller: warehouse/reads.py.
SELECT
    store_id,
    hour_start,
    local_date,
    local_hour,
    trading_day,
    business_share,
    entries,
    exits
FROM retail.hourly_analytics
WHERE
    store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
    AND is_complete
    AND hour_end - hour_start = interval '1 hour'
    AND entries IS NOT NULL
ORDER BY store_id, hour_start
