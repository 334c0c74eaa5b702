-- The answers of devices, or the failures to get one, all at once: one by one each is planned and waited for.
-- Grain and key: reply_id. Caller: warehouse/replies.py.
INSERT INTO retail.device_replies (
    reply_id, sensor_id, store_id, organization_id, report, request, window_start, window_end, status, error_cause,
    error_detail, received_at, latency_ms, device_clock, clock_skew_seconds, attempts, sha256, body, polled_at, timezone,
    blots
)
SELECT
    reply_id,
    sensor_id,
    store_id,
    organization_id,
    report,
    request,
    window_start,
    window_end,
    status,
    error_cause,
    error_detail,
    received_at,
    latency_ms,
    device_clock,
    clock_skew_seconds,
    attempts,
    sha256,
    body,
    polled_at,
    timezone,
    blots
FROM
    unnest(
        %(reply_id)s::bigint[],
        %(sensor_id)s::text[],
        %(store_id)s::text[],
        %(organization_id)s::text[],
        %(report)s::text[],
        %(request)s::text[],
        %(window_start)s::timestamptz[],
        %(window_end)s::timestamptz[],
        %(status)s::integer[],
        %(error_cause)s::text[],
        %(error_detail)s::text[],
        %(received_at)s::timestamptz[],
        %(latency_ms)s::float8[],
        %(device_clock)s::timestamptz[],
        %(clock_skew_seconds)s::float8[],
        %(attempts)s::integer[],
        %(sha256)s::text[],
        %(body)s::bytea[],
        %(polled_at)s::timestamptz[],
        %(timezone)s::text[],
        %(blots)s::integer[]
    ) AS answer (
        reply_id, sensor_id, store_id, organization_id, report, request, window_start, window_end, status,
        error_cause, error_detail, received_at, latency_ms, device_clock, clock_skew_seconds, attempts, sha256, body,
        polled_at, timezone, blots
    )
