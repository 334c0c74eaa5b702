-- Why hours of a store that start in [start, end) are not complete; recovered ones left out.
-- Grain and key: hour_start. Caller: warehouse/store_reports.py.
SELECT
    hour_start,
    min(cause) AS cause
FROM retail.collection_gaps
WHERE
    store_id = %(store_id)s
    AND report = 'lines'
    AND recovered_at IS NULL
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
GROUP BY hour_start
ORDER BY hour_start
