-- Live counters of stores as they were shown, read in [start, end).
-- Grain: device, reading. Key: sensor_id, observed_at. Caller: warehouse/reads.py.
SELECT
    sensor_id,
    store_id,
    organization_id,
    observed_at,
    shown_at,
    counting_since,
    in_count,
    out_count,
    reply_id
FROM retail.live_counters
WHERE
    store_id = any(%(store_ids)s::text[])
    AND observed_at >= %(start)s::timestamptz
    AND observed_at < %(end)s::timestamptz
ORDER BY sensor_id, observed_at
