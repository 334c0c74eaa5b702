-- How complete the hours are that start in [start, end). An hour of which nothing was reported has no row.
-- Grain and key: store_id, hour_start. Caller: warehouse/status.py.
SELECT
    store_id,
    hour_start,
    completeness
FROM retail.hourly_analytics
WHERE
    store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY store_id, hour_start;
