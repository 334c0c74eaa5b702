-- Supabase has the first three roles and schema auth; a plain Postgres gets what the policies speak of, and nothing more.
-- Roles belong to the whole server: another database may be making them at this moment.
DO $$
DECLARE
    missing text;
BEGIN
    FOR missing IN
        SELECT wanted.role_name
        FROM unnest(ARRAY['anon', 'authenticated', 'service_role', 'retail_pipeline']) AS wanted (role_name)
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.role_name)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;

    -- Row level security is forced on the owner too, who migrates and may run the pipeline: it writes as the pipeline does.
    IF NOT pg_has_role(current_user, 'retail_pipeline', 'USAGE') THEN
        BEGIN
            EXECUTE format('GRANT retail_pipeline TO %I', current_user);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;

    IF to_regprocedure('auth.uid()') IS NULL THEN
        CREATE SCHEMA IF NOT EXISTS auth;
        CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $uid$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.sub', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
            )::uuid
        $uid$;
        COMMENT ON FUNCTION auth.uid() IS 'The user of the request, by its token, as on Supabase; NULL: none.';
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA retail TO authenticated, service_role, retail_pipeline;
