-- Zone occupancy of stores, intervals that start in [start, end).
-- Grain: store, zone, interval. Key: store_id, zone, interval_start. Caller: warehouse/reads.py.
SELECT
    store_id,
    organization_id,
    zone,
    interval_start,
    interval_end,
    zone_kind,
    entries,
    exits,
    occupancy,
    occupancy_reason,
    is_complete,
    input_version
FROM retail.virtual_region_occupancy
WHERE
    store_id = any(%(store_ids)s::text[])
    AND interval_start >= %(start)s::timestamptz
    AND interval_start < %(end)s::timestamptz
ORDER BY store_id, zone, interval_start
