-- People who went from area to area in stores, hours that start in [start, end).
-- Grain: store, local clock hour, way. Key: store_id, hour_start, from_area, to_area. Caller: warehouse/reads.py.
SELECT
    store_id,
    organization_id,
    hour_start,
    hour_end,
    local_date,
    local_hour,
    trading_day,
    from_area,
    to_area,
    people,
    is_complete,
    input_version
FROM retail.zone_flows
WHERE
    store_id = any(%(store_ids)s::text[])
    AND hour_start >= %(start)s::timestamptz
    AND hour_start < %(end)s::timestamptz
ORDER BY store_id, hour_start, from_area, to_area
