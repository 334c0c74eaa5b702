-- The runs that last changed the figures of a store's hour, of its zones in it, and of its trading day.
-- Grain: table, zone. Key: table_name, zone. Caller: warehouse/explain.py.
SELECT
    'hourly_analytics' AS table_name,
    NULL AS zone,
    run_id
FROM retail.hourly_analytics
WHERE store_id = %(store_id)s AND hour_start = %(start)s::timestamptz
UNION ALL
SELECT
    'zone_hours' AS table_name,
    zone,
    run_id
FROM retail.zone_hours
WHERE store_id = %(store_id)s AND hour_start = %(start)s::timestamptz
UNION ALL
SELECT
    'daily_summaries' AS table_name,
    NULL AS zone,
    run_id
FROM retail.daily_summaries
WHERE store_id = %(store_id)s AND trading_day = %(trading_day)s::date
