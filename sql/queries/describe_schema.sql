-- Schema `retail` as it stands, in words that PostgreSQL 15 to 18 choose alike when search_path is empty.
-- Grain: object or property of one. Key: kind, relation, name. Caller: warehouse/schema_description.py.
-- What belongs to the inside of another object (identity sequences, indexes of constraints) is described by that one.
-- The names of catalog columns carry their table already.
-- noqa: disable=AL03, AL08, RF02, RF03
WITH relations AS (
    SELECT
        pg_class.*,
        format('%I.%I', 'retail', pg_class.relname) AS relation,
        CASE pg_class.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS noun
    FROM pg_class
    WHERE pg_class.relnamespace = to_regnamespace('retail') AND pg_class.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
),

routines AS (
    SELECT
        pg_proc.*,
        pg_proc.oid::regprocedure::text AS relation
    FROM pg_proc
    WHERE pg_proc.pronamespace = to_regnamespace('retail')
),

columns AS (
    SELECT
        attributes.*,
        relations.relation,
        relations.relkind,
        quote_ident(attributes.attname) AS column_name
    FROM pg_attribute AS attributes
    INNER JOIN relations ON attributes.attrelid = relations.oid
    WHERE attributes.attnum > 0 AND NOT attributes.attisdropped AND relations.relkind IN ('r', 'p', 'f', 'v', 'm')
),

privileges AS (
    SELECT
        'SCHEMA retail' AS target,
        '' AS relation,
        nspowner AS owner,
        coalesce(nspacl, acldefault('n', nspowner)) AS acl,
        '' AS column_name
    FROM pg_namespace
    WHERE nspname = 'retail'
    UNION ALL
    SELECT
        CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || relation,
        relation,
        relowner,
        coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)),  -- noqa: RF06
        ''
    FROM relations
    UNION ALL
    SELECT
        'TABLE ' || columns.relation,
        columns.relation,
        relations.relowner,
        columns.attacl,
        ' (' || columns.column_name || ')'
    FROM columns INNER JOIN relations ON columns.attrelid = relations.oid
    WHERE columns.attacl IS NOT NULL
    UNION ALL
    SELECT
        'FUNCTION ' || relation,
        relation,
        proowner,
        coalesce(proacl, acldefault('f', proowner)),
        ''
    FROM routines
),

grants AS (
    SELECT
        privileges.relation,
        privileges.target,
        CASE WHEN entry.grantee = 0 THEN 'PUBLIC' ELSE entry.grantee::regrole::text END AS grantee,
        entry.privilege_type || privileges.column_name AS privilege,
        entry.is_grantable
    FROM privileges CROSS JOIN LATERAL aclexplode(privileges.acl) AS entry
    WHERE entry.grantee <> privileges.owner
),

owners AS (
    SELECT
        noun || ' ' || relation AS target,
        relation,
        relowner AS owner
    FROM relations
    -- The sequence of a column goes with its table.
    WHERE
        NOT EXISTS (
            SELECT FROM pg_depend
            WHERE objid = relations.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i') AND relkind = 'S'
        )
    UNION ALL
    SELECT
        'FUNCTION ' || relation,
        relation,
        proowner
    FROM routines
),

to_come AS (
    SELECT
        pg_default_acl.defaclrole::regrole::text AS maker,
        CASE pg_default_acl.defaclobjtype
            WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES'
        END AS things,
        CASE WHEN entry.grantee = 0 THEN 'PUBLIC' ELSE entry.grantee::regrole::text END AS grantee,
        entry.privilege_type,
        entry.is_grantable
    FROM pg_default_acl CROSS JOIN LATERAL aclexplode(pg_default_acl.defaclacl) AS entry
    WHERE pg_default_acl.defaclnamespace = to_regnamespace('retail')
)

SELECT
    'schema' AS kind,
    '' AS relation,
    nspname::text AS name,
    '' AS definition
FROM pg_namespace
WHERE nspname = 'retail'
UNION ALL
SELECT
    lower(noun),
    relation,
    relation,
    CASE
        WHEN
            relkind IN ('v', 'm')
            THEN coalesce('WITH (' || array_to_string(reloptions, ', ') || ') ', '') || 'AS' || E'\n' || pg_get_viewdef(oid)
        ELSE ''
    END
FROM relations
WHERE
    NOT EXISTS (
        SELECT FROM pg_depend
        WHERE objid = relations.oid AND classid = 'pg_class'::regclass AND deptype = 'i' AND relkind = 'S'
    )
UNION ALL
SELECT
    'column',
    relation,
    column_name,
    format_type(atttypid, atttypmod)
FROM columns
WHERE relkind IN ('r', 'p', 'f')
UNION ALL
SELECT
    'not null',
    relation,
    column_name,
    'NOT NULL'
FROM columns
WHERE attnotnull
UNION ALL
SELECT
    'identity',
    relation,
    column_name,
    'GENERATED ' || CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY'
