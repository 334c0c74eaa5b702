-- Tables and views of the schema with their columns, in order.
-- Grain: column. Key: relation_name, column_name. Caller: warehouse/exports.py.
SELECT
    relations.relname::text AS relation_name,
    attributes.attname::text AS column_name,
    format_type(attributes.atttypid, NULL) AS column_type
FROM pg_class AS relations
INNER JOIN pg_attribute AS attributes ON relations.oid = attributes.attrelid
WHERE
    relations.relnamespace = to_regnamespace('retail')
    AND relations.relkind IN ('r', 'p', 'v', 'm')
    AND attributes.attnum > 0
    AND NOT attributes.attisdropped
ORDER BY relations.relname, attributes.attnum
