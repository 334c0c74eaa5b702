-- Hours whose zeros say that a device was switched off: written down as lost at once, nobody asks for them again.
-- Grain: device, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
INSERT INTO retail.collection_gaps AS gaps (
    sensor_id, store_id, organization_id, report, hour_start, cause, detail,
    first_seen, attempts, next_attempt, deadline, closed_as_lost_at
)
SELECT
    off.sensor_id,
    stores.store_id,
    stores.organization_id,
    'lines' AS report,
    off.hour_start,
    'device_off' AS cause,
    'Nobody on any line, the street included, in hours that are usually busy.' AS detail,
    %(now)s::timestamptz AS first_seen,
    0 AS attempts,
    %(now)s::timestamptz AS next_attempt,
    %(now)s::timestamptz AS deadline,
    %(now)s::timestamptz AS closed_as_lost_at
FROM
    unnest(%(sensor_id)s::text[], %(store_id)s::text[], %(hour_start)s::timestamptz[])
        AS off (sensor_id, store_id, hour_start)
INNER JOIN retail.stores AS stores ON off.store_id = stores.store_id
ORDER BY off.sensor_id, off.hour_start
ON CONFLICT (sensor_id, report, hour_start) DO UPDATE SET
    cause = excluded.cause,
    detail = excluded.detail,
    recovered_at = NULL,
    closed_as_lost_at = excluded.closed_as_lost_at
WHERE gaps.cause <> 'device_off' OR gaps.closed_as_lost_at IS NULL
