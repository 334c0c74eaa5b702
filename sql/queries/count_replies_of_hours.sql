-- How many answers replies_of_hours would give.
-- Grain: one row. Key: none. Caller: warehouse/kept.py.
SELECT count(*) AS replies
FROM retail.device_replies
WHERE
    store_id = any(%(store_ids)s::text[])
    AND report = %(report)s
    AND window_start > %(start)s::timestamptz - interval '26 hours'
    AND window_start < %(end)s::timestamptz + interval '1 hour'
