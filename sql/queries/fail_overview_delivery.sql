-- A receiver did not take an overview: why, and when it is asked again.
-- Grain: overview and receiver. Key: organization_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
UPDATE retail.overview_deliveries
SET attempts = attempts + 1, next_attempt = %(next_attempt)s::timestamptz, problem = %(problem)s::text
WHERE
    organization_id = %(owner_id)s::text
    AND trading_day = %(trading_day)s::date
    AND receiver = %(receiver)s::text
    AND sent_at IS NULL
