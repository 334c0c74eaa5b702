-- A receiver takes a page; no row when it has taken it already. Another process that is about to send waits here.
-- Grain: page and receiver. Key: store_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
UPDATE retail.report_deliveries
SET sent_at = %(now)s::timestamptz, input_version = %(input_version)s::timestamptz, next_attempt = NULL, problem = NULL
WHERE
    store_id = %(owner_id)s::text
    AND trading_day = %(trading_day)s::date
    AND receiver = %(receiver)s::text
    AND sent_at IS NULL
RETURNING receiver
