-- Give up what the devices no longer remember.
-- Grain: device, report, local clock hour. Key: sensor_id, report, hour_start. Caller: warehouse/gaps.py.
UPDATE retail.collection_gaps
SET closed_as_lost_at = %(now)s::timestamptz
WHERE
    recovered_at IS NULL
    AND closed_as_lost_at IS NULL
    AND deadline <= %(now)s::timestamptz
    AND (%(organization_ids)s::text[] IS NULL OR organization_id = any(%(organization_ids)s::text[]))
RETURNING store_id, sensor_id, report, hour_start, cause
