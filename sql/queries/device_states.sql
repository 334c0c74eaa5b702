-- How every declared device stands: when it last answered, and the end of its newest complete interval.
-- Grain and key: sensor_id. NULLs where it was never asked, or gave nothing. Caller: warehouse/status.py.
SELECT
    sensors.sensor_id,
    sensors.store_id,
    sensors.organization_id,
    sensors.is_active,
    sensors.valid_from,
    coalesce(health.circuit, 'closed') AS circuit,
    health.opened_at,
    coalesce(health.consecutive_failures, 0) AS consecutive_failures,
    health.last_ok_at,
    health.last_error,
    health.last_error_at,
    health.clock_skew_seconds,
    newest.interval_end AS newest_complete_at
FROM retail.sensors AS sensors
LEFT JOIN retail.device_health AS health ON sensors.sensor_id = health.sensor_id
LEFT JOIN LATERAL (
    SELECT counts.interval_end
    FROM retail.raw_sensor_counts AS counts
    WHERE counts.sensor_id = sensors.sensor_id AND counts.is_complete
    ORDER BY counts.interval_start DESC
    LIMIT 1
) AS newest ON TRUE
WHERE sensors.valid_to IS NULL AND sensors.store_id = any(%(store_ids)s::text[])
ORDER BY sensors.store_id, sensors.sensor_id;
