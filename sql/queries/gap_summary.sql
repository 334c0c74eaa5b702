-- What is missing and may still come, counted: of devices that are asked.
-- Grain and key: sensor_id, report, cause. Caller: warehouse/status.py.
SELECT
    gaps.sensor_id,
    gaps.store_id,
    gaps.report,
    gaps.cause,
    count(*) AS hours,
    min(gaps.hour_start) AS first_hour,
    min(gaps.deadline) AS nearest_deadline
FROM retail.collection_gaps AS gaps
INNER JOIN retail.sensors AS sensors
    ON gaps.sensor_id = sensors.sensor_id AND sensors.valid_to IS NULL AND sensors.is_active
WHERE
    gaps.recovered_at IS NULL
    AND gaps.closed_as_lost_at IS NULL
    AND gaps.store_id = any(%(store_ids)s::text[])
GROUP BY gaps.sensor_id, gaps.store_id, gaps.report, gaps.cause
ORDER BY nearest_deadline, gaps.store_id, gaps.sensor_id, gaps.report, gaps.cause;
