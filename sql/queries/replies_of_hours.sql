-- Stored answers that can hold rows of [start, end), in the order in which polls wrote them; last_skew is what was known
-- of the clock of the device before the poll. A window is 24 hours, and firmware may begin it an hour early.
-- Grain and key: reply_id. Caller: warehouse/kept.py.
SELECT
    replies.reply_id,
    replies.sensor_id,
    replies.store_id,
    replies.request,
    replies.window_start,
    replies.window_end,
    replies.status,
    replies.error_cause,
    replies.error_detail,
    replies.received_at,
    replies.latency_ms,
    replies.device_clock,
    replies.attempts,
    replies.body,
    replies.timezone,
    coalesce(replies.polled_at, replies.received_at) AS polled_at,
    known.clock_skew_seconds AS last_skew
FROM retail.device_replies AS replies
LEFT JOIN LATERAL (
    SELECT earlier.clock_skew_seconds
    FROM retail.device_replies AS earlier
    WHERE
        earlier.sensor_id = replies.sensor_id
        AND earlier.received_at <= replies.received_at
        AND earlier.reply_id < replies.reply_id
        AND earlier.clock_skew_seconds IS NOT NULL
        AND earlier.report <> 'counters'
        AND (earlier.report <> replies.report OR earlier.polled_at IS DISTINCT FROM replies.polled_at)
    ORDER BY earlier.received_at DESC, earlier.reply_id DESC
    LIMIT 1
) AS known ON TRUE
WHERE
    replies.store_id = any(%(store_ids)s::text[])
    AND replies.report = %(report)s
    AND replies.window_start > %(start)s::timestamptz - interval '26 hours'
    AND replies.window_start < %(end)s::timestamptz + interval '1 hour'
ORDER BY polled_at, replies.reply_id
