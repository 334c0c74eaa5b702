-- How complete the hours are that start in [start, end). An hour of which nothing was measured has no row,
-- though it may be imputed.
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
    AND (completeness > 0 OR entries IS NOT NULL OR passers_by IS NOT NULL)
ORDER BY store_id, hour_start;
