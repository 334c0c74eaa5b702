-- How every device that was ever asked, and still is declared, answers.
-- Grain and key: sensor_id. Caller: warehouse/reads.py.
SELECT
    health.sensor_id,
    health.store_id,
    health.organization_id,
    health.circuit,
    health.consecutive_failures,
    health.opened_at,
    health.next_probe_at,
    health.last_ok_at,
    health.last_error,
    health.last_error_at,
    health.clock_skew_seconds
FROM retail.device_health AS health
INNER JOIN retail.sensors AS sensors ON health.sensor_id = sensors.sensor_id AND sensors.valid_to IS NULL
ORDER BY health.store_id, health.sensor_id
