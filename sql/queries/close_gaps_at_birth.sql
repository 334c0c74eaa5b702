-- Hours that a clock change swallowed: written down as lost at once, nobody asks for them.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
INSERT INTO retail.collection_gaps (
    sensor_id, store_id, organization_id, report, hour_start, cause, detail,
    first_seen, attempts, next_attempt, deadline, closed_as_lost_at
)
SELECT
    swallowed.sensor_id,
    stores.store_id,
    stores.organization_id,
    %(report)s::text AS report,
    swallowed.hour_start,
    'clock_change' AS cause,
    'The device gave one row for both passes of the hour that came twice.' AS detail,
    %(now)s::timestamptz AS first_seen,
    0 AS attempts,
    %(now)s::timestamptz AS next_attempt,
    %(now)s::timestamptz AS deadline,
    %(now)s::timestamptz AS closed_as_lost_at
FROM
    unnest(%(sensor_id)s::text[], %(store_id)s::text[], %(hour_start)s::timestamptz[])
        AS swallowed (sensor_id, store_id, hour_start)
INNER JOIN retail.stores AS stores ON swallowed.store_id = stores.store_id
ORDER BY swallowed.sensor_id, swallowed.hour_start
ON CONFLICT (sensor_id, report, hour_start) DO UPDATE SET
    cause = excluded.cause,
    detail = excluded.detail,
    closed_as_lost_at = excluded.closed_as_lost_at
WHERE collection_gaps.closed_as_lost_at IS NULL AND collection_gaps.recovered_at IS NULL
