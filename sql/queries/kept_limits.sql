-- Where each kind of table will begin in each store, in whole trading days: stores that left the fleet file too.
-- Grain: store, kind of table. Key: store_id, table_name. Caller: warehouse/keeping.py.
WITH first_days AS (
    SELECT
        stores.store_id,
        stores.organization_id,
        stores.timezone,
        stores.day_starts_at,
        ages.table_name,
        ((ages.instant AT TIME ZONE stores.timezone) - (stores.day_starts_at - time '00:00'))::date AS first_day
    FROM retail.stores AS stores
    INNER JOIN
        unnest(%(organization_id)s::text[], %(table_name)s::text[], %(instant)s::timestamptz[])
            AS ages (organization_id, table_name, instant)
        ON stores.organization_id = ages.organization_id
)

SELECT
    store_id,
    organization_id,
    table_name,
    first_day,
    (first_day + day_starts_at) AT TIME ZONE timezone AS since
FROM first_days
ORDER BY store_id, table_name
