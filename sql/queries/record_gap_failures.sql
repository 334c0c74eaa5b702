-- One more failed attempt for each hour, and when to try next: after 30 minutes, doubling up to a day. Jitter is the
-- device's own (up to a tenth earlier), so that its hours come due together and devices do not.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
INSERT INTO retail.collection_gaps AS gaps (
    sensor_id, store_id, organization_id, report, hour_start, cause, detail, deadline, first_seen, attempts, next_attempt
)
SELECT
    missed.sensor_id,
    missed.store_id,
    missed.organization_id,
    missed.report,
    missed.hour_start,
    missed.cause,
    missed.detail,
    missed.deadline,
    %(now)s::timestamptz AS first_seen,
    1 AS attempts,
    %(now)s::timestamptz
    + interval '30 minutes' * (1 - ('x' || left(md5(missed.sensor_id), 4))::bit(16)::integer / 655350.0) AS next_attempt
FROM
    unnest(
        %(sensor_id)s::text[],
        %(store_id)s::text[],
        %(organization_id)s::text[],
        %(report)s::text[],
        %(hour_start)s::timestamptz[],
        %(cause)s::text[],
        %(detail)s::text[],
        %(deadline)s::timestamptz[]
    ) AS missed (sensor_id, store_id, organization_id, report, hour_start, cause, detail, deadline)
ORDER BY missed.sensor_id, missed.report, missed.hour_start
ON CONFLICT (sensor_id, report, hour_start) DO UPDATE SET
    recovered_at = NULL,
    attempts = gaps.attempts + 1,
    next_attempt = %(now)s::timestamptz
    + least(interval '24 hours', interval '30 minutes' * power(2, least(gaps.attempts, 10)))
    * (1 - ('x' || left(md5(gaps.sensor_id), 4))::bit(16)::integer / 655350.0),
    cause = excluded.cause,
    detail = excluded.detail
WHERE gaps.closed_as_lost_at IS NULL
