-- Intervals that a clock change swallowed: written down as lost at once, nobody asks for them.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
WITH swallowed AS (
    SELECT *
    FROM
        unnest(%(sensor_id)s::text[], %(store_id)s::text[], %(interval_start)s::timestamptz[])
            AS swallowed (sensor_id, store_id, interval_start)
),

placed AS (
    SELECT
        swallowed.sensor_id,
        stores.store_id,
        stores.organization_id,
        swallowed.interval_start,
        swallowed.interval_start AT TIME ZONE stores.timezone AS clock
    FROM swallowed
    INNER JOIN retail.stores AS stores ON swallowed.store_id = stores.store_id
)

INSERT INTO retail.collection_gaps (
    sensor_id, store_id, organization_id, report, hour_start, cause, detail,
    first_seen, attempts, next_attempt, deadline, closed_as_lost_at
)
SELECT DISTINCT
    placed.sensor_id,
    placed.store_id,
    placed.organization_id,
    %(report)s::text AS report,
    placed.interval_start - (placed.clock - date_trunc('hour', placed.clock)) AS hour_start,
    'clock_change' AS cause,
    'The device gave one row for both passes of the hour that came twice.' AS detail,
    %(now)s::timestamptz AS first_seen,
    0 AS attempts,
    %(now)s::timestamptz AS next_attempt,
    %(now)s::timestamptz AS deadline,
    %(now)s::timestamptz AS closed_as_lost_at
FROM placed
ORDER BY placed.sensor_id, hour_start
ON CONFLICT (sensor_id, report, hour_start) DO UPDATE SET
    cause = excluded.cause,
    detail = excluded.detail,
    closed_as_lost_at = excluded.closed_as_lost_at
WHERE collection_gaps.closed_as_lost_at IS NULL AND collection_gaps.recovered_at IS NULL
