-- How many people usually come to a store (zone *) or a zone in a local hour of a weekday.
-- Grain: one row. Key: none. Caller: warehouse/explain.py.
SELECT
    entries,
    share_of_week,
    hours,
    run_id
FROM retail.heat_maps
WHERE
    store_id = %(store_id)s
    AND zone = %(zone)s
    AND weekday = %(weekday)s
    AND local_hour = %(local_hour)s
