-- Gaps to ask for now: of active devices that answer, nearest deadline first. is_history: before the device was known.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
SELECT
    gaps.sensor_id,
    gaps.report,
    gaps.hour_start,
    gaps.store_id,
    gaps.organization_id,
    gaps.cause,
    gaps.attempts,
    gaps.deadline,
    gaps.hour_start < sensors.valid_from AS is_history
FROM retail.collection_gaps AS gaps
INNER JOIN retail.sensors AS sensors
    ON gaps.sensor_id = sensors.sensor_id AND sensors.valid_to IS NULL AND sensors.is_active
LEFT JOIN retail.device_health AS health ON gaps.sensor_id = health.sensor_id
WHERE
    gaps.recovered_at IS NULL
    AND gaps.closed_as_lost_at IS NULL
    AND gaps.next_attempt <= %(now)s::timestamptz
    AND gaps.deadline > %(now)s::timestamptz
    AND (%(organization_ids)s::text[] IS NULL OR gaps.organization_id = any(%(organization_ids)s::text[]))
    AND coalesce(health.circuit, 'closed') = 'closed'
ORDER BY gaps.deadline, gaps.store_id, gaps.sensor_id, gaps.report, gaps.hour_start
