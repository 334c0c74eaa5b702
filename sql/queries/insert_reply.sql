-- One answer of a device, or the failure to get one.
-- Grain and key: reply_id. Caller: warehouse/replies.py.
INSERT INTO retail.device_replies (
    reply_id, sensor_id, store_id, organization_id, report, request, window_start, window_end, status, error_cause,
    error_detail, received_at, latency_ms, device_clock, clock_skew_seconds, attempts, sha256, body, polled_at, timezone,
    blots
)
VALUES (
    %(reply_id)s, %(sensor_id)s, %(store_id)s, %(organization_id)s, %(report)s, %(request)s, %(window_start)s,
    %(window_end)s, %(status)s, %(error_cause)s, %(error_detail)s, %(received_at)s, %(latency_ms)s, %(device_clock)s,
    %(clock_skew_seconds)s, %(attempts)s, %(sha256)s, %(body)s, %(polled_at)s, %(timezone)s,
    %(blots)s
)
