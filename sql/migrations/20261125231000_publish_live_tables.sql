-- What a live screen follows goes into Supabase's realtime publication, where the database has it; row level security stands there too.
DO $$
DECLARE
    live text;
BEGIN
    FOR live IN
        SELECT wanted.table_name
        FROM unnest(ARRAY['zone_occupancy_snapshots', 'hourly_analytics', 'zone_hours', 'queue_alerts', 'pipeline_health']) AS wanted (table_name)
        INNER JOIN pg_publication ON pg_publication.pubname = 'supabase_realtime' AND NOT pg_publication.puballtables
        WHERE NOT EXISTS (
            SELECT
            FROM pg_publication_tables
            WHERE
                pg_publication_tables.pubname = 'supabase_realtime'
                AND pg_publication_tables.schemaname = 'retail'
                AND pg_publication_tables.tablename = wanted.table_name
        )
    LOOP
        EXECUTE format('ALTER PUBLICATION supabase_realtime ADD TABLE retail.%I', live);
    END LOOP;
END
$$;
