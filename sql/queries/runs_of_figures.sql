-- The runs that last changed the figures of a store's hour, of its zones and ways in it, of the intervals of its zones
-- that begin with it, and of its trading day.
-- Grain: table, place. Key: table_name, place (zone, or from:to). Caller: warehouse/explain.py.
SELECT
    'hourly_analytics' AS table_name,
    NULL AS place,
    run_id
FROM retail.hourly_analytics
WHERE store_id = %(store_id)s AND hour_start = %(start)s::timestamptz
UNION ALL
SELECT
    'zone_hours' AS table_name,
    zone AS place,
    run_id
FROM retail.zone_hours
WHERE store_id = %(store_id)s AND hour_start = %(start)s::timestamptz
UNION ALL
SELECT
    'zone_flows' AS table_name,
    from_area || ':' || to_area AS place,
    run_id
FROM retail.zone_flows
WHERE store_id = %(store_id)s AND hour_start = %(start)s::timestamptz
UNION ALL
SELECT
    'queue_alerts' AS table_name,
    zone AS place,
    run_id
FROM retail.queue_alerts
WHERE store_id = %(store_id)s AND hour_start = %(start)s::timestamptz
UNION ALL
SELECT
    'virtual_region_occupancy' AS table_name,
    zone AS place,
    run_id
FROM retail.virtual_region_occupancy
WHERE store_id = %(store_id)s AND interval_start = %(start)s::timestamptz
UNION ALL
SELECT
    'daily_summaries' AS table_name,
    NULL AS place,
    run_id
FROM retail.daily_summaries
WHERE store_id = %(store_id)s AND trading_day = %(trading_day)s::date
