-- One way to close a table, for those that stand and those to come: a later migration ends with
--     SELECT retail.protect('retail.its_table', 'viewer');
CREATE FUNCTION retail.protect(target regclass, readers text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    has_store CONSTANT boolean := EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'store_id' AND NOT attisdropped
    );
    is_indexed CONSTANT boolean := EXISTS (
        SELECT
        FROM pg_index INNER JOIN pg_attribute ON pg_index.indrelid = pg_attribute.attrelid AND pg_index.indkey[0] = pg_attribute.attnum
        WHERE pg_index.indrelid = target AND pg_index.indpred IS NULL AND pg_attribute.attname = 'store_id'
    );
    condition text;
    numbers regclass;
BEGIN
    IF readers IS NULL OR readers NOT IN ('viewer', 'manager', 'owner', 'nobody') THEN
        RAISE EXCEPTION 'readers of % are viewer, manager, owner or nobody, not %', target, readers;
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, anon, authenticated, service_role, retail_pipeline', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE %s TO service_role, retail_pipeline', target);
    EXECUTE format('DROP POLICY IF EXISTS writers ON %s', target);
    EXECUTE format('DROP POLICY IF EXISTS readers ON %s', target);
    EXECUTE format('CREATE POLICY writers ON %s TO service_role, retail_pipeline USING (true) WITH CHECK (true)', target);
    FOR numbers IN
        SELECT pg_depend.objid
        FROM pg_depend INNER JOIN pg_class ON pg_depend.objid = pg_class.oid AND pg_class.relkind = 'S'
        WHERE pg_depend.refobjid = target AND pg_depend.deptype IN ('i', 'a')
    LOOP
        EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, anon, authenticated, service_role, retail_pipeline', numbers);
        EXECUTE format('GRANT SELECT, USAGE ON SEQUENCE %s TO service_role, retail_pipeline', numbers);
    END LOOP;
    IF readers <> 'nobody' THEN
        condition := format('organization_id = ANY ((SELECT retail.readable_organizations(%L, %L))::text[])', readers, NOT has_store);
        IF has_store THEN
            -- An array serves an index; without one every row asks, and a hash answers sooner than an array of 100 stores.
            condition := format(
                CASE WHEN is_indexed
                    THEN 'store_id = ANY ((SELECT retail.readable_stores(%L))::text[]) AND %s'
                    ELSE 'store_id IN (SELECT unnest(retail.readable_stores(%L))) AND %s'
                END,
                readers, condition
            );
        END IF;
        EXECUTE format('GRANT SELECT ON TABLE %s TO authenticated', target);
        EXECUTE format('CREATE POLICY readers ON %s FOR SELECT TO authenticated USING (%s)', target, condition);
    END IF;
END
$$;

COMMENT ON FUNCTION retail.protect(regclass, text) IS 'Close a table: the pipeline writes, and members read from this role upwards (viewer, manager, owner or nobody).';

-- For what stands without a policy: tables of migrations that were written before this one, or that arrive after it.
CREATE FUNCTION retail.protect_unprotected() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    relation record;
BEGIN
    FOR relation IN
        SELECT
            pg_class.oid::regclass AS name,
            CASE
                WHEN pg_class.relname = 'device_replies' OR pg_class.relname LIKE 'rejected\_%' THEN 'owner'
                WHEN pg_class.relname IN ('collection_gaps', 'device_health', 'pipeline_health', 'incidents') THEN 'manager'
                WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'organization_id') THEN 'viewer'
                ELSE 'nobody'
            END AS readers
        FROM pg_class
        WHERE
            pg_class.relnamespace = 'retail'::regnamespace AND pg_class.relkind IN ('r', 'p')
            AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)
    LOOP
        PERFORM retail.protect(relation.name, relation.readers);
    END LOOP;
    FOR relation IN
        SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'retail'::regnamespace AND relkind = 'v'
    LOOP
        EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', relation.name);
        EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, anon, authenticated, service_role, retail_pipeline', relation.name);
        EXECUTE format('GRANT SELECT ON TABLE %s TO authenticated, service_role, retail_pipeline', relation.name);
    END LOOP;
END
$$;

COMMENT ON FUNCTION retail.protect_unprotected() IS 'Close every table that has no policy; a view shows what its reader may see.';

REVOKE ALL ON FUNCTION retail.protect(regclass, text) FROM public;
REVOKE ALL ON FUNCTION retail.protect_unprotected() FROM public;

-- Not theirs to write, and the helpers read these two as the owner: a forced policy would ask itself.
ALTER TABLE retail.memberships ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON TABLE retail.memberships FROM public, anon, authenticated, service_role, retail_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE retail.memberships TO service_role;
GRANT SELECT ON TABLE retail.memberships TO authenticated;
CREATE POLICY writers ON retail.memberships TO service_role USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY readers ON retail.memberships FOR SELECT TO authenticated USING (
    user_id = (SELECT auth.uid())
    OR organization_id = ANY((SELECT retail.readable_organizations('owner', TRUE))::text[])
);

-- A member of one store reads the name of its organization, so this one is not asked for in whole.
SELECT retail.protect('retail.organizations', 'viewer');

DROP POLICY readers ON retail.organizations;

CREATE POLICY readers ON retail.organizations FOR SELECT TO authenticated USING (
    organization_id = ANY((SELECT retail.readable_organizations('viewer', FALSE))::text[])
);

SELECT retail.protect_unprotected();

ALTER TABLE retail.stores NO FORCE ROW LEVEL SECURITY;
