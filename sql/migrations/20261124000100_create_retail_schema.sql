-- The schema is closed before anything stands in it: outside roles of a Supabase project, where they exist, get nothing.
CREATE SCHEMA retail;

COMMENT ON SCHEMA retail IS 'People counting in shops: what devices reported, and the hourly and daily figures derived from it. Times are UTC.';

REVOKE ALL ON SCHEMA retail FROM public;

DO $$
DECLARE
    outsider text;
BEGIN
    FOR outsider IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA retail FROM %I', outsider);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA retail REVOKE ALL ON TABLES FROM %I', outsider);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA retail REVOKE ALL ON SEQUENCES FROM %I', outsider);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA retail REVOKE ALL ON FUNCTIONS FROM %I', outsider);
    END LOOP;
END
$$;
