-- Who may read what. Granted by whoever runs the application (service_role), never by the pipeline.
CREATE TABLE retail.memberships (
    user_id uuid NOT NULL,
    organization_id text NOT NULL REFERENCES retail.organizations (organization_id) ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'viewer')),
    store_id text REFERENCES retail.stores (store_id) ON DELETE CASCADE,
    granted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT memberships_once UNIQUE NULLS NOT DISTINCT (user_id, organization_id, store_id),
    CONSTRAINT memberships_owner_of_all CHECK (role <> 'owner' OR store_id IS NULL)
);

CREATE INDEX memberships_by_organization ON retail.memberships (organization_id);
CREATE INDEX memberships_by_store ON retail.memberships (store_id);

COMMENT ON TABLE retail.memberships IS 'What a user may read. One row per user and organization, or per user and store of it.';
COMMENT ON COLUMN retail.memberships.user_id IS 'The user: auth.uid() of the token, id in auth.users.';
COMMENT ON COLUMN retail.memberships.organization_id IS 'The organization; a store that has left it is not seen.';
COMMENT ON COLUMN retail.memberships.role IS 'viewer: figures; manager: also gaps and health; owner: also replies as received and the memberships.';
COMMENT ON COLUMN retail.memberships.store_id IS 'The only store of this grant; NULL: all stores of the organization, later ones too.';
COMMENT ON COLUMN retail.memberships.granted_at IS 'When.';

-- The two below are asked once a query, not once a row: policies put them into a scalar subquery. They read as their owner,
-- whom memberships and stores do not bind, so that no policy asks itself.
CREATE FUNCTION retail.readable_stores(least_role text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT coalesce(array_agg(DISTINCT stores.store_id), '{}')
    FROM retail.memberships AS grants
    INNER JOIN retail.stores AS stores
        ON grants.organization_id = stores.organization_id
        AND (grants.store_id IS NULL OR grants.store_id = stores.store_id)
    WHERE
        grants.user_id = (SELECT auth.uid())
        AND array_position('{viewer,manager,owner}', grants.role) >= array_position('{viewer,manager,owner}', least_role)
$$;

COMMENT ON FUNCTION retail.readable_stores(text) IS 'Stores that the user of the request may read in this role or a higher one.';

CREATE FUNCTION retail.readable_organizations(least_role text, whole boolean) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT coalesce(array_agg(DISTINCT grants.organization_id), '{}')
    FROM retail.memberships AS grants
    WHERE
        grants.user_id = (SELECT auth.uid())
        AND (grants.store_id IS NULL OR NOT whole)
        AND array_position('{viewer,manager,owner}', grants.role) >= array_position('{viewer,manager,owner}', least_role)
$$;

COMMENT ON FUNCTION retail.readable_organizations(text, boolean) IS 'Organizations that the user of the request may read; whole: in all their stores.';

REVOKE ALL ON FUNCTION retail.readable_stores(text) FROM public;
REVOKE ALL ON FUNCTION retail.readable_organizations(text, boolean) FROM public;
GRANT EXECUTE ON FUNCTION retail.readable_stores(text) TO authenticated;
GRANT EXECUTE ON FUNCTION retail.readable_organizations(text, boolean) TO authenticated;
