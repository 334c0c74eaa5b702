-- What the clock and the rows of every declared device that was ever asked did since an instant.
-- worst_skew_seconds: farthest from UTC at a reply; changed_intervals: those that were complete before they changed.
-- Grain and key: sensor_id. Caller: warehouse/evidence.py.
SELECT
    health.sensor_id,
    health.store_id,
    health.last_ok_at,
    health.clock_skew_seconds AS skew_seconds,
    worst.clock_skew_seconds AS worst_skew_seconds,
    worst.received_at AS worst_skew_at,
    changed.intervals AS changed_intervals,
    changed.first_start AS first_changed
FROM retail.device_health AS health
INNER JOIN retail.sensors AS sensors ON health.sensor_id = sensors.sensor_id AND sensors.valid_to IS NULL
LEFT JOIN LATERAL (
    SELECT
        replies.clock_skew_seconds,
        replies.received_at
    FROM retail.device_replies AS replies
    WHERE
        replies.sensor_id = health.sensor_id
        AND replies.received_at >= %(since)s::timestamptz
        AND replies.clock_skew_seconds IS NOT NULL
    ORDER BY abs(replies.clock_skew_seconds) DESC, replies.received_at
    LIMIT 1
) AS worst ON TRUE
LEFT JOIN LATERAL (
    SELECT
        count(DISTINCT revisions.row_key) AS intervals,
        min((revisions.row_key ->> 'interval_start')::timestamptz) AS first_start
    FROM retail.revisions AS revisions
    INNER JOIN retail.device_replies AS replies ON revisions.reply_id = replies.reply_id
    WHERE
        revisions.store_id = health.store_id
        AND revisions.changed_at >= %(since)s::timestamptz
        AND revisions.row_key ->> 'sensor_id' = health.sensor_id
        AND replies.received_at >= %(since)s::timestamptz
) AS changed ON TRUE
ORDER BY health.store_id, health.sensor_id
