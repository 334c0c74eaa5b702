-- Write down what is missing. An open gap stays as it is, one given up stays lost; a recovered one is opened again.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
INSERT INTO retail.collection_gaps AS gaps (
    sensor_id, store_id, organization_id, report, hour_start, cause, detail, deadline, first_seen, attempts, next_attempt
)
SELECT
    missing.sensor_id,
    missing.store_id,
    missing.organization_id,
    missing.report,
    missing.hour_start,
    missing.cause,
    missing.detail,
    missing.deadline,
    %(now)s::timestamptz AS first_seen,
    0 AS attempts,
    %(now)s::timestamptz AS next_attempt
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
    ) AS missing (sensor_id, store_id, organization_id, report, hour_start, cause, detail, deadline)
ORDER BY missing.sensor_id, missing.report, missing.hour_start
ON CONFLICT (sensor_id, report, hour_start) DO UPDATE SET
    recovered_at = NULL,
    first_seen = excluded.first_seen,
    attempts = 0,
    next_attempt = excluded.next_attempt,
    cause = excluded.cause,
    detail = excluded.detail
WHERE gaps.recovered_at IS NOT NULL
