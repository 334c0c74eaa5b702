-- When people come to a store as a whole.
-- Grain: weekday, local hour. Key: both. Caller: warehouse/store_reports.py.
SELECT
    weekday,
    local_hour,
    entries
FROM retail.heat_maps
WHERE store_id = %(store_id)s AND zone = '*'
ORDER BY weekday, local_hour
