-- What is missing and may still come.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
SELECT
    sensor_id,
    report,
    hour_start,
    store_id,
    organization_id,
    cause,
    detail,
    first_seen,
    attempts,
    next_attempt,
    deadline
FROM retail.collection_gaps
WHERE recovered_at IS NULL AND closed_as_lost_at IS NULL
ORDER BY store_id, sensor_id, report, hour_start
