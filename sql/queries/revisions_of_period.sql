-- What figures and counts of a store were before: hours and intervals that start in [start, end), and a trading day.
-- Changes of one moment stand in the order of what they are of. Grain and key: revision_id. Caller: warehouse/explain.py.
SELECT
    keyed.revision_id,
    keyed.table_name,
    keyed.sensor_id,
    keyed.place,
    keyed.row_start,
    keyed.trading_day,
    keyed.column_name,
    keyed.old_value,
    keyed.new_value,
    keyed.reply_id,
    keyed.run_id,
    keyed.changed_at
FROM (
    SELECT
        revision_id,
        table_name,
        row_key ->> 'sensor_id' AS sensor_id,
        coalesce(row_key ->> 'zone', (row_key ->> 'from_area') || ':' || (row_key ->> 'to_area')) AS place,
        coalesce(row_key ->> 'hour_start', row_key ->> 'interval_start')::timestamptz AS row_start,
        (row_key ->> 'trading_day')::date AS trading_day,
        column_name,
        old_value,
        new_value,
        reply_id,
        run_id,
        changed_at
    FROM retail.revisions
    WHERE store_id = %(store_id)s
) AS keyed
WHERE
    keyed.trading_day = %(trading_day)s::date
    OR (keyed.row_start >= %(start)s::timestamptz AND keyed.row_start < %(end)s::timestamptz)
ORDER BY keyed.changed_at, keyed.row_start, keyed.sensor_id, keyed.column_name, keyed.revision_id
