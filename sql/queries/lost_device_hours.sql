-- Hours of devices in [start, end) that will never come: swallowed by a clock change, forgotten, or the device was off.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/evidence.py.
SELECT
    sensor_id,
    report,
    hour_start,
    cause
FROM retail.collection_gaps
WHERE
    closed_as_lost_at IS NOT NULL
    AND store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY sensor_id, report, hour_start
