-- Line crossings as reported of stores, intervals that start in [start, end).
-- Grain: device, interval. Key: sensor_id, interval_start. Caller: warehouse/reads.py.
SELECT
    sensor_id,
    store_id,
    organization_id,
    interval_start,
    interval_end,
    line1_in,
    line1_out,
    line2_in,
    line2_out,
    line3_in,
    line3_out,
    line4_in,
    line4_out,
    total_in,
    total_out,
    is_complete,
    reply_id,
    collected_at
FROM retail.raw_sensor_counts
WHERE
    store_id = any(%(store_ids)s::text[])
    AND interval_start >= %(start)s::timestamptz
    AND interval_start < %(end)s::timestamptz
ORDER BY sensor_id, interval_start
