-- One poll of each device. Three failed polls in a row open its circuit; a report closes it and wakes its gaps.
-- Grain and key: sensor_id. Caller: warehouse/health.py.
WITH polls AS (
    SELECT *
    FROM unnest(
        %(sensor_id)s::text[],
        %(store_id)s::text[],
        %(organization_id)s::text[],
        %(at)s::timestamptz[],
        %(is_ok)s::boolean[],
        %(error)s::text[],
        %(error_at)s::timestamptz[],
        %(clock_skew_seconds)s::float8[]
    ) AS poll (sensor_id, store_id, organization_id, at, is_ok, error, error_at, clock_skew_seconds)
),

were_open AS (
    SELECT health.sensor_id
    FROM retail.device_health AS health
    INNER JOIN polls ON health.sensor_id = polls.sensor_id
    WHERE health.circuit = 'open' AND polls.is_ok
),

recorded AS (
    INSERT INTO retail.device_health AS health (
        sensor_id, store_id, organization_id, circuit, consecutive_failures, last_ok_at, last_error, last_error_at,
        clock_skew_seconds
    )
    SELECT
        polls.sensor_id,
        polls.store_id,
        polls.organization_id,
        'closed' AS circuit,
        CASE WHEN polls.is_ok THEN 0 ELSE 1 END AS consecutive_failures,
        CASE WHEN polls.is_ok THEN polls.at END AS last_ok_at,
        polls.error AS last_error,
        polls.error_at AS last_error_at,
        polls.clock_skew_seconds
    FROM polls
    ORDER BY polls.sensor_id
    ON CONFLICT (sensor_id) DO UPDATE
        SET
            store_id = excluded.store_id,
            organization_id = excluded.organization_id,
            circuit = CASE
                WHEN excluded.consecutive_failures = 0 THEN 'closed'
                WHEN health.consecutive_failures >= 2 THEN 'open'
                ELSE health.circuit
            END,
            consecutive_failures = CASE
                WHEN excluded.consecutive_failures = 0 THEN 0 ELSE health.consecutive_failures + 1
            END,
            opened_at = CASE
                WHEN excluded.consecutive_failures = 0 THEN NULL
                WHEN health.consecutive_failures >= 2 THEN coalesce(health.opened_at, excluded.last_error_at)
            END,
            next_probe_at = CASE
                WHEN excluded.consecutive_failures = 0 THEN NULL
                WHEN health.consecutive_failures >= 2 THEN excluded.last_error_at + interval '30 minutes'
            END,
            last_ok_at = coalesce(excluded.last_ok_at, health.last_ok_at),
            last_error = coalesce(excluded.last_error, health.last_error),
            last_error_at = coalesce(excluded.last_error_at, health.last_error_at),
            clock_skew_seconds = coalesce(excluded.clock_skew_seconds, health.clock_skew_seconds)
    RETURNING health.sensor_id
)

UPDATE retail.collection_gaps AS gaps
SET next_attempt = polls.at
FROM were_open
INNER JOIN polls ON were_open.sensor_id = polls.sensor_id
WHERE
    gaps.sensor_id = were_open.sensor_id
    AND gaps.recovered_at IS NULL
    AND gaps.closed_as_lost_at IS NULL
    AND gaps.next_attempt > polls.at
