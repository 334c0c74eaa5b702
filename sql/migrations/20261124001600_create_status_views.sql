CREATE VIEW retail.current_occupancy WITH (security_invoker = TRUE) AS
WITH observations AS (
    SELECT
        store_id,
        NULL::text AS zone,
        hour_end AS observed_at,
        occupancy_end AS occupancy,
        'hourly_analytics' AS source
    FROM retail.hourly_analytics
    WHERE occupancy_end IS NOT NULL AND hour_start > now() - interval '1 day'
    UNION ALL
    SELECT
        store_id,
        zone,
        interval_end AS observed_at,
        occupancy,
        'virtual_region_occupancy' AS source
    FROM retail.virtual_region_occupancy
    WHERE occupancy IS NOT NULL AND interval_start > now() - interval '1 day'
    UNION ALL
    SELECT
        store_id,
        zone,
        observed_at,
        occupancy,
        'zone_occupancy_snapshots' AS source
    FROM retail.zone_occupancy_snapshots
    WHERE observed_at > now() - interval '1 day'
)

SELECT DISTINCT ON (observations.store_id, observations.zone)
    observations.store_id,
    stores.name AS store_name,
    stores.organization_id,
    observations.zone,
    observations.occupancy,
    least(observations.observed_at, now()) AS observed_at,
    least(observations.observed_at, now()) AT TIME ZONE stores.timezone AS local_observed_at,
    observations.source
FROM observations
INNER JOIN retail.stores AS stores ON observations.store_id = stores.store_id AND stores.valid_to IS NULL
ORDER BY observations.store_id, observations.zone, observations.observed_at DESC;

COMMENT ON VIEW retail.current_occupancy IS 'People inside as last known within a day. One row per store and zone; zone NULL is the whole store.';

CREATE VIEW retail.pipeline_status WITH (security_invoker = TRUE) AS
SELECT DISTINCT ON (health.store_id, health.stage)
    health.store_id,
    stores.name AS store_name,
    health.organization_id,
    health.stage,
    health.status,
    health.findings,
    health.detail,
    health.checked_at,
    health.run_id
FROM retail.pipeline_health AS health
INNER JOIN retail.stores AS stores ON health.store_id = stores.store_id AND stores.valid_to IS NULL
ORDER BY health.store_id, health.stage, health.checked_at DESC;

COMMENT ON VIEW retail.pipeline_status IS 'The latest inspection. One row per active store and stage.';

-- Global default privileges of a database may have granted what no schema can refuse: take it back from all that now exists.
DO $$
DECLARE
    outsider text;
BEGIN
    REVOKE ALL ON ALL TABLES IN SCHEMA retail FROM PUBLIC;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA retail FROM PUBLIC;
    FOR outsider IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA retail FROM %I', outsider);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA retail FROM %I', outsider);
    END LOOP;
END
$$;
