-- Hours of stores in [start, end) whose missing line counts will never come: some gap is lost, none is open.
-- Grain: store, local clock hour. Key: store_id, hour_start. Caller: warehouse/reads.py.
SELECT
    store_id,
    hour_start
FROM retail.collection_gaps
WHERE
    report = 'lines'
    AND recovered_at IS NULL
    AND store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
GROUP BY store_id, hour_start
HAVING count(*) = count(closed_as_lost_at)
ORDER BY store_id, hour_start
