-- A user who is deleted loses their grants, and a mistyped id grants nothing. Supabase has auth.users; a plain Postgres gets
-- what the key needs. Where users are kept in another way, or grants name nobody, the key is left out with a warning, and
-- `schema check` names it.
DO $$
BEGIN
    IF to_regclass('auth.users') IS NULL THEN
        CREATE TABLE auth.users (id uuid PRIMARY KEY);
        ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
        CREATE POLICY writers ON auth.users TO service_role USING (TRUE) WITH CHECK (TRUE);
        GRANT SELECT, INSERT, DELETE ON TABLE auth.users TO service_role;
        COMMENT ON TABLE auth.users IS 'Who may be granted something, as on Supabase.';
        COMMENT ON COLUMN auth.users.id IS 'The user: auth.uid() of the token.';
    END IF;
    ALTER TABLE retail.memberships
    ADD CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE;
EXCEPTION
    -- Another type, no key, no right to refer to it or to make it, grants of users who are not there.
    WHEN datatype_mismatch OR invalid_foreign_key OR undefined_column OR insufficient_privilege OR foreign_key_violation THEN
        RAISE WARNING 'memberships are not bound to auth.users: %', SQLERRM;
END
$$;
