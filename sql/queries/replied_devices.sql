-- Devices that answered in [start, end) with something to read, all stores where none is named.
-- Grain and key: store, device, report. Caller: warehouse/stored_replies.py.
SELECT
    store_id,
    sensor_id,
    report,
    count(*) AS replies
FROM retail.device_replies
WHERE
    received_at >= %(start)s::timestamptz
    AND received_at < %(end)s::timestamptz
    AND (cardinality(%(store_ids)s::text[]) = 0 OR store_id = any(%(store_ids)s::text[]))
    AND error_cause IS NULL
    AND body IS NOT NULL
GROUP BY store_id, sensor_id, report
ORDER BY store_id, sensor_id, report;
