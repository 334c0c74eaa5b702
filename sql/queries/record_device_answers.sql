-- One poll of each device. Three failed polls in a row open its circuit; a report closes it and wakes its gaps.
-- Failures within five minutes belong to one poll, which may ask for two reports; one of the same instant as the last is
-- the last, of a device that was not asked again.
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

counted AS (
    SELECT
        polls.*,
        health.opened_at,
        coalesce(health.circuit = 'open', FALSE) AS was_open,
        CASE
            WHEN polls.is_ok THEN 0
            WHEN health.consecutive_failures > 0 AND health.last_error_at > polls.error_at - interval '5 minutes'
                THEN health.consecutive_failures
            ELSE coalesce(health.consecutive_failures, 0) + 1
        END AS failures
    FROM polls
    LEFT JOIN retail.device_health AS health ON polls.sensor_id = health.sensor_id
),

recorded AS (
    INSERT INTO retail.device_health AS health (
        sensor_id, store_id, organization_id, circuit, consecutive_failures, opened_at, next_probe_at, last_ok_at,
        last_error, last_error_at, clock_skew_seconds
    )
    SELECT
        sensor_id,
        store_id,
        organization_id,
        CASE WHEN failures >= 3 THEN 'open' ELSE 'closed' END AS circuit,
        failures AS consecutive_failures,
        CASE WHEN failures >= 3 THEN coalesce(opened_at, error_at) END AS opened_at,
        CASE WHEN failures >= 3 THEN error_at + interval '5 minutes' END AS next_probe_at,
        CASE WHEN is_ok THEN at END AS last_ok_at,
        error AS last_error,
        error_at AS last_error_at,
        clock_skew_seconds
    FROM counted
    ORDER BY sensor_id
    ON CONFLICT (sensor_id) DO UPDATE
        SET
            store_id = excluded.store_id,
            organization_id = excluded.organization_id,
            circuit = excluded.circuit,
            consecutive_failures = excluded.consecutive_failures,
            opened_at = excluded.opened_at,
            next_probe_at = excluded.next_probe_at,
            last_ok_at = coalesce(excluded.last_ok_at, health.last_ok_at),
            last_error = CASE
                WHEN excluded.last_error_at = health.last_error_at THEN health.last_error
                ELSE coalesce(excluded.last_error, health.last_error)
            END,
            last_error_at = coalesce(excluded.last_error_at, health.last_error_at),
            clock_skew_seconds = coalesce(excluded.clock_skew_seconds, health.clock_skew_seconds)
    RETURNING health.sensor_id
)

UPDATE retail.collection_gaps AS gaps
SET next_attempt = counted.at
FROM counted
WHERE
    counted.was_open
    AND counted.is_ok
    AND gaps.sensor_id = counted.sensor_id
    AND gaps.recovered_at IS NULL
    AND gaps.closed_as_lost_at IS NULL
    AND gaps.next_attempt > counted.at
