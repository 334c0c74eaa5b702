-- Derived hours that are older than the counts they come from, or that have counts and no row, since an instant.
-- Only counts that can make a row: of active, declared devices, from live_since on; for hourly_analytics in stores with
-- an entrance line, for virtual_region_occupancy from lines that bound a zone, while their device was not switched off.
-- Grain: table, store, local clock hour. Key: table_name, store_id, hour_start. Caller: warehouse/judge.py.
WITH declared_lines AS (
    SELECT
        lines.sensor_id,
        lines.store_id,
        lines.role,
        zones.zone
    FROM retail.lines AS lines
    INNER JOIN retail.sensors AS sensors
        ON lines.sensor_id = sensors.sensor_id AND sensors.valid_to IS NULL AND sensors.is_active
    LEFT JOIN retail.zones AS zones
        ON
            lines.store_id = zones.store_id
            AND zones.zone IN (lines.from_area, lines.to_area)
            AND zones.valid_to IS NULL
    WHERE lines.valid_to IS NULL AND lines.role IN ('entrance', 'interior')
),

devices AS (
    SELECT
        sensors.sensor_id,
        stores.store_id,
        stores.timezone,
        stores.live_since,
        stores.store_id IN (
            SELECT entrances.store_id
            FROM declared_lines AS entrances
            WHERE entrances.role = 'entrance'
        ) AS makes_hours,
        sensors.sensor_id IN (
            SELECT doors.sensor_id
            FROM declared_lines AS doors
            WHERE doors.zone IS NOT NULL
        ) AS makes_zones
    FROM retail.sensors AS sensors
    INNER JOIN retail.stores AS stores ON sensors.store_id = stores.store_id AND stores.valid_to IS NULL
    WHERE sensors.valid_to IS NULL AND sensors.is_active AND 'lines' = any(sensors.reports)
),

switched_off AS (
    SELECT
        sensor_id,
        hour_start
    FROM retail.collection_gaps
    WHERE
        cause = 'device_off'
        AND closed_as_lost_at IS NOT NULL
        AND hour_start >= %(since)s::timestamptz - interval '1 hour'
),

placed_counts AS (
    SELECT
        devices.store_id,
        devices.makes_hours,
        devices.makes_zones,
        devices.live_since,
        counts.interval_start,
        counts.interval_start AT TIME ZONE devices.timezone AS clock,
        counts.collected_at,
        switched_off.sensor_id IS NULL AS is_measured
    FROM retail.raw_sensor_counts AS counts
    INNER JOIN devices ON counts.sensor_id = devices.sensor_id AND counts.store_id = devices.store_id
    LEFT JOIN switched_off
        ON
            counts.sensor_id = switched_off.sensor_id
            AND counts.interval_start >= switched_off.hour_start
            AND counts.interval_start < switched_off.hour_start + interval '1 hour'
    WHERE counts.interval_start >= %(since)s::timestamptz
),

counted AS (
    SELECT
        store_id,
        makes_hours,
        makes_zones,
        interval_start - (clock - date_trunc('hour', clock)) AS hour_start,
        max(collected_at) AS newest,
        max(collected_at) FILTER (WHERE is_measured) AS newest_measured
    FROM placed_counts
    WHERE live_since IS NULL OR clock >= live_since
    GROUP BY store_id, makes_hours, makes_zones, hour_start
),

placed_zones AS (
    SELECT
        occupancy.store_id,
        occupancy.interval_start,
        occupancy.interval_start AT TIME ZONE stores.timezone AS clock,
        occupancy.input_version
    FROM retail.virtual_region_occupancy AS occupancy
    INNER JOIN retail.stores AS stores ON occupancy.store_id = stores.store_id
    WHERE occupancy.interval_start >= %(since)s::timestamptz
),

zone_hours AS (
    SELECT
        store_id,
        interval_start - (clock - date_trunc('hour', clock)) AS hour_start,
        max(input_version) AS input_version
    FROM placed_zones
    GROUP BY store_id, hour_start
)

SELECT DISTINCT
    'hourly_analytics' AS table_name,
    counted.store_id,
    counted.hour_start
FROM counted
LEFT JOIN retail.hourly_analytics AS hours
    ON counted.store_id = hours.store_id AND counted.hour_start = hours.hour_start
WHERE
    counted.makes_hours
    AND (hours.input_version IS NULL OR hours.input_version < counted.newest)
    -- Where a clock change cuts an hour short, its row starts later than the wall clock says.
    AND NOT EXISTS (
        SELECT
        FROM retail.hourly_analytics AS around
        WHERE
            around.store_id = counted.store_id
            AND around.hour_start > counted.hour_start - interval '1 hour'
            AND around.hour_start < counted.hour_start + interval '1 hour'
            AND around.hour_start <> counted.hour_start
            AND around.hour_end > counted.hour_start
            AND around.input_version >= counted.newest
    )
UNION ALL
SELECT DISTINCT
    'virtual_region_occupancy' AS table_name,
    counted.store_id,
    counted.hour_start
FROM counted
LEFT JOIN zone_hours
    ON counted.store_id = zone_hours.store_id AND counted.hour_start = zone_hours.hour_start
WHERE
    counted.makes_zones
    AND counted.newest_measured IS NOT NULL
    AND (zone_hours.input_version IS NULL OR zone_hours.input_version < counted.newest_measured)
ORDER BY table_name, store_id, hour_start
