-- What a poll needs to know of every device before it asks: circuit, clock, and the probe that failed a moment ago.
-- Grain and key: sensor_id. failed_at and its cause are NULL when the device may be asked. Caller: warehouse/health.py.
SELECT
    health.sensor_id,
    health.circuit,
    health.clock_skew_seconds,
    probe.received_at AS failed_at,
    probe.error_cause,
    probe.error_detail
FROM retail.device_health AS health
LEFT JOIN LATERAL (
    SELECT
        replies.received_at,
        replies.error_cause,
        replies.error_detail
    FROM retail.device_replies AS replies
    WHERE
        replies.sensor_id = health.sensor_id
        AND replies.received_at = health.last_error_at
        AND replies.error_cause IS NOT NULL
    ORDER BY replies.reply_id
    LIMIT 1
) AS probe ON health.next_probe_at > %(now)s::timestamptz
