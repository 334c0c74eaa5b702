-- Stored answers by their numbers, without their bodies.
-- Grain and key: reply_id. Caller: warehouse/explain.py.
SELECT
    reply_id,
    sensor_id,
    report,
    status,
    error_cause,
    received_at,
    window_start,
    window_end,
    timezone,
    sha256,
    octet_length(body) AS bytes
FROM retail.device_replies
WHERE reply_id = any(%(reply_ids)s::bigint[])
ORDER BY reply_id
