-- The devices' own heat, in no known unit, as reported of stores, intervals that start in [start, end).
-- Grain: device, interval. Key: sensor_id, interval_start. Caller: warehouse/reads.py.
SELECT
    sensor_id,
    store_id,
    organization_id,
    interval_start,
    interval_end,
    value,
    is_complete,
    reply_id,
    collected_at
FROM retail.device_heat
WHERE
    store_id = any(%(store_ids)s::text[])
    AND interval_start >= %(start)s::timestamptz
    AND interval_start < %(end)s::timestamptz
ORDER BY sensor_id, interval_start
