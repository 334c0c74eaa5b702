-- Take out the cells of these stores of which no hour is complete any more.
-- Grain: store, zone, weekday, local hour. Key: all four. Caller: warehouse/tables.py.
DELETE FROM retail.heat_maps AS standing
WHERE
    standing.store_id = any(%(store_ids)s::text[])
    AND NOT EXISTS (
        SELECT 1
        FROM
            unnest(%(store_id)s::text[], %(zone)s::text[], %(weekday)s::integer[], %(local_hour)s::integer[])
                AS cell (store_id, zone, weekday, local_hour)
        WHERE
            cell.store_id = standing.store_id
            AND cell.zone = standing.zone
            AND cell.weekday = standing.weekday
            AND cell.local_hour = standing.local_hour
    )
