-- Write down where tables begin from now on, before anything is removed; a beginning never moves back.
-- Grain: store, kind of table. Key: store_id, table_name. Caller: warehouse/keeping.py.
INSERT INTO retail.kept_since AS kept (store_id, table_name, organization_id, first_day, since, moved_at)
SELECT
    limits.store_id,
    limits.table_name,
    limits.organization_id,
    limits.first_day,
    limits.since,
    %(now)s::timestamptz AS moved_at
FROM
    unnest(
        %(store_id)s::text[], %(table_name)s::text[], %(organization_id)s::text[], %(first_day)s::date[], %(since)s::timestamptz[]
    ) AS limits (store_id, table_name, organization_id, first_day, since)
ORDER BY limits.store_id, limits.table_name
ON CONFLICT (store_id, table_name) DO UPDATE SET
    organization_id = excluded.organization_id,
    first_day = excluded.first_day,
    since = excluded.since,
    moved_at = excluded.moved_at
WHERE kept.since < excluded.since
