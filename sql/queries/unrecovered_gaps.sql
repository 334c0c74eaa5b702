-- Hours of devices that were missed and have not come since, the lost ones among them.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
SELECT
    sensor_id,
    report,
    hour_start
FROM retail.collection_gaps
WHERE
    sensor_id = ANY(%(sensor_id)s::text[])
    AND hour_start BETWEEN %(first)s::timestamptz AND %(last)s::timestamptz
    AND recovered_at IS NULL
