-- Hours of a store in [start, end) that its devices owed, recovered ones too.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/explain.py.
SELECT
    sensor_id,
    report,
    hour_start,
    cause,
    detail,
    first_seen,
    attempts,
    next_attempt,
    deadline,
    recovered_at,
    closed_as_lost_at
FROM retail.collection_gaps
WHERE
    store_id = %(store_id)s
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY hour_start, sensor_id, report
