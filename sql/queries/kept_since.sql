-- Where the tables of stores begin, where anything was removed.
-- Grain: store, kind of table. Key: store_id, table_name. Caller: warehouse/keeping.py.
SELECT
    store_id,
    table_name,
    first_day,
    since
FROM retail.kept_since
ORDER BY store_id, table_name
