-- The 99th percentile of each figure of a device over intervals that start in [start, end), and the days with counts.
-- Grain and key: sensor_id. Caller: warehouse/evidence.py.
SELECT
    sensor_id,
    count(DISTINCT date_trunc('day', interval_start, 'UTC')) AS days,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line1_in) AS line1_in,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line1_out) AS line1_out,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line2_in) AS line2_in,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line2_out) AS line2_out,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line3_in) AS line3_in,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line3_out) AS line3_out,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line4_in) AS line4_in,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY line4_out) AS line4_out
FROM retail.raw_sensor_counts
WHERE
    store_id = any(%(store_ids)s::text[])
    AND interval_start >= %(start)s::timestamptz
    AND interval_start < %(end)s::timestamptz
GROUP BY sensor_id
ORDER BY sensor_id
