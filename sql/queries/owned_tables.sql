-- Tables of the schema whose rows belong to an organization or a store, by their columns, so that none can be forgotten.
-- Grain and key: table_name. Caller: warehouse/forgetting.py.
SELECT
    tables.table_name::text AS table_name,
    bool_or(columns.column_name = 'organization_id') AS names_organization,
    bool_or(columns.column_name = 'store_id') AS names_store,
    array(
        SELECT DISTINCT referring.relname::text
        FROM pg_constraint
        INNER JOIN pg_class AS referring ON pg_constraint.conrelid = referring.oid
        WHERE
            pg_constraint.contype = 'f'
            AND pg_constraint.confrelid = format('retail.%I', tables.table_name)::regclass
            AND pg_constraint.conrelid <> pg_constraint.confrelid
    ) AS referred_by
FROM information_schema.tables AS tables
INNER JOIN information_schema.columns AS columns
    ON tables.table_schema = columns.table_schema AND tables.table_name = columns.table_name
WHERE
    tables.table_schema = 'retail'
    AND tables.table_type = 'BASE TABLE'
    AND columns.column_name IN ('organization_id', 'store_id')
GROUP BY tables.table_name
ORDER BY table_name
