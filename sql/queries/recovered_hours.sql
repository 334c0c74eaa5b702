-- Line counts of hours in [start, end) that were missed and came after all. A device that was not off after all was
-- never missed: only the verdict changed.
-- Grain: device, local clock hour. Key: sensor_id, hour_start. Caller: warehouse/reads.py.
SELECT
    sensor_id,
    hour_start
FROM retail.collection_gaps
WHERE
    report = 'lines'
    AND recovered_at IS NOT NULL
    AND cause <> 'device_off'
    AND store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY sensor_id, hour_start
