-- The next replies of devices received in [start, end), oldest first, with what was last known of the device's clock.
-- Grain and key: reply_id. Caller: warehouse/stored_replies.py.
SELECT
    replies.reply_id,
    replies.sensor_id,
    replies.request,
    replies.window_start,
    replies.window_end,
    replies.status,
    replies.received_at,
    replies.latency_ms,
    replies.device_clock,
    replies.attempts,
    replies.body,
    (
        SELECT earlier.clock_skew_seconds
        FROM retail.device_replies AS earlier
        WHERE
            earlier.sensor_id = replies.sensor_id
            AND earlier.received_at < replies.received_at
            AND earlier.clock_skew_seconds IS NOT NULL
        ORDER BY earlier.received_at DESC
        LIMIT 1
    ) AS last_skew
FROM retail.device_replies AS replies
WHERE
    replies.sensor_id = ANY(%(sensor_ids)s::text[])
    AND replies.store_id = %(store_id)s
    AND replies.report = %(report)s
    AND replies.received_at >= %(start)s::timestamptz
    AND replies.received_at < %(end)s::timestamptz
    AND replies.reply_id > %(after)s
    AND replies.error_cause IS NULL
    AND replies.body IS NOT NULL
ORDER BY replies.reply_id
LIMIT %(batch_rows)s;
