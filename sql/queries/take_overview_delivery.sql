-- A receiver takes an overview; no row when it has taken it already. Another process that is about to send waits here.
-- Grain: overview and receiver. Key: organization_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
UPDATE retail.overview_deliveries
SET sent_at = %(now)s::timestamptz, input_version = %(input_version)s::timestamptz, next_attempt = NULL, problem = NULL
WHERE
    organization_id = %(owner_id)s::text
    AND trading_day = %(trading_day)s::date
    AND receiver = %(receiver)s::text
    AND sent_at IS NULL
RETURNING receiver
