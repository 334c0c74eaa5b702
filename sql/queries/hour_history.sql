-- Complete hours of stores in [start, end), which others may be compared with.
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
    AND entries IS NOT NULL
ORDER BY store_id, hour_start
