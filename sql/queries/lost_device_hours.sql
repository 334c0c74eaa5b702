-- Hours of devices in [start, end) that nobody owes: swallowed by a clock change, forgotten, the device was off; or
-- not_asked: from before the device was declared, and before all that it was ever asked for, from the first such hour to
-- the last.
-- Grain: device, report, hours in a row. Key: sensor_id, report, hour_start, cause. Caller: warehouse/evidence.py.
SELECT
    sensor_id,
    report,
    hour_start,
    hour_start AS last_start,
    cause
FROM retail.collection_gaps
WHERE
    closed_as_lost_at IS NOT NULL
    AND store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
UNION ALL
SELECT
    sensors.sensor_id,
    asked.report,
    date_trunc('hour', %(start)s::timestamptz) AS hour_start,
    least(sensors.valid_from, asked.since, %(end)s::timestamptz) - interval '1 hour' AS last_start,
    'not_asked' AS cause
FROM retail.sensors AS sensors
CROSS JOIN
    LATERAL (
        SELECT
            replies.report,
            min(replies.window_start) AS since
        FROM retail.device_replies AS replies
        WHERE replies.sensor_id = sensors.sensor_id
        GROUP BY replies.report
    ) AS asked
WHERE
    sensors.valid_to IS NULL
    AND sensors.store_id = any(%(store_ids)s::text[])
    AND sensors.valid_from > %(start)s::timestamptz
ORDER BY sensor_id, report, hour_start
