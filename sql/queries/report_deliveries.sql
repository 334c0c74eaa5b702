-- Pages of these stores that were sent or wait, for trading days since first_day.
-- Grain and key: store_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
SELECT
    store_id AS owner_id,
    trading_day,
    recipient,
    receiver,
    wanted_at,
    attempts,
    next_attempt,
    sent_at,
    input_version
FROM retail.report_deliveries
WHERE store_id = any(%(owner_ids)s::text[]) AND trading_day >= %(first_day)s::date
ORDER BY owner_id, trading_day, receiver
