-- Hours of days that were judged again and in which the device was not off after all: their counts stand.
-- Grain: device, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
UPDATE retail.collection_gaps AS gaps
SET recovered_at = %(now)s::timestamptz, closed_as_lost_at = NULL
FROM
    unnest(%(store_id)s::text[], %(start)s::timestamptz[], %(end)s::timestamptz[])
        AS judged (store_id, judged_from, judged_until)
WHERE
    gaps.cause = 'device_off'
    AND gaps.closed_as_lost_at IS NOT NULL
    AND gaps.store_id = judged.store_id
    AND gaps.hour_start >= judged.judged_from
    AND gaps.hour_start < judged.judged_until
    AND NOT EXISTS (
        SELECT
        FROM
            unnest(%(off_sensor_id)s::text[], %(off_hour_start)s::timestamptz[])
                AS off (sensor_id, hour_start)
        WHERE off.sensor_id = gaps.sensor_id AND off.hour_start = gaps.hour_start
    )
