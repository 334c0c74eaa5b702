-- Zone hours that are older than the intervals or stays they come from, or that have those and no row, since an instant.
-- Stays of hours in which their device was switched off make no row.
-- Grain: store, local clock hour. Key: store_id, hour_start. Caller: warehouse/judge.py.
WITH declared_zones AS (
    SELECT
        zones.store_id,
        zones.zone,
        stores.timezone
    FROM retail.zones AS zones
    INNER JOIN retail.stores AS stores ON zones.store_id = stores.store_id AND stores.valid_to IS NULL
    WHERE zones.valid_to IS NULL
),

declared_regions AS (
    SELECT
        regions.sensor_id,
        regions.region,
        regions.store_id,
        regions.zone
    FROM retail.regions AS regions
    INNER JOIN retail.sensors AS sensors
        ON regions.sensor_id = sensors.sensor_id AND sensors.valid_to IS NULL AND sensors.is_active
    WHERE regions.valid_to IS NULL AND 'regions' = any(sensors.reports)
),

switched_off AS (
    SELECT DISTINCT
        sensor_id,
        hour_start
    FROM retail.collection_gaps
    WHERE
        cause = 'device_off'
        AND closed_as_lost_at IS NOT NULL
        AND hour_start >= %(since)s::timestamptz - interval '1 hour'
),

inputs AS (
    SELECT
        store_id,
        zone,
        interval_start,
        input_version AS newest
    FROM retail.virtual_region_occupancy
    WHERE interval_start >= %(since)s::timestamptz
    UNION ALL
    SELECT
        counts.store_id,
        regions.zone,
        counts.interval_start,
        counts.collected_at AS newest
    FROM retail.regional_counts AS counts
    INNER JOIN declared_regions AS regions
        ON counts.sensor_id = regions.sensor_id AND counts.store_id = regions.store_id
    LEFT JOIN switched_off
        ON
            counts.sensor_id = switched_off.sensor_id
            AND counts.interval_start >= switched_off.hour_start
            AND counts.interval_start < switched_off.hour_start + interval '1 hour'
    WHERE
        counts.interval_start >= %(since)s::timestamptz
        AND switched_off.sensor_id IS NULL
        AND CASE regions.region
            WHEN 1 THEN counts.region1 WHEN 2 THEN counts.region2 WHEN 3 THEN counts.region3 ELSE counts.region4
        END IS NOT NULL
    UNION ALL
    -- Long stays make no row of their own: of an hour whose stays are lacking they wait for these.
    SELECT
        longer.store_id,
        regions.zone,
        longer.interval_start,
        longer.collected_at AS newest
    FROM retail.long_stay_counts AS longer
    INNER JOIN retail.regional_counts AS counts
        ON longer.sensor_id = counts.sensor_id AND longer.interval_start = counts.interval_start
    INNER JOIN declared_regions AS regions
        ON longer.sensor_id = regions.sensor_id AND longer.store_id = regions.store_id
    LEFT JOIN switched_off
        ON
            longer.sensor_id = switched_off.sensor_id
            AND longer.interval_start >= switched_off.hour_start
            AND longer.interval_start < switched_off.hour_start + interval '1 hour'
    WHERE longer.interval_start >= %(since)s::timestamptz AND switched_off.sensor_id IS NULL
),

placed AS (
    SELECT
        inputs.store_id,
        inputs.zone,
        inputs.interval_start,
        inputs.newest,
        inputs.interval_start AT TIME ZONE zones.timezone AS clock
    FROM inputs
    INNER JOIN declared_zones AS zones ON inputs.store_id = zones.store_id AND inputs.zone = zones.zone
)

SELECT DISTINCT
    'zone_hours' AS table_name,
    placed.store_id,
    placed.interval_start - (placed.clock - date_trunc('hour', placed.clock)) AS hour_start
FROM placed
LEFT JOIN retail.zone_hours AS hours
    ON
        placed.store_id = hours.store_id
        AND placed.zone = hours.zone
        -- Both bounds as the index wants them: with one, all that was before the interval would be looked through.
        AND placed.interval_start >= hours.hour_start
        AND placed.interval_start - interval '1 hour' < hours.hour_start
        AND placed.interval_start < hours.hour_end
WHERE hours.input_version IS NULL OR hours.input_version < placed.newest
ORDER BY placed.store_id, hour_start
