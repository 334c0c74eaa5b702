-- How the lines of a store were declared, and from when until when.
-- Grain: device, line, declaration. Key: sensor_id, line, valid_from. Caller: warehouse/explain.py.
SELECT
    sensor_id,
    line,
    role,
    is_inverted,
    valid_from,
    valid_to
FROM retail.lines
WHERE store_id = %(store_id)s
ORDER BY sensor_id, line, valid_from
