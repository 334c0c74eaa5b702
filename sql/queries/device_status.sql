-- How each declared device answers, with its open gaps.
-- Grain and key: sensor_id. Caller: warehouse/status.py.
SELECT
    sensors.store_id,
    sensors.sensor_id,
    health.circuit,
    health.last_ok_at,
    health.last_error,
    health.clock_skew_seconds,
    count(gaps.hour_start) AS open_gaps,
    min(gaps.hour_start) AS first_gap,
    min(gaps.deadline) AS nearest_deadline,
    min(gaps.cause) AS gap_cause
FROM retail.sensors AS sensors
LEFT JOIN retail.device_health AS health ON sensors.sensor_id = health.sensor_id
LEFT JOIN retail.collection_gaps AS gaps
    ON
        sensors.sensor_id = gaps.sensor_id
        AND gaps.recovered_at IS NULL
        AND gaps.closed_as_lost_at IS NULL
WHERE sensors.valid_to IS NULL AND sensors.is_active
GROUP BY
    sensors.store_id, sensors.sensor_id, health.circuit, health.last_ok_at, health.last_error, health.clock_skew_seconds
ORDER BY sensors.store_id, sensors.sensor_id;
