-- A snapshot is taken at every poll, of the store and of every zone whose occupancy can be told.
ALTER TABLE retail.zone_occupancy_snapshots
ADD COLUMN is_provisional boolean NOT NULL DEFAULT TRUE,
ADD COLUMN source text NOT NULL DEFAULT 'lines' CHECK (source IN ('lines', 'live_counters'));

ALTER TABLE retail.zone_occupancy_snapshots
ALTER COLUMN is_provisional DROP DEFAULT,
ALTER COLUMN source DROP DEFAULT;

CREATE INDEX zone_occupancy_snapshots_by_time ON retail.zone_occupancy_snapshots
USING brin (observed_at) WITH (pages_per_range = 32);

COMMENT ON TABLE retail.zone_occupancy_snapshots IS 'People inside at an instant, as known at a poll. One row per store, zone and observation.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.zone IS 'The zone of the store; empty: the whole store.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.observed_at IS 'The instant: when an open interval was answered, the end of a complete one, or when live counters were read.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.occupancy IS 'People inside: running entries - exits of the trading day, never below 0.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.is_provisional IS 'Whether the interval was still being counted, or some device was missing.';
COMMENT ON COLUMN retail.zone_occupancy_snapshots.source IS 'lines: the reports of counted lines; live_counters: the counters that a device shows at any time.';

CREATE OR REPLACE VIEW retail.current_occupancy WITH (security_invoker = TRUE) AS
WITH newest AS (
    SELECT DISTINCT ON (store_id, zone)
        store_id,
        nullif(zone, '') AS zone,
        observed_at,
        occupancy,
        is_provisional,
        source
    FROM retail.zone_occupancy_snapshots
    WHERE observed_at > now() - interval '1 day'
    ORDER BY store_id, zone, observed_at DESC
)

SELECT
    newest.store_id,
    stores.name AS store_name,
    stores.organization_id,
    newest.zone,
    newest.occupancy,
    least(newest.observed_at, now()) AS observed_at,
    least(newest.observed_at, now()) AT TIME ZONE stores.timezone AS local_observed_at,
    newest.source,
    zones.name AS zone_name,
    zones.kind AS zone_kind,
    newest.is_provisional,
    greatest(extract(EPOCH FROM now() - newest.observed_at) / 60, 0)::double precision AS age_minutes,
    CASE WHEN newest.zone IS NULL THEN stores.capacity END AS capacity,
    CASE WHEN newest.zone IS NULL THEN newest.occupancy::double precision / stores.capacity END AS capacity_use
FROM newest
INNER JOIN retail.stores AS stores ON newest.store_id = stores.store_id AND stores.valid_to IS NULL
LEFT JOIN retail.zones AS zones
    ON newest.store_id = zones.store_id AND newest.zone = zones.zone AND zones.valid_to IS NULL
WHERE newest.zone IS NULL OR zones.zone IS NOT NULL;

COMMENT ON VIEW retail.current_occupancy IS 'People inside as last known within a day, and how old that is. One row per store and zone; zone NULL is the whole store.';
COMMENT ON COLUMN retail.current_occupancy.zone IS 'The zone of the store; NULL: the whole store.';
COMMENT ON COLUMN retail.current_occupancy.age_minutes IS 'Minutes since observed_at.';
COMMENT ON COLUMN retail.current_occupancy.is_provisional IS 'Whether the interval was still being counted, or some device was missing.';
COMMENT ON COLUMN retail.current_occupancy.capacity IS 'People that may be in the store; NULL: a zone, or not stated.';
COMMENT ON COLUMN retail.current_occupancy.capacity_use IS 'occupancy / capacity; above 1 is too full. NULL: a zone, or no capacity is stated.';