FROM columns
WHERE attidentity <> ''
UNION ALL
SELECT
    'default',
    columns.relation,
    columns.column_name,
    pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid)
FROM columns
INNER JOIN pg_attrdef ON columns.attrelid = pg_attrdef.adrelid AND columns.attnum = pg_attrdef.adnum
UNION ALL
SELECT
    CASE pg_constraint.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END,
    relations.relation,
    quote_ident(pg_constraint.conname),
    pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint
INNER JOIN relations ON pg_constraint.conrelid = relations.oid
WHERE pg_constraint.contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL
SELECT
    'index',
    relations.relation,
    format('retail.%I', pg_class.relname),
    pg_get_indexdef(pg_class.oid)
FROM pg_index
INNER JOIN pg_class ON pg_index.indexrelid = pg_class.oid
INNER JOIN relations ON pg_index.indrelid = relations.oid
WHERE
    NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conindid = pg_index.indexrelid AND contype IN ('p', 'u', 'x')
    )
UNION ALL
SELECT
    'function',
    relation,
    relation,
    pg_get_functiondef(oid)
FROM routines
WHERE prokind IN ('f', 'p')
UNION ALL
SELECT
    'row security',
    relation,
    relation,
    CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END || ' ROW LEVEL SECURITY, '
    || CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END || ' ROW LEVEL SECURITY'
FROM relations
WHERE relkind IN ('r', 'p')
UNION ALL
SELECT
    'policy',
    relations.relation,
    quote_ident(polname),
    CASE WHEN polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END
    || CASE polcmd
        WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' ELSE ''
    END
    || ' TO ' || (
        SELECT string_agg(CASE WHEN role_id = 0 THEN 'PUBLIC' ELSE role_id::regrole::text END, ', ' ORDER BY role_id::regrole::text)
        FROM unnest(polroles) AS role_id
    )
    || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
    || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
FROM pg_policy
INNER JOIN relations ON pg_policy.polrelid = relations.oid
UNION ALL
SELECT
    'trigger',
    relations.relation,
    quote_ident(tgname),
    pg_get_triggerdef(pg_trigger.oid)
FROM pg_trigger
INNER JOIN relations ON pg_trigger.tgrelid = relations.oid
WHERE NOT tgisinternal
UNION ALL
SELECT
    'comment',
    '',
    'SCHEMA retail',
    obj_description(oid, 'pg_namespace')
FROM pg_namespace
WHERE nspname = 'retail' AND obj_description(oid, 'pg_namespace') IS NOT NULL
UNION ALL
SELECT
    'comment',
    relation,
    noun || ' ' || relation,
    obj_description(oid, 'pg_class')
FROM relations
WHERE obj_description(oid, 'pg_class') IS NOT NULL
UNION ALL
SELECT
    'comment',
    relation,
    'COLUMN ' || relation || '.' || column_name,
    col_description(attrelid, attnum)
FROM columns
WHERE col_description(attrelid, attnum) IS NOT NULL
UNION ALL
SELECT
    'comment',
    relation,
    'FUNCTION ' || relation,
    obj_description(oid, 'pg_proc')
FROM routines
WHERE obj_description(oid, 'pg_proc') IS NOT NULL
UNION ALL
SELECT
    'grant',
    relation,
    target || ' TO ' || grantee,
    string_agg(privilege, ', ' ORDER BY privilege COLLATE "C") || CASE WHEN bool_or(is_grantable) THEN ' WITH GRANT OPTION' ELSE '' END
FROM grants
GROUP BY relation, target, grantee
UNION ALL
SELECT
    'default grant',
    '',
    format('FOR ROLE %s IN SCHEMA retail: %s TO %s', maker, things, grantee),
    string_agg(privilege_type, ', ' ORDER BY privilege_type COLLATE "C")
    || CASE WHEN bool_or(is_grantable) THEN ' WITH GRANT OPTION' ELSE '' END
FROM to_come
GROUP BY maker, things, grantee
UNION ALL
-- Who owns the schema is nobody's business; that somebody else owns a part of it is.
SELECT
    'other owner',
    owners.relation,
    owners.target || ' OWNER TO ' || pg_namespace.nspowner::regrole::text,
    'belongs to ' || owners.owner::regrole::text
FROM owners INNER JOIN pg_namespace ON pg_namespace.nspname = 'retail' AND owners.owner <> pg_namespace.nspowner
UNION ALL
SELECT
    'type',
    format('retail.%I', pg_type.typname),
    format('retail.%I', pg_type.typname),
    'AS ENUM (' || string_agg(quote_literal(pg_enum.enumlabel), ', ' ORDER BY pg_enum.enumsortorder) || ')'
FROM pg_type INNER JOIN pg_enum ON pg_type.oid = pg_enum.enumtypid
WHERE pg_type.typnamespace = to_regnamespace('retail')
GROUP BY pg_type.typname
