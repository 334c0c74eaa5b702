-- Overviews of these organizations that were sent or wait, for trading days since first_day.
-- Grain and key: organization_id, trading_day, receiver. Caller: warehouse/report_deliveries.py.
SELECT
    organization_id AS owner_id,
    trading_day,
    recipient,
    receiver,
    wanted_at,
    attempts,
    next_attempt,
    sent_at,
    input_version
FROM retail.overview_deliveries
WHERE organization_id = any(%(owner_ids)s::text[]) AND trading_day >= %(first_day)s::date
ORDER BY owner_id, trading_day, receiver
