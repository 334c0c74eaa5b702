-- The first hour of a store of which anything is known: figures, or a gap. NULL: nothing yet.
-- Grain: one row. Key: none. Caller: warehouse/explain.py.
SELECT min(known.hour_start) AS first_hour
FROM (
    SELECT min(hour_start) AS hour_start
    FROM retail.hourly_analytics
    WHERE store_id = %(store_id)s
    UNION ALL
    SELECT min(hour_start) AS hour_start
    FROM retail.collection_gaps
    WHERE store_id = %(store_id)s
) AS known
