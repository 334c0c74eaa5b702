-- Queues of stores that passed a limit, hours that start in [start, end).
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
    queue_length_max,
    wait_minutes,
    threshold,
    is_complete,
    input_version
FROM retail.queue_alerts
WHERE
    store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY store_id, zone, hour_start
