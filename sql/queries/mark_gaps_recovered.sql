-- What came after all, even when it had been given up. Zeros of a device that was off come with every reply: only a
-- derivation takes that verdict back.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
UPDATE retail.collection_gaps AS gaps
SET recovered_at = %(now)s::timestamptz, closed_as_lost_at = NULL
FROM
    unnest(%(sensor_id)s::text[], %(report)s::text[], %(hour_start)s::timestamptz[])
        AS complete (sensor_id, report, hour_start)
WHERE
    gaps.sensor_id = complete.sensor_id
    AND gaps.report = complete.report
    AND gaps.hour_start = complete.hour_start
    AND gaps.recovered_at IS NULL
    AND NOT (gaps.cause = 'device_off' AND gaps.closed_as_lost_at IS NOT NULL)
