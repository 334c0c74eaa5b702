-- Rows in quarantine that were first seen in [start, end); not those that a replay has taken since.
-- Grain: rejected row. Key: reply_id, row_number. Caller: warehouse/evidence.py.
SELECT
    store_id,
    sensor_id,
    report,
    reason,
    seen_at
FROM retail.rejected_rows
WHERE
    store_id = ANY(%(store_ids)s::text[])
    AND resolved_at IS NULL
    AND seen_at >= %(start)s::timestamptz
    AND seen_at < %(end)s::timestamptz
ORDER BY seen_at, sensor_id
