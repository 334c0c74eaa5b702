-- One more failed attempt for each hour, and when to try next: after 30 minutes, doubling up to a day. Jitter is the
-- device's own (up to a tenth earlier), so that its hours come due together and devices do not. An hour whose rows are
-- complete in the table is not missing, whoever failed to get it once more.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
WITH missed AS (
    SELECT *
    FROM
        unnest(
            %(sensor_id)s::text[],
            %(store_id)s::text[],
            %(organization_id)s::text[],
            %(report)s::text[],
            %(hour_start)s::timestamptz[],
            %(hour_end)s::timestamptz[],
            %(cause)s::text[],
            %(detail)s::text[],
            %(deadline)s::timestamptz[]
        ) AS missed (sensor_id, store_id, organization_id, report, hour_start, hour_end, cause, detail, deadline)
),

there AS (
    SELECT
        'lines' AS report,
        sensor_id,
        interval_start,
        interval_end
    FROM retail.raw_sensor_counts
    WHERE
        is_complete
        AND sensor_id = any(%(sensor_id)s::text[])
        AND interval_start >= (SELECT min(missed.hour_start) FROM missed)
        AND interval_start < (SELECT max(missed.hour_end) FROM missed)
    UNION ALL
    SELECT
        'regions' AS report,
        sensor_id,
        interval_start,
        interval_end
    FROM retail.regional_counts
    WHERE
        is_complete
        AND sensor_id = any(%(sensor_id)s::text[])
        AND interval_start >= (SELECT min(missed.hour_start) FROM missed)
        AND interval_start < (SELECT max(missed.hour_end) FROM missed)
    UNION ALL
    SELECT
        'long_stays' AS report,
        sensor_id,
        interval_start,
        interval_end
    FROM retail.long_stay_counts
    WHERE
        is_complete
        AND sensor_id = any(%(sensor_id)s::text[])
        AND interval_start >= (SELECT min(missed.hour_start) FROM missed)
        AND interval_start < (SELECT max(missed.hour_end) FROM missed)
    UNION ALL
    SELECT
        'heat' AS report,
        sensor_id,
        interval_start,
        interval_end
    FROM retail.device_heat
    WHERE
        is_complete
        AND sensor_id = any(%(sensor_id)s::text[])
        AND interval_start >= (SELECT min(missed.hour_start) FROM missed)
        AND interval_start < (SELECT max(missed.hour_end) FROM missed)
),

complete AS (
    SELECT
        missed.sensor_id,
        missed.report,
        missed.hour_start
    FROM missed
    INNER JOIN there
        ON
            missed.sensor_id = there.sensor_id
            AND missed.report = there.report
            AND missed.hour_start <= there.interval_start
            AND missed.hour_end > there.interval_start
    GROUP BY missed.sensor_id, missed.report, missed.hour_start, missed.hour_end
    HAVING sum(there.interval_end - there.interval_start) >= missed.hour_end - missed.hour_start
)

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
FROM missed
WHERE
    NOT EXISTS (
        SELECT
        FROM complete
        WHERE
            complete.sensor_id = missed.sensor_id
            AND complete.report = missed.report
            AND complete.hour_start = missed.hour_start
    )
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
